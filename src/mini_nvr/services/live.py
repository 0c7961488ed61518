"""Live pictures of one recorder: each channel's hub, sub streams on demand, the door for viewers, and the recorder's news."""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from mini_nvr.catalog.model import GapChange, SegmentChange
from mini_nvr.clock import Clock
from mini_nvr.config.model import ChannelSettings
from mini_nvr.errors import GapCause
from mini_nvr.ingest.reach import tcp_reachable
from mini_nvr.ingest.rtsp_source import RtspSource
from mini_nvr.ingest.session import CameraSession
from mini_nvr.ingest.source import Receiver
from mini_nvr.live.endpoint import LiveEndpoint
from mini_nvr.live.events import EventBoard
from mini_nvr.live.hub import StreamHub, Watchable
from mini_nvr.live.protocol import LiveError, StreamName
from mini_nvr.live.sub_streams import RunCamera, SubStream
from mini_nvr.recorder.notices import NoticeKind, Notices
from mini_nvr.recorder.pipeline import ChannelPipeline
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.storage.alarms import AlarmKind

_DEFAULT_PORT = 554
_LOOK_INTERVAL_S = 1.0
GOOD_BYE_S = 0.5  # for cameras that do not answer when they are left
_jitter = random.SystemRandom()
News = TypeVar("News")
_STORAGE_CAUSES = frozenset({GapCause.DISK_FULL, GapCause.DISK_STALLED, GapCause.DISK_ERROR, GapCause.VOLUME_MISSING})


class StatusProvider(Protocol):
    """What the recorder says of its channels."""

    def __call__(self) -> list[ChannelStatus]:
        """All channels, by number."""


class LiveService:
    """Everything on the event loop, but for `note_segments` and `note_catalog`.

    catalog_trouble: why the catalog takes no changes now; None while it does.
    notices: what else its owner should know of.
    """

    def __init__(self, channels: Sequence[ChannelSettings], clock: Clock, status: StatusProvider) -> None:
        self._clock = clock
        self._status = status
        self._channels = {channel.number: channel for channel in channels}
        self._mains: dict[int, StreamHub] = {}
        self._subs = {
            channel.number: SubStream(channel.number, sub_camera(channel, channel.sub_url.get_secret_value(), clock), clock)
            for channel in channels
            if channel.enabled and channel.sub_url is not None
        }
        self.events = EventBoard(self._states)
        self._endpoint = LiveEndpoint(self.find, self.events)
        self._told: dict[int, dict[str, Any]] = {}
        self._growing: set[str] = set()
        self.catalog_trouble: str | None = None
        self.notices = Notices(self._tell_notice, clock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look: asyncio.Task[None] | None = None

    @property
    def viewers(self) -> int:
        """How many watch a stream now, main or sub."""
        hubs = [*self._mains.values(), *(sub.hub for sub in self._subs.values())]
        return sum(len(hub.viewers) for hub in hubs)

    @property
    def warning(self) -> str | None:
        """What is wrong with all channels though frames are recorded."""
        return "; ".join(filter(None, (self.catalog_trouble, self.notices.warning))) or None

    @property
    def fileno(self) -> int:
        """Of the socket that viewers come to, -1 before `start`."""
        return self._endpoint.fileno

    def attach(self, pipeline: ChannelPipeline) -> None:
        """Let this channel be watched."""
        hub = StreamHub(pipeline.rules.number, "main")
        self._mains[pipeline.rules.number] = hub
        pipeline.tap = hub

    async def start(self, data_dir: Path) -> None:
        """Open the door.

        Raises:
            LiveError: another recorder has it open, or the folder cannot be used.
        """
        await self._endpoint.start(data_dir)
        self._loop = asyncio.get_running_loop()
        self._look = asyncio.create_task(self._look_around())

    async def stop(self) -> None:
        """End all viewers and sub streams."""
        self._loop = None
        if self._look is not None:
            self._look.cancel()
        await self._endpoint.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOOD_BYE_S):
                await asyncio.gather(*(sub.stop() for sub in self._subs.values()))

    def find(self, channel: int, stream: StreamName) -> Watchable:
        """The stream that somebody wants to watch.

        Raises:
            LiveError: with the reason when there is none.
        """
        settings = self._channels.get(channel)
        if settings is None:
            raise LiveError(f"there is no channel {channel}")
        if not settings.enabled:
            raise LiveError(f"channel {channel} is switched off")
        found = self._mains.get(channel) if stream == "main" else self._subs.get(channel)
        if found is None:
            raise LiveError(f"channel {channel} has no {stream} stream: see RTSP_SUB_URL_TEMPLATE and CHANNEL_{channel}_SUB_URL")
        return found

    def note_gap(self, gap: GapChange) -> None:
        """A gap began or ended."""
        fields = {"channel": gap.channel, "startUtcUs": gap.start_utc_us, "endUtcUs": gap.end_utc_us, "cause": str(gap.cause)}
        self.events.publish("gap", fields)
        if gap.cause in _STORAGE_CAUSES:
            alarm = {"channel": gap.channel, "cause": str(gap.cause), "detail": gap.detail, "over": gap.end_utc_us is not None}
            self.events.publish("storageAlarm", alarm)

    def note_disk(self, detail: str, *, over: bool) -> None:
        """The disk of all channels is behind, or is no more."""
        alarm = {"channel": None, "cause": str(GapCause.DISK_STALLED), "detail": detail, "over": over}
        self.events.publish("storageAlarm", alarm)

    def note_catalog(self, trouble: str | None) -> None:
        """Sync thread: why the catalog takes no changes; None when it does again."""
        self._on_loop(self._tell_catalog, trouble)

    def _tell_catalog(self, trouble: str | None) -> None:
        """The end repeats what has ended, as with other alarms."""
        detail = trouble or self.catalog_trouble or ""
        self.catalog_trouble = trouble
        alarm = {"channel": None, "cause": str(AlarmKind.CATALOG), "detail": detail, "over": trouble is None}
        self.events.publish("storageAlarm", alarm)

    def _tell_notice(self, kind: NoticeKind, detail: str, *, over: bool) -> None:
        self.events.publish("storageAlarm", {"channel": None, "cause": str(kind), "detail": detail, "over": over})

    def note_segments(self, changes: Sequence[SegmentChange]) -> None:
        """Sync thread: the catalog knows of these."""
        self._on_loop(self._tell_segments, changes)

    def _on_loop(self, act: Callable[[News], None], news: News) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended: nobody is left to be told
                loop.call_soon_threadsafe(act, news)

    def _tell_segments(self, changes: Sequence[SegmentChange]) -> None:
        for change in changes:
            path = str(change.path)
            if change.facts.sealed:
                self._growing.discard(path)
                self.events.publish("segmentSealed", segment_of(change))
            elif path not in self._growing:
                self._growing.add(path)
                self.events.publish("segmentOpened", segment_of(change))

    async def _look_around(self) -> None:
        """What nobody calls us for: silent cameras and states that changed by the passing of time."""
        while True:
            await self._clock.sleep(_LOOK_INTERVAL_S)
            now_ns = self._clock.monotonic_ns()
            for hub in self._mains.values():
                hub.look_for_stall(now_ns)
            for sub in self._subs.values():
                sub.hub.look_for_stall(now_ns)
            self.notices.look(heard=bool(self.events.listeners))
            if self.events.listeners:
                self._tell_states()

    def _states(self) -> Iterable[dict[str, Any]]:
        """For a new listener; the others hear at the same time what has changed, so that all know the same."""
        self._tell_states()
        return self._told.values()

    def _tell_states(self) -> None:
        for row in self._status():
            state = state_of(row)
            if self._told.get(row.number) != state:
                self._told[row.number] = state
                self.events.publish("channel", state)


def state_of(row: ChannelStatus) -> dict[str, Any]:
    """What listeners are told of a channel: its state in the API's words, since when, and why it is not recording."""
    return {"channel": row.number, "status": row.status, "sinceUtcUs": row.since_utc_us, "error": row.error}


def segment_of(change: SegmentChange) -> dict[str, Any]:
    """What listeners are told of a file."""
    header = change.facts.header
    return {
        "channel": header.channel,
        "path": str(change.path),
        "startUtcUs": header.start_utc_us,
        "durationUs": change.facts.duration_us,
        "bytes": change.facts.size_bytes,
    }


def sub_camera(channel: ChannelSettings, url: str, clock: Clock) -> RunCamera:
    """Keeps the channel's sub stream connected for as long as it runs."""
    label = f"ch{channel.number} sub"
    parts = urlsplit(url)

    async def run(receiver: Receiver) -> None:
        session = CameraSession(
            label,
            lambda: RtspSource(url, clock, want_audio=channel.audio, label=label),
            receiver,
            clock,
            reachable=tcp_reachable(parts.hostname or "", parts.port or _DEFAULT_PORT),
            jitter=lambda: _jitter.uniform(-1, 1),
        )
        await session.run()

    return run
