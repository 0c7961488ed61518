"""Sub streams: connected while somebody watches, one connection however many viewers, kept 10 s after the last one has left."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from mini_nvr.clock import Clock
from mini_nvr.errors import GapCause
from mini_nvr.ingest.source import Receiver, StreamInfo, TimeLine
from mini_nvr.live.hub import StreamHub
from mini_nvr.live.viewer import Viewer
from mini_nvr.media.frame import Frame, VideoFormat

LINGER_S = 10.0

RunCamera = Callable[[Receiver], Coroutine[Any, Any, None]]
"""Keeps the camera's sub stream connected until cancelled; the receiver gets its frames."""


class SubStream:
    """Implements `live.hub.Watchable`; on the event loop."""

    def __init__(self, channel: int, run_camera: RunCamera, clock: Clock) -> None:
        self.hub = StreamHub(channel, "sub")
        self._run_camera = run_camera
        self._clock = clock
        self._camera: asyncio.Task[None] | None = None
        self._farewell: asyncio.Task[None] | None = None

    def join(self, viewer: Viewer) -> None:
        """`Watchable`; the first viewer has the camera connected."""
        if self._farewell is not None:
            self._farewell.cancel()
            self._farewell = None
        if self._camera is None:
            self._camera = asyncio.create_task(self._run_camera(HubReceiver(self.hub)))
        self.hub.join(viewer)

    def leave(self, viewer: Viewer) -> None:
        """`Watchable`; after the last viewer the connection stays for a while."""
        self.hub.leave(viewer)
        if not self.hub.viewers and self._camera is not None and self._farewell is None:
            self._farewell = asyncio.create_task(self._leave_camera())

    async def stop(self) -> None:
        """Disconnect."""
        if self._farewell is not None:
            self._farewell.cancel()
        await self._disconnect()

    async def _leave_camera(self) -> None:
        await self._clock.sleep(LINGER_S)
        self._farewell = None
        await self._disconnect()

    async def _disconnect(self) -> None:
        camera, self._camera = self._camera, None
        if camera is None:
            return
        self.hub.clear()
        camera.cancel()
        await asyncio.gather(camera, return_exceptions=True)


class HubReceiver:
    """A hub as the consumer of a source; implements `ingest.source.Receiver`."""

    def __init__(self, hub: StreamHub) -> None:
        self._hub = hub
        self._info = StreamInfo(None)
        self._line: TimeLine | None = None
        self._format: VideoFormat | None = None

    def on_connected(self, info: StreamInfo, time_line: TimeLine) -> None:
        """`Receiver`"""
        self._info, self._line, self._format = info, time_line, None

    def on_video(self, frame: Frame) -> None:
        """`Receiver`"""
        new = frame.new_format
        if new is not None and new != self._format and self._line is not None:
            self._format = new
            self._hub.on_format(new, self._info.audio, self._line)
        self._hub.on_video(frame)

    def on_audio(self, frame: Frame) -> None:
        """`Receiver`"""
        self._hub.on_audio(frame.data, frame.pts)

    def on_disconnected(self, cause: GapCause, detail: str, retry_in_s: float) -> None:
        """`Receiver`"""
        self._hub.on_end(cause, detail)
