"""The storage process: keeps the footage within its limits, and converts what others recorded. Start and stop mirror each other.

Looking and deleting block on the disk, so they run on one thread, and converting on another; the event loop only waits, and answers
at the door.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import uvloop

from mini_nvr.catalog.database import FILE_NAME
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import Clock, SystemClock
from mini_nvr.config.model import Settings
from mini_nvr.errors import CatalogError
from mini_nvr.recorder.control import ANSWER_TIMEOUT_S, ControlError, request_status
from mini_nvr.storage.age_clock import AgeClock
from mini_nvr.storage.alarms import Alarm, AlarmBoard, AlarmKind
from mini_nvr.storage.cleaner import RETRY_S, Cleaner
from mini_nvr.storage.converter import Converter
from mini_nvr.storage.converter_pressure import disk_is_wanted
from mini_nvr.storage.deleter import Outcome
from mini_nvr.storage.door import StorageDoor
from mini_nvr.storage.policy import Deletion
from mini_nvr.storage.rooms import RoomBook

_log = logging.getLogger(__name__)

NICENESS: Final = 5
"""Behind the recorder and the web service when the processor is short, but not so far that room is made too late."""
STOP_S: Final = 3.0
BEHIND_BYTES: Final = 2 << 20
"""Of one channel in the recorder's queue: some seconds of footage, a tenth of what fits."""


def run(settings: Settings) -> int:
    """Keep the limits until SIGTERM or SIGINT; the process's exit code.

    Raises:
        StorageUnreachable: another storage service runs on DATA_DIR.
    """
    os.nice(NICENESS)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return uvloop.run(StorageService(settings, SystemClock()).run())


class StorageService:
    """Everything that the storage process holds."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = ThreadPoolExecutor(1, "cleanup")
        self._wake = asyncio.Event()
        self._door = StorageDoor(self.status)
        self.alarms = AlarmBoard(clock, self._tell_alarm)
        self.rooms = RoomBook(self._look_now)
        self._age_clock = AgeClock(clock)
        self._converter = Converter(settings, clock, self.alarms, self.rooms, busy=self._disk_is_wanted)
        self._opened: _OpenCatalog | None = None
        self._conversion: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Start, wait for a signal, stop; the process's exit code."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await self.start()
        try:
            await stop.wait()
        finally:
            await self.stop()
        return 0

    async def start(self) -> None:
        """
        Raises:
            StorageUnreachable: another storage service runs on DATA_DIR.
        """
        self._loop = asyncio.get_running_loop()
        await self._door.start(self._settings.data_dir)
        self._task = asyncio.create_task(self._keep_limits())
        self._conversion = asyncio.create_task(self._converter.run())
        _log.info("%s", described(self._settings))

    async def stop(self) -> None:
        """End after the batch under way, which a new start would finish too; a conversion under way begins anew then."""
        for task in (self._conversion, self._task):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)
        self._loop = None
        await self._door.stop()
        _log.info("stopped")

    def status(self) -> Mapping[str, Any]:
        """What the door tells."""
        cleaner = self._opened.cleaner if self._opened is not None else None
        report = cleaner.report if cleaner is not None else None
        conversion = self._converter.report()
        return {
            "alarms": [alarm.to_json() for alarm in self.alarms.current()],
            "usedBytes": report.used_bytes if report is not None else None,
            "aheadBytes": report.ahead_bytes if report is not None else None,
            "deletedFiles": cleaner.tally.files if cleaner is not None else 0,
            "deletedBytes": cleaner.tally.size_bytes if cleaner is not None else 0,
            "convertedFiles": conversion.converted,
            "conversionFailures": conversion.failures,
            "conversionsWaiting": conversion.waiting,
            "unconvertedFiles": conversion.failed,
            "converting": conversion.current,
        }

    async def _keep_limits(self) -> None:
        """Look, wait, look; nothing that goes wrong in one look ends it."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                wait_s = await loop.run_in_executor(self._thread, self._look)
            except Exception:  # noqa: BLE001  limits must be kept whatever one look met
                _log.exception("unexpected error while looking; the next look is in %g s", RETRY_S)
                wait_s = RETRY_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)
            self._wake.clear()

    def _look(self) -> float:
        """On the thread."""
        try:
            if self._opened is not None and self._opened.is_stale():
                _log.warning("the catalog was replaced: opening the new one")
                self._close()
            if self._opened is None:
                catalog = Catalog.open(self._settings.data_dir)
                self._opened = _OpenCatalog(catalog, self._make_cleaner(catalog))
            return self._opened.cleaner.look()
        except CatalogError as exc:
            self.alarms.set(AlarmKind.CATALOG, f"{exc}; nothing is deleted until it can be used")
            self._close()
            return RETRY_S

    def _make_cleaner(self, catalog: Catalog) -> Cleaner:
        return Cleaner(
            self._settings,
            catalog,
            self._clock,
            alarms=self.alarms,
            rooms=self.rooms,
            age_clock=self._age_clock,
            told=self._tell_deleted,
        )

    def _close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.cleaner.tally.flush()
            opened.catalog.close()

    def _disk_is_wanted(self) -> bool:
        """On the converter's thread: the recorder waits for the disk, or others do."""
        loop = self._loop
        if loop is None or disk_is_wanted():
            return loop is not None
        with suppress(RuntimeError, TimeoutError, CancelledError):  # the loop ends
            return asyncio.run_coroutine_threadsafe(recorder_is_behind(self._settings.data_dir), loop).result(ANSWER_TIMEOUT_S + 1)
        return False

    def _look_now(self) -> None:
        self._on_loop(self._wake.set)

    def _tell_deleted(self, outcome: Outcome) -> None:
        for deletion in outcome.deleted:
            self._on_loop(self._door.publish, deleted_event(deletion))

    def _tell_alarm(self, alarm: Alarm, over: bool) -> None:
        event = {"event": "storageAlarm", "cause": alarm.kind, "detail": alarm.message, "over": over}
        self._on_loop(self._door.publish, event)

    def _on_loop(self, act: Any, *arguments: Any) -> None:
        """From the thread; when the loop has ended, nobody is left to be told."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(act, *arguments)


class _OpenCatalog:
    """A catalog with its cleaner, and which file it is: the recorder sets a damaged one aside and makes another."""

    def __init__(self, catalog: Catalog, cleaner: Cleaner) -> None:
        self.catalog = catalog
        self.cleaner = cleaner
        self._path = catalog.data_dir / FILE_NAME
        self._identity = _identity(self._path)

    def is_stale(self) -> bool:
        """The name belongs to another file now, or to none."""
        return _identity(self._path) != self._identity


async def recorder_is_behind(data_dir: Path) -> bool:
    """Whether footage waits in the recorder for the disk; a recorder that does not answer has other worries."""
    try:
        channels = await request_status(data_dir)
    except ControlError:
        return False
    return any(channel.queue_bytes > BEHIND_BYTES for channel in channels)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def deleted_event(deletion: Deletion) -> dict[str, Any]:
    """What listeners are told of a file that is gone."""
    row = deletion.segment
    return {
        "event": "deleted",
        "channel": row.channel,
        "id": row.id,
        "path": str(row.path),
        "startUtcUs": row.start_utc_us,
        "endUtcUs": row.end_utc_us,
        "bytes": row.size_bytes,
        "cause": "" if deletion.reason is None else str(deletion.reason),
    }


def described(settings: Settings) -> str:
    """The limits in words, for the log."""
    gb = 1 << 30
    parts = []
    if settings.max_storage_bytes is not None:
        parts.append(f"at most {settings.max_storage_bytes / gb:g} GB of footage")
    if settings.min_free_bytes is not None:
        parts.append(f"{settings.min_free_bytes / gb:g} GB kept free")
    if settings.retention_days is not None:
        parts.append(f"{settings.retention_days:g} days kept")
    own = sum(channel.max_bytes is not None or channel.retention_days is not None for channel in settings.channels)
    if own:
        parts.append(f"limits of {own} channel{'s' if own > 1 else ''} alone")
    return "limits: " + (", ".join(parts) or "none, footage is never deleted")
