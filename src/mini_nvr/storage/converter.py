"""Converts in the background: what was recorded as Matroska, and footage of other products found in the recording folder.

One file at a time, the newest first, on a thread of the lowest priority that rests as long as it works and waits while others need
the disk. Originals are kept until the result was proven (`converter_steps`). What fails is remembered and tried again.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from mini_nvr.catalog.conversions import (
    FailedConversion,
    adopt,
    count_failed,
    failed_conversions,
    failure_of,
    forget_failures,
    note_failure,
)
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import NS_PER_S, US_PER_S, Clock, to_datetime
from mini_nvr.config.model import Settings
from mini_nvr.errors import CatalogError, SegmentError
from mini_nvr.segment.matroska import scan_matroska
from mini_nvr.segment.names import parse_foreign_name, parse_segment_name
from mini_nvr.storage.adoption import Adopted, look_at
from mini_nvr.storage.alarms import AlarmBoard, AlarmKind
from mini_nvr.storage.converter_errors import ConversionError, ConversionStopped, Unconvertible
from mini_nvr.storage.converter_file import Original
from mini_nvr.storage.converter_pressure import disk_is_wanted, lower_priority
from mini_nvr.storage.converter_steps import Conversion, Job, Place, Step
from mini_nvr.storage.foreign import leftovers, originals
from mini_nvr.storage.rooms import RoomBook
from mini_nvr.storage.volume import NotRecordedYet, require_known_volume

ROUND_S: Final = 30.0
FULL_WALK_S: Final = 3600.0
"""Between two looks at all folders; the rounds in between look at yesterday's and today's."""
SETTLED_US: Final = 60 * US_PER_S
"""Footage of other products that was written to less than this ago is not complete yet."""
FIRST_RETRY_US: Final = 5 * 60 * US_PER_S
LAST_RETRY_US: Final = 24 * 3600 * US_PER_S
UNCONVERTIBLE_RETRY_US: Final = 7 * LAST_RETRY_US
_ADOPTED_A_BATCH: Final = 32
_PACE_BYTES: Final = 4 << 20
_BUSY_WAIT_S: Final = 2.0
_ROOM_WAIT_S: Final = 600.0
_EXTRA_BYTES: Final = 4 << 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConverterReport:
    """converted: files since the service started. failed: files that wait for another attempt. current: at work on this one."""

    converted: int
    failed: int
    current: str | None


class Converter:
    """One recording folder's. `run` belongs to an event loop; everything else happens on one thread of its own.

    busy: whether the disk is wanted by others, asked on that thread.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        clock: Clock,
        alarms: AlarmBoard,
        rooms: RoomBook,
        *,
        busy: Callable[[], bool] = disk_is_wanted,
        on_step: Callable[[Step], None] = lambda step: None,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._clock = clock
        self._alarms = alarms
        self._rooms = rooms
        self._busy = busy
        self._names = {channel.number: channel.name for channel in settings.channels}
        self._steps = Conversion(catalog, settings.record_dir, settings.zone, self._pace, on_step)
        self._stop = threading.Event()
        self._last_full_ns: int | None = None
        self._unrested = 0
        self._rested_ns = 0
        self._converted = 0
        self._failed = 0
        self._current: str | None = None

    def report(self) -> ConverterReport:
        """What it is doing; any thread."""
        return ConverterReport(self._converted, self._failed, self._current)

    async def run(self) -> None:
        """Convert until cancelled; the file under way is then left as it was, within a second."""
        loop = asyncio.get_running_loop()
        pool = ThreadPoolExecutor(1, "converter", initializer=lower_priority)
        try:
            while True:
                await loop.run_in_executor(pool, self.look)
                await self._clock.sleep(ROUND_S)
        finally:
            self._stop.set()
            await asyncio.to_thread(pool.shutdown)

    def look(self) -> None:
        """One round: take over what is new, convert what is due. Never raises; blocks for as long as there is work."""
        try:
            require_known_volume(self._settings.record_dir, self._settings.data_dir)
            self._round()
        except ConversionStopped:
            pass
        except NotRecordedYet:
            pass
        except (CatalogError, SegmentError) as error:
            _log.warning("conversion waits: %s", error)
        except Exception:  # noqa: BLE001  one strange file must not end the service
            _log.exception("conversion: unexpected error; tried again in %g s", ROUND_S)

    def _round(self) -> None:
        now_ns = self._clock.monotonic_ns()
        everything = self._last_full_ns is None or now_ns - self._last_full_ns >= FULL_WALK_S * NS_PER_S
        if everything:
            self._remove_leftovers()
        since = None if everything else self._yesterday()
        self._adopt_new(since)
        for path in originals(self._settings.record_dir, since):
            self._require_running()
            self._attempt(path)
        if everything:
            self._forget_gone()
            self._last_full_ns = now_ns
        self._tell()

    # Taking over

    def _adopt_new(self, since: date | None) -> None:
        unknown = self._unknown(since)
        while some := list(islice(unknown, _ADOPTED_A_BATCH)):
            adopt(self._catalog, [item.change for item in some], [item.change.path for item in some if item.problem])
            for item in some:
                if item.problem is not None:
                    self._fail(item.change.path, Unconvertible(item.problem))
            _log.info("took over %d files of another product, the last %s", len(some), some[-1].change.path)

    def _unknown(self, since: date | None) -> Iterator[Adopted]:
        """Settled files of other products without a row, but those that were converted already."""
        for path in originals(self._settings.record_dir, since):
            self._require_running()
            if parse_foreign_name(path) is None or not self._is_settled(path) or not self._is_due(path):
                continue
            if (row := self._catalog.segment_at(path)) is not None and row.state is not SegmentState.DAMAGED:
                continue
            try:
                found = self._look_at(path)
                if found is not None and not self._steps.place(_foreign_job(self._settings, found, known=False)).taken:
                    yield found
            except ConversionError as error:
                self._fail(path, error)

    def _look_at(self, path: PurePosixPath) -> Adopted | None:
        foreign = parse_foreign_name(path)
        name = self._names.get(foreign.channel, "") if foreign is not None else ""
        return look_at(self._settings.record_dir, path, self._settings.zone, name)

    # Converting

    def _attempt(self, path: PurePosixPath) -> None:
        if not self._is_due(path) or not self._is_settled(path):
            return
        try:
            job = self._job(path)
            if job is None:
                return
            place = self._steps.place(job)
            if not job.known and not place.taken:
                return  # growing, or a file that a repair or a rescan has to take in first
            self._convert(job, place)
        except ConversionStopped:
            raise
        except ConversionError as error:
            self._fail(path, error)
        finally:
            self._current = None

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
        return _foreign_job(self._settings, found, known=row is not None)

    def _own_job(self, path: PurePosixPath, row: SegmentRow | None) -> Job | None:
        try:
            facts = scan_matroska(self._settings.record_dir / path)
        except SegmentError as exc:
            raise Unconvertible(str(exc)) from exc
        if not facts.sealed:
            return None
        whole = self._settings.record_dir / path
        return Job(path, Original(whole, "mkv", facts.header, facts.video_frames, facts.duration_us), row is not None)

    def _convert(self, job: Job, place: Place) -> None:
        self._current = str(job.path)
        size = job.original.path.stat().st_size
        began_ns = self._clock.monotonic_ns()
        with self._rooms.reserve(0 if place.taken else size + size // 20 + _EXTRA_BYTES) as room:
            self._wait(lambda: room.wait(_BUSY_WAIT_S), f"{job.path}: there is no room for a second copy")
            change = self._steps.run(job, place)
        if change is None:
            _log.info("%s was deleted while it was being converted", job.path)
            return
        self._converted += 1
        seconds = (self._clock.monotonic_ns() - began_ns) / NS_PER_S
        _log.info("converted %s to %s: %d frames in %.1f s", job.path, change.path, change.facts.video_frames, seconds)

    def _wait(self, ready: Callable[[], bool], why: str) -> None:
        deadline_ns = self._clock.monotonic_ns() + _ROOM_WAIT_S * NS_PER_S
        while not ready():
            self._require_running()
            if self._clock.monotonic_ns() > deadline_ns:
                raise ConversionError(why)

    def _pace(self, size_bytes: int) -> None:
        """Rest as long as was worked, and for as long as others want the disk."""
        self._require_running()
        self._unrested += size_bytes
        if self._unrested < _PACE_BYTES:
            return
        self._unrested = 0
        worked_s = (self._clock.monotonic_ns() - self._rested_ns) / NS_PER_S
        self._stop.wait(min(worked_s, 1.0))
        while self._busy():
            self._require_running()
            self._stop.wait(_BUSY_WAIT_S)
        self._rested_ns = self._clock.monotonic_ns()

    def _require_running(self) -> None:
        if self._stop.is_set():
            raise ConversionStopped("the service stops")

    # What failed

    def _is_due(self, path: PurePosixPath) -> bool:
        failed = failure_of(self._catalog, path)
        if failed is None:
            return True
        wait_us = failed.next_utc_us - self._clock.utc_us()
        return wait_us <= 0 or wait_us > UNCONVERTIBLE_RETRY_US  # the clock was set back

    def _fail(self, path: PurePosixPath, error: ConversionError) -> None:
        before = failure_of(self._catalog, path)
        attempts = 1 if before is None else before.attempts + 1
        wait_us = UNCONVERTIBLE_RETRY_US if isinstance(error, Unconvertible) else retry_after_us(attempts)
        note_failure(self._catalog, FailedConversion(path, attempts, self._clock.utc_us() + wait_us, str(error)))
        _log.warning(
            "%s is not converted, and kept (attempt %d, again in %d min): %s", path, attempts, wait_us // 60_000_000, error
        )

    def _forget_gone(self) -> None:
        failed = failed_conversions(self._catalog, limit=1_000)
        record_dir = self._settings.record_dir
        forget_failures(self._catalog, [item.path for item in failed if not (record_dir / item.path).exists()])

    def _tell(self) -> None:
        self._failed = count_failed(self._catalog)
        message = None
        if self._failed:
            first = failed_conversions(self._catalog, limit=1)[0]
            message = f"{self._failed} files are kept as they are, the first: {first.error}"
        self._alarms.set(AlarmKind.CONVERSION, message)

    def _remove_leftovers(self) -> None:
        for path in leftovers(self._settings.record_dir):
            (self._settings.record_dir / path).unlink(missing_ok=True)

    def _is_settled(self, path: PurePosixPath) -> bool:
        """Our own files say themselves whether they are complete."""
        if parse_foreign_name(path) is None:
            return True
        try:
            changed_us = (self._settings.record_dir / path).lstat().st_mtime_ns // 1_000
        except OSError:
            return False
        return abs(self._clock.utc_us() - changed_us) >= SETTLED_US

    def _yesterday(self) -> date:
        return to_datetime(self._clock.utc_us(), self._settings.zone).date() - timedelta(days=1)


def retry_after_us(attempts: int) -> int:
    """How long to wait after so many failures."""
    return min(LAST_RETRY_US, FIRST_RETRY_US << min(attempts - 1, 16))


def _foreign_job(settings: Settings, found: Adopted, *, known: bool) -> Job:
    facts, path = found.change.facts, found.change.path
    return Job(path, Original(settings.record_dir / path, facts.container, facts.header), known)
