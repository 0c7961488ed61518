"""Converts in the background: what was recorded as Matroska, and footage of other products found in the recording folder.

One file at a time, on a thread of the lowest priority that rests as long as it works and waits while others need the disk. FFmpeg's
libraries are loaded when the first such file turns up: most recorders never see one.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mini_nvr.catalog.conversions import count_failed, failed_conversions, forget_failures
from mini_nvr.catalog.footage import is_there
from mini_nvr.catalog.protection_list import remove_drafts
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import NS_PER_S, NS_PER_US, Clock, to_datetime
from mini_nvr.config.model import Settings
from mini_nvr.errors import CatalogError, SegmentError
from mini_nvr.storage.alarms import AlarmBoard, AlarmKind
from mini_nvr.storage.converter_errors import ConversionStopped
from mini_nvr.storage.converter_pressure import disk_is_wanted, lower_priority
from mini_nvr.storage.foreign import Lately, leftovers, originals
from mini_nvr.storage.rooms import RoomBook
from mini_nvr.storage.unlink import unlink_all
from mini_nvr.storage.volume import NotRecordedYet, require_known_volume

if TYPE_CHECKING:
    from mini_nvr.storage.converter_round import ConversionRound
    from mini_nvr.storage.converter_steps import Step

ROUND_S: Final = 30.0
FULL_WALK_S: Final = 3600.0
"""Between two looks at all folders; the rounds in between look at yesterday's, today's, and those that changed since."""
STOP_S: Final = 2.0
_PACE_BYTES: Final = 4 << 20
_LONGEST_REST_S: Final = 1.0
_BUSY_WAIT_S: Final = 2.0
_FAILED_LOOKED_AT: Final = 1_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConverterReport:
    """converted, failures: files and failed attempts since the service started. failed: files that wait for another attempt.

    waiting: files that the round under way has still before it. current: at work on this one.
    """

    converted: int
    failures: int
    failed: int
    waiting: int
    current: str | None


class Converter:
    """One recording folder's. `run` belongs to an event loop; everything else happens on one thread of its own.

    busy: whether the disk is wanted by others, asked on that thread.
    on_step: called behind each step of a conversion, for tests that stop there.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        alarms: AlarmBoard,
        rooms: RoomBook,
        *,
        busy: Callable[[], bool] = disk_is_wanted,
        on_step: "Callable[[Step], None]" = lambda step: None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._alarms = alarms
        self._rooms = rooms
        self._busy = busy
        self._on_step = on_step
        self._stop = threading.Event()
        self._last_full_ns: int | None = None
        self._unrested_bytes = 0
        self._rested_ns = 0
        self._converted = 0
        self._failures = 0
        self._failed = 0
        self._round: ConversionRound | None = None

    def report(self) -> ConverterReport:
        """What it is doing; any thread."""
        now = self._round
        if now is None:
            return ConverterReport(self._converted, self._failures, self._failed, 0, None)
        converted, failures = self._converted + now.converted, self._failures + now.failures
        return ConverterReport(converted, failures, self._failed, now.waiting, now.current)

    async def run(self) -> None:
        """Convert until cancelled; the file under way is then left as it was."""
        pool = ThreadPoolExecutor(1, "converter", initializer=lower_priority)
        try:
            while True:
                await asyncio.get_running_loop().run_in_executor(pool, self.look)
                await self._clock.sleep(ROUND_S)
        finally:
            self._stop.set()
            with suppress(TimeoutError):  # the disk stalls; the thread ends when it does not any more
                await asyncio.wait_for(asyncio.to_thread(pool.shutdown), STOP_S)

    def look(self) -> None:
        """One round: take over what is new, convert what is due. Never raises; blocks for as long as there is work.

        The catalog is opened anew: the recorder may have set a damaged one aside.
        """
        try:
            require_known_volume(self._settings.record_dir, self._settings.data_dir)
            with Catalog.open(self._settings.data_dir) as catalog:
                if not catalog.was_rebuilt:  # otherwise the recorder is reading all footage: nobody knows yet what there is
                    self._look_into(catalog)
        except (ConversionStopped, NotRecordedYet):
            pass
        except (CatalogError, SegmentError) as error:
            _log.warning("conversion waits: %s", error)
        except Exception:  # noqa: BLE001  one strange file must not end the service
            _log.exception("conversion: unexpected error; tried again in %g s", ROUND_S)
        finally:
            ended, self._round = self._round, None
            if ended is not None:
                self._converted += ended.converted
                self._failures += ended.failures

    def pace(self, size_bytes: int) -> None:
        """Called with what was read or written: rest as long as was worked, and for as long as others want the disk.

        Raises:
            ConversionStopped: the service stops.
        """
        self.require_running()
        self._unrested_bytes += size_bytes
        if self._unrested_bytes < _PACE_BYTES:
            return
        self._unrested_bytes = 0
        worked_s = (self._clock.monotonic_ns() - self._rested_ns) / NS_PER_S
        self._stop.wait(min(worked_s, _LONGEST_REST_S))
        while self._busy():
            self.require_running()
            self._stop.wait(_BUSY_WAIT_S)
        self._rested_ns = self._clock.monotonic_ns()

    def require_running(self) -> None:
        """
        Raises:
            ConversionStopped: the service stops.
        """
        if self._stop.is_set():
            raise ConversionStopped("the service stops")

    def _look_into(self, catalog: Catalog) -> None:
        now_ns = self._clock.monotonic_ns()
        everything = self._last_full_ns is None or now_ns - self._last_full_ns >= FULL_WALK_S * NS_PER_S
        lately = None if everything else self._lately()
        if everything:
            self._remove_leftovers(catalog)
        if next(originals(self._settings.record_dir, lately), None) is not None:
            from mini_nvr.storage.converter_round import ConversionRound  # noqa: PLC0415  pulls in FFmpeg's libraries

            self._round = ConversionRound(self._settings, catalog, self._clock, self._rooms, self, self._on_step)
            self._round.run(lately, self._lately)
        if everything:
            self._last_full_ns = now_ns
        self._tell(catalog)

    def _remove_leftovers(self, catalog: Catalog) -> None:
        """Of conversions, and of the protection list that they write, which a crash cut short."""
        record_dir = self._settings.record_dir
        unlink_all(record_dir, leftovers(record_dir))
        with suppress(OSError):  # the disk refuses; the next walk tries again
            remove_drafts(catalog, record_dir)

    def _lately(self) -> Lately:
        now = self._clock.utc_us()
        yesterday = to_datetime(now, self._settings.zone).date() - timedelta(days=1)
        return Lately(yesterday, now * NS_PER_US - round(FULL_WALK_S * NS_PER_S))

    def _tell(self, catalog: Catalog) -> None:
        """The alarm says what its owner has not dealt with yet: neither removed, nor asked for with `mini-nvr convert`."""
        self._forget_gone(catalog)
        self._failed = count_failed(catalog)
        message = None
        for first in failed_conversions(catalog, limit=1, asked=False):
            files = "1 file is" if self._failed == 1 else f"{self._failed} files are"
            message = f"{files} not converted and kept, such as {first.path}: {first.error}"
        self._alarms.set(AlarmKind.CONVERSION, message)

    def _forget_gone(self, catalog: Catalog) -> None:
        record_dir = self._settings.record_dir
        failed = failed_conversions(catalog, limit=_FAILED_LOOKED_AT)
        forget_failures(catalog, [item.path for item in failed if not is_there(record_dir, item.path)])
