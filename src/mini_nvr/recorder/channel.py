"""One channel from camera to files: its session, its pipeline, its time line, and what it says of itself."""

import random
from urllib.parse import urlsplit

from mini_nvr.clock import Clock
from mini_nvr.ingest.reach import tcp_reachable
from mini_nvr.ingest.rtsp_source import RtspSource
from mini_nvr.ingest.session import CameraSession
from mini_nvr.ingest.source import Source
from mini_nvr.recorder.gaps import GapTracker
from mini_nvr.recorder.meter import age_ms
from mini_nvr.recorder.pipeline import ChannelPipeline
from mini_nvr.recorder.status import ChannelFacts, ChannelState, ChannelStatus, channel_state

_DEFAULT_PORT = 554
_jitter = random.SystemRandom()


class Channel:
    """Runs one camera until cancelled. `had_footage`: the catalog knows footage of it from earlier."""

    def __init__(self, url: str, pipeline: ChannelPipeline, clock: Clock, *, audio: bool, had_footage: bool) -> None:
        self.pipeline = pipeline
        self._clock = clock
        self._has_footage = had_footage
        self._state: ChannelState = "OFF"
        self._since_utc_us = clock.utc_us()
        self._lost_before = 0  # packets lost on earlier connections
        label = f"ch{pipeline.rules.number}"
        parts = urlsplit(url)

        def new_source() -> Source:
            if self.session.source is not None:
                self._lost_before += self.session.source.packets_lost
            return RtspSource(url, clock, want_audio=audio, label=label)

        self.session = CameraSession(
            label,
            new_source,
            pipeline,
            clock,
            reachable=tcp_reachable(parts.hostname or "", parts.port or _DEFAULT_PORT),
            jitter=lambda: _jitter.uniform(-1, 1),
        )

    async def run(self) -> None:
        """Until cancelled."""
        await self.session.run()

    @property
    def connecting(self) -> bool:
        """The camera is being connected: each answer of it is waited for."""
        return self.session.connecting

    def status(self) -> ChannelStatus:
        """The channel now."""
        pipeline, source = self.pipeline, self.session.source
        growing = pipeline.growing
        self._has_footage = self._has_footage or pipeline.recording
        age = age_ms(self._clock.monotonic_ns(), pipeline.last_frame_ns)
        state = channel_state(ChannelFacts(True, pipeline.recording, self._has_footage, age))
        if state != self._state:
            self._state, self._since_utc_us = state, self._clock.utc_us()
        video = pipeline.format
        live = state == "LIVE"
        return ChannelStatus(
            number=pipeline.rules.number,
            name=pipeline.rules.name,
            status=state,
            file=str(growing.path) if growing and growing.path else None,
            since_utc_us=self._since_utc_us,
            codec=video.codec if video else None,
            width=video.width if video else None,
            height=video.height if video else None,
            fps=pipeline.meter.fps() if live else None,
            bitrate_bps=pipeline.meter.bitrate_bps() if live else None,
            last_frame_age_ms=age,
            error=explain(pipeline.gaps),
            last_gap=pipeline.gaps.last,
            frames=pipeline.meter.frames,
            media_bytes=pipeline.meter.size_bytes,
            gaps=pipeline.gaps.count,
            reconnects=max(self.session.connections - 1, 0),
            packets_lost=self._lost_before + (source.packets_lost if source else 0),
            queue_bytes=pipeline.queue_bytes,
        )


class DisabledChannel:
    """A channel that the settings switch off: its time line says so, and its line in the status."""

    def __init__(self, number: int, name: str, gaps: GapTracker, clock: Clock, *, had_footage: bool) -> None:
        self._number = number
        self._name = name
        self._since_utc_us = clock.utc_us()
        self._gaps = gaps
        self._state = channel_state(ChannelFacts(False, False, had_footage, None))

    def status(self) -> ChannelStatus:
        """OFF."""
        return ChannelStatus(
            number=self._number,
            name=self._name,
            status=self._state,
            since_utc_us=self._since_utc_us,
            error=explain(self._gaps),
            last_gap=self._gaps.last,
        )


def explain(gaps: GapTracker) -> str | None:
    """Why nothing is being recorded now, None when something is."""
    if gaps.cause is None:
        return None
    return f"{gaps.cause}: {gaps.detail}" if gaps.detail else str(gaps.cause)
