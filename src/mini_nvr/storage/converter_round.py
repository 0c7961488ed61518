"""One walk through the recording folder: what is new is taken over, what is due is converted, what fails is remembered.

Everything is first listed and counted, then converted, the newest first: that is what people look at, and the oldest is the next to
be deleted anyway. What is recorded meanwhile does not wait for the end of a walk that may take days: every few minutes the newest
are looked at again, and the walk goes on where it stood.
"""

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Final, Protocol

from mini_nvr.catalog.conversions import FailedConversion, adopt, failure_of, forget_failures, note_failure
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.protection_list import were_protected
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.usage import total_bytes
from mini_nvr.clock import NS_PER_S, US_PER_S, Clock
from mini_nvr.config.model import Settings
from mini_nvr.errors import CatalogError, SegmentError
from mini_nvr.segment.matroska import scan_matroska
from mini_nvr.segment.names import parse_foreign_name, parse_segment_name
from mini_nvr.storage.adoption import Adopted, look_at
from mini_nvr.storage.converter_errors import MJPEG_WISH, ConversionError, ConversionStopped, Unconvertible
from mini_nvr.storage.converter_file import Original
from mini_nvr.storage.converter_steps import Conversion, Job, Place, Step
from mini_nvr.storage.foreign import Lately, originals
from mini_nvr.storage.rooms import RoomBook

SETTLED_US: Final = 60 * US_PER_S
"""Footage of other products that was written to less than this ago is not complete yet."""
FIRST_RETRY_US: Final = 5 * 60 * US_PER_S
LAST_RETRY_US: Final = 24 * 3600 * US_PER_S
UNCONVERTIBLE_RETRY_US: Final = 7 * LAST_RETRY_US
NEWEST_EVERY_S: Final = 300.0
_ADOPTED_A_BATCH: Final = 32
_ROOM_LOOK_S: Final = 1.0
_ROOM_WAIT_S: Final = 600.0
_EXTRA_BYTES: Final = 4 << 20
_DEAREST_SHARE: Final = 10
_CHEAP_BYTES: Final = 256 << 20
_SETTLED: Final = frozenset({SegmentState.SEALED, SegmentState.DAMAGED})

_log = logging.getLogger(__name__)


class Pacer(Protocol):
    """Who says how fast to work, and when to stop."""

    def pace(self, size_bytes: int) -> None:
        """See `Converter.pace`."""

    def require_running(self) -> None:
        """Raise `ConversionStopped` when the service stops."""


class ConversionRound:
    """On the converter's thread; what it counts may be read by others.

    converted, failures: how many attempts came out how. waiting: files still before it. current: at work on this one.
    """

    def __init__(
        self, settings: Settings, catalog: Catalog, clock: Clock, rooms: RoomBook, pacer: Pacer, on_step: Callable[[Step], None]
    ) -> None:
        self._settings = settings
        self._record_dir = settings.record_dir
        self._catalog = catalog
        self._clock = clock
        self._rooms = rooms
        self._pacer = pacer
        self._steps = Conversion(catalog, settings.record_dir, settings.zone, pacer.pace, on_step)
        self._names = {channel.number: channel.name for channel in settings.channels}
        self._newest_ns = clock.monotonic_ns()
        self.converted = 0
        self.failures = 0
        self.waiting = 0
        self.current: str | None = None

    def run(self, lately: Lately | None, newest: Callable[[], Lately]) -> None:
        """lately: only where something may be new; None for everything. newest: the same at any later moment.

        Raises:
            ConversionStopped, CatalogError: the rest is for the next round.
        """
        self.waiting = self._take_over_unknown(lately)
        for path in originals(self._record_dir, lately):
            if self._clock.monotonic_ns() - self._newest_ns >= NEWEST_EVERY_S * NS_PER_S:
                self._convert_newest(newest())
            if self._is_ready(path):
                self._attempt(path)
                self.waiting = max(0, self.waiting - 1)
        if self.converted:
            _log.info("converted %d files", self.converted)

    def _convert_newest(self, lately: Lately) -> None:
        """For as long as the walk was not interrupted before."""
        began_ns = self._clock.monotonic_ns()
        self._take_over_unknown(lately)
        for path in originals(self._record_dir, lately):
            if self._clock.monotonic_ns() - began_ns >= NEWEST_EVERY_S * NS_PER_S:
                break
            if self._is_ready(path):
                self._attempt(path)
        self._newest_ns = self._clock.monotonic_ns()

    def _take_over_unknown(self, lately: Lately | None) -> int:
        """How many files are ready to be converted, those that were known before included."""
        ready = 0

        def counted() -> Iterator[PurePosixPath]:
            nonlocal ready
            for path in originals(self._record_dir, lately):
                if self._is_ready(path):
                    ready += 1
                    yield path

        unknown = self._unknown(counted())
        while some := list(islice(unknown, _ADOPTED_A_BATCH)):
            self._take_over(some)
        return ready

    def _is_ready(self, path: PurePosixPath) -> bool:
        self._pacer.require_running()
        return self._is_complete(path) and (self._is_due(path) or self._was_written_to(path))

    def _take_over(self, some: list[Adopted]) -> None:
        damaged = [item.change.path for item in some if item.problem]
        protected = were_protected(self._record_dir, [item.change.path for item in some])
        adopt(self._catalog, [item.change for item in some], damaged, protected)
        for item in some:
            if item.problem is not None:
                self._fail(item.change.path, Unconvertible(item.problem))
        _log.info("took over %d files of another product, such as %s", len(some), some[0].change.path)

    def _unknown(self, ready: Iterator[PurePosixPath]) -> Iterator[Adopted]:
        """Files of other products without a row, or with one that says "damaged" or another size, but those already converted."""
        for path in ready:
            if parse_foreign_name(path) is None:
                continue
            row = self._catalog.segment_at(path)
            if self._was_written_to(path, row):
                if not self._is_due(path):
                    forget_failures(self._catalog, [path])  # it is another file now
            elif row is not None and row.state is not SegmentState.DAMAGED:
                continue
            found = self._new(path)
            if found is not None:
                yield found

    def _new(self, path: PurePosixPath) -> Adopted | None:
        """What is in a file without a row; None when it was converted already, or cannot be looked at."""
        try:
            found = self._look_at(path)
            if found is None or self._steps.place(self._foreign_job(found, known=False)).taken:
                return None
        except ConversionError as error:
            self._fail(path, error)
        except Exception as error:  # noqa: BLE001  as above: one strange file
            self._fail(path, _unexpected(path, error))
        else:
            return found
        return None

    def _attempt(self, path: PurePosixPath) -> None:
        try:
            job = self._job(path)
            if job is None:
                return
            place = self._steps.place(job)
            if job.known or place.taken:  # otherwise a repair or a rescan has to take it in first
                self._convert(job, place)
        except (ConversionStopped, CatalogError):
            raise
        except ConversionError as error:
            self._fail(path, error)
        except Exception as error:  # noqa: BLE001  one strange file must not keep the others from being converted (storage I11)
            self._fail(path, _unexpected(path, error))
        finally:
            self.current = None

    def _job(self, path: PurePosixPath) -> Job | None:
        """What is to be done with a file; None when it is not its time, or not ours to touch."""
        row = self._catalog.segment_at(path)
        if row is not None and row.state is not SegmentState.SEALED:
            return None
        if parse_segment_name(path) is not None:
            return self._own_job(path, row)
        found = self._look_at(path)
        if found is None:
            return None
        if found.problem is not None:
            raise Unconvertible(found.problem)
        return self._foreign_job(found, known=row is not None)

    def _own_job(self, path: PurePosixPath, row: SegmentRow | None) -> Job | None:
        try:
            facts = scan_matroska(self._record_dir / path)
        except SegmentError as exc:
            raise Unconvertible(str(exc)) from exc
        if not facts.sealed:
            return None
        original = Original(self._record_dir / path, "mkv", facts.header, facts.video_frames, facts.duration_us)
        return Job(path, original, row is not None)

    def _foreign_job(self, found: Adopted, *, known: bool) -> Job:
        facts, path = found.change.facts, found.change.path
        before = failure_of(self._catalog, path)
        wished = before is not None and before.error == MJPEG_WISH
        return Job(path, Original(self._record_dir / path, facts.container, facts.header, encode_mjpeg=wished), known)

    def _look_at(self, path: PurePosixPath) -> Adopted | None:
        foreign = parse_foreign_name(path)
        name = self._names.get(foreign.channel, "") if foreign is not None else ""
        return look_at(self._record_dir, path, self._settings.zone, name)

    def _convert(self, job: Job, place: Place) -> None:
        self.current = str(job.path)
        began_ns = self._clock.monotonic_ns()
        needed = 0 if place.taken else self._most_bytes(job)
        self._require_affordable(job, needed)
        with self._rooms.reserve(needed, job.original.header.channel) as room:
            self._wait(lambda: room.wait(_ROOM_LOOK_S), f"{job.path}: there is no room for a second copy")
            change = self._steps.run(job, place)
        if change is None:
            _log.info("%s was deleted while it was being converted", job.path)
            return
        self.converted += 1
        seconds = (self._clock.monotonic_ns() - began_ns) / NS_PER_S
        _log.debug("converted %s to %s: %d frames in %.1f s", job.path, change.path, change.facts.video_frames, seconds)

    def _most_bytes(self, job: Job) -> int:
        """What the copy may take: as much as the original, and its index."""
        try:
            size = job.original.path.stat().st_size
        except OSError as exc:
            raise ConversionError(f"{job.path}: cannot be looked at: {exc.strerror}") from exc
        return size + size // 20 + _EXTRA_BYTES

    def _require_affordable(self, job: Job, needed: int) -> None:
        """Cleanup makes the room that is asked for; a file that is large beside a limit must not cost much other footage."""
        number = job.original.header.channel
        own = next((channel.max_bytes for channel in self._settings.channels if channel.number == number), None)
        for limit, name, channel in (
            (self._settings.max_storage_bytes, "MAX_STORAGE_GB", None),
            (own, f"CHANNEL_{number}_MAX_GB", number),
        ):
            if limit is None or needed <= max(limit // _DEAREST_SHARE, min(_CHEAP_BYTES, limit // 2)):
                continue
            if needed > limit - total_bytes(self._catalog, channel):
                raise ConversionError(
                    f"{job.path}: a copy needs {needed >> 20} MiB for a while, for which much other footage would have to go; "
                    f"raise {name}, or keep the file elsewhere"
                )

    def _wait(self, ready: Callable[[], bool], why: str) -> None:
        deadline_ns = self._clock.monotonic_ns() + _ROOM_WAIT_S * NS_PER_S
        while not ready():
            self._pacer.require_running()
            if self._clock.monotonic_ns() > deadline_ns:
                raise ConversionError(why)

    def _is_due(self, path: PurePosixPath) -> bool:
        failed = failure_of(self._catalog, path)
        if failed is None:
            return True
        wait_us = failed.next_utc_us - self._clock.utc_us()
        return wait_us <= 0 or wait_us > UNCONVERTIBLE_RETRY_US  # the clock was set back

    def _is_complete(self, path: PurePosixPath) -> bool:
        """Our own files say themselves whether they are; of others nobody has written to for a while."""
        if parse_foreign_name(path) is None:
            return True
        try:
            changed_us = (self._record_dir / path).lstat().st_mtime_ns // 1_000
        except OSError:
            return False
        return abs(self._clock.utc_us() - changed_us) >= SETTLED_US

    def _was_written_to(self, path: PurePosixPath, row: SegmentRow | None = None) -> bool:
        """Whether another product went on with a file that was taken over in a pause: its row counts too little."""
        row = row or self._catalog.segment_at(path)
        if row is None or row.state not in _SETTLED or parse_foreign_name(path) is None:
            return False
        try:
            return (self._record_dir / path).lstat().st_size != row.size_bytes
        except OSError:
            return False

    def _fail(self, path: PurePosixPath, error: ConversionError) -> None:
        self.failures += 1
        before = failure_of(self._catalog, path)
        attempts = 1 if before is None else before.attempts + 1
        wait_us = UNCONVERTIBLE_RETRY_US if isinstance(error, Unconvertible) else retry_after_us(attempts)
        note_failure(self._catalog, FailedConversion(path, attempts, self._clock.utc_us() + wait_us, str(error)))
        _log.warning(
            "%s is not converted and kept; attempt %d, the next in %d min: %s", path, attempts, wait_us // 60_000_000, error
        )


def _unexpected(path: PurePosixPath, error: Exception) -> ConversionError:
    """A fault of the program, or of a library that it uses; the log has the whole of it."""
    _log.error("%s: unexpected error", path, exc_info=error)
    return ConversionError(f"{path}: unexpected {type(error).__name__}; please report this")


def retry_after_us(attempts: int) -> int:
    """How long to wait after so many failures."""
    return min(LAST_RETRY_US, FIRST_RETRY_US << min(attempts - 1, 16))
