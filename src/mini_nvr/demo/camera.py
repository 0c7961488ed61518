"""A simulated camera: one source, the pump that sends it in real time while somebody watches, and its faults."""

import asyncio
import logging
import threading
from collections.abc import Callable

from mini_nvr.clock import NS_PER_S, Clock, SystemClock
from mini_nvr.demo.faults import Faults
from mini_nvr.demo.model import Feed, Source, TrackSpec, Unit
from mini_nvr.demo.sdp import describe
from mini_nvr.demo.sent import SentFrame, SentLog, digest_of
from mini_nvr.demo.viewer import VIDEO_TRACK, Viewer, cut_off
from mini_nvr.errors import MediaError

_log = logging.getLogger(__name__)
REPORT_INTERVAL_NS = 5 * NS_PER_S


class DemoCamera:
    """Camera `number`, reached under the path `stream{number}`.

    faults: injectable at any time, from any thread. sent: what went to clients, kept when `log_sent` is true.
    Everything else is called on the server's loop.
    """

    def __init__(self, number: int, source: Source, *, name: str | None = None, log_sent: bool = False) -> None:
        self.number = number
        self.name = name or f"Camera {number}"
        self.path = f"stream{number}"
        self.source = source
        self.faults = Faults(self)
        self.sent = SentLog(enabled=log_sent)
        self._clock: Clock = SystemClock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._transports: set[asyncio.WriteTransport] = set()
        self._viewers: list[Viewer] = []
        self._feed: Feed | None = None
        self._pump_task: asyncio.Task[None] | None = None
        self._shift_s = 0.0

    def bind(self, clock: Clock) -> None:
        """Called by the server on its loop before it listens."""
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()

    def tracks(self) -> tuple[TrackSpec, ...]:
        """The tracks as DESCRIBE tells them."""
        return self.source.tracks()

    def sdp(self) -> str:
        """The answer to DESCRIBE, faults included."""
        faults = self.faults
        if faults.broken_sdp:
            return "<html>\x00\xff m=video a=b =\r\n" * 3
        return describe(
            self.tracks(),
            name=self.name,
            with_sets=not faults.sdp_without_sets,
            unsupported_video=faults.unsupported_video,
            metadata_track=faults.metadata_track,
        )

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        """The clients that play now; on the server's loop they stay as they are."""
        return tuple(self._viewers)

    def attach(self, transport: asyncio.WriteTransport) -> None:
        """A connection has named this camera."""
        self._transports.add(transport)

    def detach(self, transport: asyncio.WriteTransport) -> None:
        """The connection is over."""
        self._transports.discard(transport)

    def media_ns(self) -> int:
        """Media time from which a viewer that joins now will see the showing; timestamp jumps included."""
        feed = self._running_feed()
        now_ns = self._clock.monotonic_ns()
        return feed.media_ns(min(now_ns, feed.due_ns() or now_ns)) + round(self._shift_s * NS_PER_S)

    def join(self, viewer: Viewer) -> None:
        """Send media to this viewer from the next key frame on, a sender report at once; without effect on one that plays."""
        if viewer in self._viewers:
            return
        feed = self._running_feed()
        feed.request_key()
        viewer.wait_for_key()
        self._viewers.append(viewer)
        self._report(viewer)

    def leave(self, viewer: Viewer) -> None:
        """Stop sending to this viewer; the last one stops the source."""
        if viewer in self._viewers:
            self._viewers.remove(viewer)
        if not self._viewers:
            self.stop()

    def stop(self) -> None:
        """End the showing."""
        if self._pump_task is not None:
            self._pump_task.cancel()
        self._pump_task = None
        self._feed = None

    def drop_connections(self, *, reset: bool) -> None:
        """See `Faults`; callable from any thread."""

        def drop() -> None:
            for transport in list(self._transports):
                cut_off(transport, reset=reset)

        self._on_loop(drop)

    def jump_timestamps(self, seconds: float) -> None:
        """See `Faults`; callable from any thread."""

        def jump() -> None:
            self._shift_s += seconds

        self._on_loop(jump)

    def change_resolution(self, width: int, height: int) -> None:
        """See `Faults`; callable from any thread, which is also the one that waits while a new clip is encoded."""
        self.source.change_resolution(width, height)

    def _on_loop(self, action: Callable[[], None]) -> None:
        if self._loop is None or self._loop.is_closed() or threading.get_ident() == self._loop_thread:
            action()
            return

        async def act() -> None:
            action()

        asyncio.run_coroutine_threadsafe(act(), self._loop).result()

    def _running_feed(self) -> Feed:
        if self._feed is None:
            self._feed = self.source.start(self._clock)
            self._pump_task = asyncio.create_task(self._show(self._feed))
        return self._feed

    async def _show(self, feed: Feed) -> None:
        """Pump until the source has ended or failed, then close the connections."""
        try:
            await self._pump(feed)
        except MediaError:
            _log.exception("demo camera %d has nothing to show", self.number)
        self._pump_task = None
        self._feed = None
        for viewer in self._viewers:
            viewer.end()
        self._viewers.clear()

    async def _pump(self, feed: Feed) -> None:
        """Hand over each unit when it is due; returns when the source has ended."""
        clock = self._clock
        report_at_ns = clock.monotonic_ns() + REPORT_INTERVAL_NS
        while (due_ns := feed.due_ns()) is not None:
            await clock.sleep(max(0, due_ns - clock.monotonic_ns()) / NS_PER_S)
            for unit in feed.take():
                self._deliver(unit)
            if clock.monotonic_ns() >= report_at_ns:
                report_at_ns += REPORT_INTERVAL_NS
                for viewer in self._viewers:
                    self._report(viewer)

    def _deliver(self, unit: Unit) -> None:
        faults = self.faults
        if faults.stalled:
            for viewer in self._viewers:
                viewer.wait_for_key()
            return
        if faults.no_key_frames and unit.is_key and unit.track == VIDEO_TRACK:
            return
        for viewer in self._viewers:
            delivered = viewer.deliver(unit, self._shift_s, faults)
            if delivered is not None and self.sent.enabled:
                outcome, timestamp = delivered
                stored = digest_of(unit.stored)
                entry = SentFrame(viewer.number, unit.track, stored, timestamp, unit.is_key, outcome, viewer.written_bytes)
                self.sent.frames.append(entry)

    def _report(self, viewer: Viewer) -> None:
        if self._feed is not None and not self.faults.stalled:
            viewer.report(self._feed.media_ns(self._clock.monotonic_ns()), self._clock.utc_us(), self._shift_s)
