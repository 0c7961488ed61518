"""The recorder process: every camera on one event loop, one disk thread, one sync thread. Start and stop mirror each other."""

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import uvloop

from mini_nvr.catalog.database import CatalogTooNew
from mini_nvr.catalog.lock import DataDirLock
from mini_nvr.catalog.model import GapChange, GapRow, RunChange
from mini_nvr.catalog.newest_files import take_in_newest
from mini_nvr.catalog.recovery import RepairReport, recorder_down, repair
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import RescanReport, rescan
from mini_nvr.clock import Clock, SystemClock
from mini_nvr.config.model import ChannelSettings, Settings
from mini_nvr.errors import CatalogError, GapCause, SegmentError
from mini_nvr.ingest.gathering import Doorbell, gather_reads, rest_s
from mini_nvr.live.events import EventBoard
from mini_nvr.recorder.catalog_refill import CatalogRefill
from mini_nvr.recorder.channel import Channel, DisabledChannel
from mini_nvr.recorder.checkpoint import Checkpointer
from mini_nvr.recorder.clock_watch import ClockWatch
from mini_nvr.recorder.control import ControlServer
from mini_nvr.recorder.disk import DiskThread
from mini_nvr.recorder.disk_watch import DiskWatch
from mini_nvr.recorder.files import SegmentFiles
from mini_nvr.recorder.gaps import GapTracker
from mini_nvr.recorder.notices import CATALOG_FILLED, CATALOG_LOST, NoticeKind
from mini_nvr.recorder.pipeline import ChannelPipeline, ChannelRules
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.recorder.volume import RecordingVolume
from mini_nvr.segment.model import GapNote
from mini_nvr.services.live import LiveService
from mini_nvr.storage.volume import NotRecordedYet, require_known_volume

_log = logging.getLogger(__name__)

STAGGER_S = 0.02  # between two cameras' first connections: sixteen channels are often one DVR
DISK_STOP_S = 2.0
SYNC_STOP_S = 2.0
REFILL_STOP_S = 1.0
GC_THRESHOLD = 20_000  # frames live for a second and form no cycles: look for cycles rarely

Answer = TypeVar("Answer")


def run(settings: Settings) -> int:
    """Record until SIGTERM or SIGINT.

    Raises:
        CatalogError: another recorder uses DATA_DIR, or a newer program has.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with DataDirLock(settings.data_dir) as lock, open_catalog(settings.data_dir) as catalog:
        gc.set_threshold(GC_THRESHOLD)
        return uvloop.run(RecorderService(settings, catalog, SystemClock(), lock).run())


class RecorderService:
    """Everything that one recorder process holds."""

    def __init__(self, settings: Settings, catalog: Catalog, clock: Clock, lock: DataDirLock) -> None:
        self._settings = settings
        self._catalog = catalog
        self._clock = clock
        self._lock = lock
        self._reopening = threading.Lock()
        self._reopen_due = self._rescan_due = not catalog.is_open
        self._refill = CatalogRefill(self._fill_catalog)
        self._volume = RecordingVolume(settings.record_dir, settings.data_dir, self._repair)
        self._live = LiveService(settings.channels, clock, self.status)
        interval_s = settings.sync_interval_s
        self._checkpointer = Checkpointer(
            catalog,
            settings.record_dir,
            interval_s,
            clock,
            self._live.note_segments,
            self._replace_catalog,
            told=self._live.note_catalog,
        )
        files = SegmentFiles(settings.record_dir, self._volume.verify, settings.zone, settings.record_format)
        self._disk = DiskThread(files.create, self._checkpointer, clock)
        self._disk_watch = DiskWatch(self._disk_behind_s, self._live.note_disk, clock)
        self._clock_watch = ClockWatch(lambda said: self._live.notices.happened(NoticeKind.CLOCK_SET, said), clock)
        self._channels: list[Channel] = []
        self._disabled: list[DisabledChannel] = []
        self._control = ControlServer(self.status)
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> int:
        """Start, wait for a signal, stop; the process's exit code."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await self._start()
        try:
            await stop.wait()
        finally:
            await self._stop()
        return 0

    async def _start(self) -> None:
        self._look_at_volume()
        self._make_channels()
        self._checkpointer.start()
        self._disk.start()
        await self._control.start(self._settings.data_dir)
        await self._live.start(self._settings.data_dir)
        for position, channel in enumerate(self._channels):
            self._tasks.append(asyncio.create_task(self._run_channel(channel, position * STAGGER_S)))
        self._tasks += [asyncio.create_task(watch.run()) for watch in (self._disk_watch, self._clock_watch)]
        doorbell = Doorbell((self._control.fileno, self._live.fileno), self._clock)
        self._tasks.append(asyncio.create_task(gather_reads(lambda: self._rest_s(doorbell), self._clock, doorbell.rest)))
        gc.collect()
        gc.freeze()
        count = len(self._channels)
        _log.info("%d channel%s, files of %d s", count, "" if count == 1 else "s", self._settings.segment_duration_s)

    async def _stop(self) -> None:
        for channel in self._channels:
            channel.pipeline.close()
        for task in self._tasks:
            task.cancel()
        good_byes = asyncio.gather(*self._tasks, return_exceptions=True)
        disk_done = await asyncio.to_thread(self._disk.stop, DISK_STOP_S)
        synced = await asyncio.to_thread(self._checkpointer.stop, SYNC_STOP_S)
        if not await asyncio.to_thread(self._refill.stop, REFILL_STOP_S):
            _log.warning("catalog: the rescan under way is cut short; the next start begins it anew")
        if not (disk_done and synced):
            _log.error("the disk did not take everything in time; the next start seals what is there")
        with suppress(TimeoutError):
            await asyncio.wait_for(good_byes, 0.5)
        await self._live.stop()
        await self._control.stop()
        _log.info("stopped, %s", "all files are sealed" if disk_done and synced else "some files are not sealed")

    @property
    def news(self) -> EventBoard:
        """What happens, for whoever joins it."""
        return self._live.events

    def status(self) -> list[ChannelStatus]:
        """All channels, by number."""
        warning, notices = self._live.warning, self._live.notices
        steps, lost = notices.count(NoticeKind.CLOCK_SET), notices.count(NoticeKind.CATALOG_LOST)
        recorded = [replace(channel.status(), warning=warning) for channel in self._channels]
        rows = [replace(row, clock_steps=steps, catalogs_lost=lost) for row in recorded + [one.status() for one in self._disabled]]
        return sorted(self._disk_watch.shown_in(rows), key=lambda row: row.number)

    def _disk_behind_s(self) -> float:
        return max(self._disk.behind_s, self._checkpointer.behind_s)

    def _rest_s(self, doorbell: Doorbell) -> float:
        """How long the loop rests between two looks at its sockets; parts are handed over together before it does."""
        streams = sum(channel.pipeline.recording for channel in self._channels)
        hurried = doorbell.rang_lately or self._live.viewers > 0 or any(channel.connecting for channel in self._channels)
        seconds = rest_s(streams, hurried=hurried)
        self._disk.batching = seconds > 0
        self._disk.flush()  # the disk thread works while this one rests
        return seconds

    async def _run_channel(self, channel: Channel, delay_s: float) -> None:
        await self._clock.sleep(delay_s)
        await channel.run()

    def _look_at_volume(self) -> None:
        """Repair before recording; a folder that is not there yet is told and tried again with each file."""
        try:
            self._volume.verify()
        except SegmentError as error:
            _log.error("%s; nothing is recorded until it is there", error)

    def _repair(self) -> None:
        """What a crash left, before the first file of this process. A new catalog is filled while recording goes on."""
        settings = self._settings
        try:
            if not self._catalog.was_rebuilt:
                tell(repair(self._catalog, settings.record_dir, self._clock.utc_us()))
                return
            if any_footage(settings.record_dir):
                _log.warning("the catalog is new: all footage is read once, while recording goes on")
                self._live.notices.begin(NoticeKind.CATALOG_LOST, CATALOG_LOST)
            tell(take_in_newest(self._catalog, settings.record_dir))
        except CatalogError as error:
            _log.error("repair: %s; recording goes on", error)
        self._refill.begin()

    def _replace_catalog(self) -> None:
        """On the sync thread, after damage was met: a new catalog takes what comes, and a thread fills it from the files."""
        try:
            self._reopen_catalog()
        except CatalogError as error:
            _log.error("catalog: it could not be replaced: %s; tried again", error)
        self._refill.begin()

    def _reopen_catalog(self) -> None:
        """Until it succeeds there is no catalog, which does not look damaged any more: to be remembered."""
        with self._reopening:
            self._reopen_due = True
            self._catalog.reopen(clock=self._clock)
            self._reopen_due = False
        self._name_channels()
        if self._catalog.was_rebuilt:
            self._live.notices.begin(NoticeKind.CATALOG_LOST, CATALOG_LOST)

    def _fill_catalog(self, progress: Callable[[int], None]) -> RescanReport | None:
        """On the refill's thread. Recording goes on beside it; rows that the recorder makes meanwhile are its own."""
        if self._reopen_due:
            self._reopen_catalog()
        report = None
        if self._catalog.was_rebuilt or self._rescan_due:
            self._require_volume()
            report = rescan(self._catalog, self._settings.record_dir, lock=self._lock, progress=progress)
            self._rescan_due = False
        self._live.notices.end(NoticeKind.CATALOG_LOST, CATALOG_FILLED)  # begun while this very thread was filling it, perhaps
        return report

    def _require_volume(self) -> None:
        """A folder whose disk is not mounted is empty: a catalog filled from it would know of nothing, and be taken for whole.

        Raises:
            CatalogError: it is not the known volume.
        """
        try:
            require_known_volume(self._settings.record_dir, self._settings.data_dir)
        except (SegmentError, NotRecordedYet) as exc:
            raise CatalogError(str(exc)) from exc

    def _name_channels(self) -> None:
        """A catalog that takes nothing now, as on a full disk, learns of channels with their first footage."""
        named = [(channel.number, channel.name) for channel in self._settings.channels]
        try:
            self._catalog.register_channels(named, self._clock.utc_us())
        except CatalogError as error:
            _log.error("catalog: %s; recording goes on, its changes wait", error)

    def _make_channels(self) -> None:
        settings, now = self._settings, self._clock.utc_us()
        self._name_channels()
        silence: list[GapChange] = self._known(lambda: recorder_down(self._catalog, now), [])
        silent_since = {change.channel: change.start_utc_us for change in silence}
        post = asyncio.get_running_loop().call_soon_threadsafe
        for channel in settings.channels:
            start = silent_since.get(channel.number, now)
            if channel.enabled:
                self._channels.append(self._make_channel(channel, start, post))
            else:
                self._disabled.append(self._make_disabled(channel, start))

    def _make_channel(self, channel: ChannelSettings, silent_since_utc_us: int, post: Callable[..., object]) -> Channel:
        gaps = self._tracker(channel.number, silent_since_utc_us)
        gaps.begin(silent_since_utc_us, GapCause.RECORDER_DOWN)
        rules = ChannelRules(channel.number, channel.name, self._settings.segment_duration_s, self._settings.record_format)
        pipeline = ChannelPipeline(rules, self._disk, gaps, self._note_run, self._clock, lambda act: ignore_closed_loop(post, act))
        self._live.attach(pipeline)
        had_footage = self._footage_end(channel.number) is not None
        return Channel(channel.url.get_secret_value(), pipeline, self._clock, audio=channel.audio, had_footage=had_footage)

    def _make_disabled(self, channel: ChannelSettings, silent_since_utc_us: int) -> DisabledChannel:
        """Disabled since now, or still disabled."""
        last = self._known(lambda: self._catalog.last_gap(channel.number), None)
        still = last is not None and last.end_utc_us is None and last.cause is GapCause.DISABLED
        gaps = self._tracker(channel.number, silent_since_utc_us)
        if last is not None and still:
            gaps.begin(last.start_utc_us, GapCause.DISABLED)
        else:
            gaps.begin(silent_since_utc_us, GapCause.RECORDER_DOWN)
            gaps.begin(self._clock.utc_us(), GapCause.DISABLED)
        had_footage = self._footage_end(channel.number) is not None
        return DisabledChannel(channel.number, channel.name, gaps, self._clock, had_footage=had_footage)

    def _tracker(self, number: int, until_utc_us: int) -> GapTracker:
        """A tracker that knows the gaps since the last footage, for the header of the next file."""
        gaps = GapTracker(number, self._note_gap)
        since = self._footage_end(number)
        known: list[GapRow] = self._known(lambda: self._catalog.gaps(number, since, until_utc_us), [])
        rows = [row for row in known if row.start_utc_us < until_utc_us]
        ends = [min(row.end_utc_us or until_utc_us, until_utc_us) for row in rows]
        gaps.remember(GapNote(row.start_utc_us, end, row.cause) for row, end in zip(rows, ends, strict=True))
        return gaps

    def _footage_end(self, number: int) -> int | None:
        return self._known(lambda: self._catalog.footage_end(number), None)

    def _known(self, ask: Callable[[], Answer], otherwise: Answer) -> Answer:
        """What the catalog answers, unless it cannot be asked now, which was told when it could not take the channels' names."""
        try:
            return ask()
        except CatalogError:
            return otherwise

    def _note_gap(self, gap: GapChange) -> None:
        self._checkpointer.note_gap(gap)
        self._live.note_gap(gap)

    def _note_run(self, run: RunChange) -> None:
        self._checkpointer.note_run(run)


def open_catalog(data_dir: Path) -> Catalog:
    """The catalog. One that cannot be opened now, as on a full disk, is no reason not to record: it is opened later.

    Raises:
        CatalogTooNew: a newer program made it.
    """
    try:
        return Catalog.open(data_dir)
    except CatalogTooNew:
        raise
    except CatalogError as error:
        _log.error("catalog: %s; recording goes on without, and it is tried again", error)
        return Catalog.unopened(data_dir, error)


def any_footage(record_dir: Path) -> bool:
    """Whether the folder holds any channel's folder."""
    with suppress(OSError), os.scandir(record_dir) as entries:
        return any(entry.name.startswith("ch") and entry.is_dir() for entry in entries)
    return False


def ignore_closed_loop(post: Callable[..., object], act: Callable[[], None]) -> None:
    """Run `act` on the event loop, unless it has ended: then nobody is left to be told."""
    with suppress(RuntimeError):
        post(act)


def tell(report: RepairReport) -> None:
    """What was repaired, counted by kind, in one line of the log; after a clean stop, that there was nothing."""
    counts = {
        "sealed": len(report.sealed),
        "adopted": len(report.adopted),
        "empty or temporary files removed": len(report.removed),
        "missing": len(report.dropped),
        "deletions finished": len(report.deleted),
        "unreadable": len(report.damaged),
        "runs ended": report.runs_ended,
    }
    found = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    if found:
        _log.warning("repaired after an unclean stop: %s; %d recent files and rows looked at", found, report.looked_at)
    else:
        _log.info("start: %d recent files and rows looked at, nothing to repair", report.looked_at)
