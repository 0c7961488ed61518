"""An RTSP camera as a source: the wire's frames, put on the run's time line."""

import logging

from mini_nvr.clock import NS_PER_US, Clock
from mini_nvr.ingest.source import Receiver, StreamInfo
from mini_nvr.ingest.timestamps import (
    MAX_BACKWARD,
    MAX_JITTER,
    STEP_US,
    Alignment,
    AudioLine,
    SenderReport,
    VideoLine,
    media_us,
    next_start,
    to_wall_us,
)
from mini_nvr.media.frame import AudioFormat, Frame
from mini_nvr.rtsp.client import RtspClient, Track
from mini_nvr.rtsp.errors import NoSupportedTrack
from mini_nvr.segment.model import TimeSource

_log = logging.getLogger(__name__)


class RtspTimeLine:
    """The time line of one connection: both tracks' lines and the wall clock that they are read against."""

    def __init__(self, clock: Clock, audio_hz: int | None, label: str) -> None:
        self._clock = clock
        self._label = label
        self._wall_offset_us = self._read_wall_offset()
        self.video = VideoLine()
        self.audio = AudioLine(audio_hz) if audio_hz else None
        self.alignment = Alignment(self.video, self.audio, audio_hz) if self.audio and audio_hz else None

    @property
    def time_source(self) -> TimeSource:
        return "sender report" if self.audio is not None and self.audio.aligned_by_reports else "arrival"

    def start_utc_us(self, pts_90k: int) -> int:
        """`ingest.source.TimeLine`"""
        self._wall_offset_us = self._read_wall_offset()
        return to_wall_us(self.video.anchor_ns, self._wall_offset_us) + media_us(pts_90k)

    def next_start_utc_us(self, pts_90k: int, expected_utc_us: int, elapsed_us: int) -> int:
        """`ingest.source.TimeLine`; logs a step of the system clock as an event."""
        offset_us = self._read_wall_offset()
        step_us = offset_us - self._wall_offset_us
        self._wall_offset_us = offset_us
        measured = to_wall_us(self.video.border(), offset_us) + media_us(pts_90k)
        if self.audio is not None:
            self.audio.border(self.video.anchor_ns)
        start = next_start(expected_utc_us, measured, elapsed_us, abs(step_us) > STEP_US)
        if start.stepped:
            _log.warning("%s: the system clock was set by %+.3f s; the next file follows it", self._label, step_us / 1e6)
        return start.utc_us

    def utc_us(self, pts_90k: int) -> int:
        """`ingest.source.TimeLine`"""
        return to_wall_us(self.video.anchor_ns, self._read_wall_offset()) + media_us(pts_90k)

    def _read_wall_offset(self) -> int:
        return self._clock.utc_us() - self._clock.monotonic_ns() // NS_PER_US


class RtspSource:
    """One RTSP session of one camera; implements `ingest.source.Source` and is the session's `Sink`."""

    def __init__(self, url: str, clock: Clock, *, want_audio: bool, label: str) -> None:
        self._client = RtspClient(url, clock)
        self._clock = clock
        self._want_audio = want_audio
        self._label = label
        self._tracks: tuple[Track, ...] = ()
        self._info = StreamInfo(None)
        self._receiver: Receiver | None = None
        self._line = RtspTimeLine(clock, None, label)
        self._jumps_told = 0
        self._pace_told = False
        self.last_frame_ns = 0

    @property
    def packets_lost(self) -> int:
        return self._client.packets_lost

    @property
    def media_bytes(self) -> int:
        return self._client.media_bytes

    async def open(self) -> StreamInfo:
        """`ingest.source.Source`"""
        tracks = await self._client.describe()
        video = [track for track in tracks if track.kind == "video"]
        audio = [track for track in tracks if track.kind == "audio"] if self._want_audio else []
        if not video:
            raise NoSupportedTrack(self._why_no_video())
        self._tracks = (*video[:1], *audio[:1])
        audio_format = next((track.format for track in audio[:1] if isinstance(track.format, AudioFormat)), None)
        if audio_format is None:
            self._tracks = self._tracks[:1]
        else:
            self._line = RtspTimeLine(self._clock, audio_format.sample_rate_hz, self._label)
        left_out = tuple(f"{skipped.kind} {skipped.encoding}: {skipped.reason}" for skipped in self._client.skipped)
        self._info = StreamInfo(audio_format, left_out, self._client.server)
        return self._info

    async def play(self, receiver: Receiver) -> None:
        """`ingest.source.Source`"""
        self._receiver = receiver
        receiver.on_connected(self._info, self._line)
        await self._client.play(self._tracks, self)

    async def wait_closed(self) -> None:
        """`ingest.source.Source`"""
        await self._client.wait_closed()

    async def close(self) -> None:
        """`ingest.source.Source`"""
        await self._client.close()

    def on_frame(self, track: int, frame: Frame) -> None:
        """`rtsp.sink.Sink`"""
        receiver = self._receiver
        if receiver is None:
            return
        if track == 0:
            self.last_frame_ns = frame.arrival_ns
            if frame.new_format is not None:
                self._line.video.max_backward = MAX_JITTER if frame.new_format.reorder_depth == 0 else MAX_BACKWARD
            starting = not self._line.video.started
            frame.pts = self._line.video.place(frame.pts, frame.arrival_ns)
            if starting and self._line.alignment is not None:
                self._line.alignment.on_video_started()
            if self._line.video.jumps != self._jumps_told or (self._line.video.bend_ppm and not self._pace_told):
                self._tell_oddities(self._line.video)
            receiver.on_video(frame)
        elif self._info.audio is not None and self._line.audio is not None and self._line.video.started:
            samples = self._info.audio.frame_samples or len(frame.data) // self._info.audio.channels
            video = self._line.video
            late_ns = video.late_ns(frame.arrival_ns)
            frame.pts = self._line.audio.place(frame.pts, frame.arrival_ns, samples, video.anchor_ns, late_ns)
            receiver.on_audio(frame)

    def _tell_oddities(self, line: VideoLine) -> None:
        """Jumps at the 1st, 2nd, 4th, 8th...: some cameras never stop. A wrong pace once."""
        if line.jumps != self._jumps_told:
            self._jumps_told = line.jumps
            if line.jumps.bit_count() == 1:
                _log.warning("%s: the camera's time stamps jumped; recording goes on by arrival time", self._label)
        if line.bend_ppm and not self._pace_told:
            self._pace_told = True
            how = "slower" if line.bend_ppm > 0 else "faster"
            _log.warning("%s: the camera's time stamps run %s than time; pictures are placed by their arrival", self._label, how)

    def on_sender_report(self, track: int, ntp_utc_us: int, rtp_timestamp: int) -> None:
        """`rtsp.sink.Sink`"""
        if self._line.alignment is None:
            return
        report = SenderReport(ntp_utc_us, rtp_timestamp)
        if track == 0:
            self._line.alignment.on_video_report(report)
        else:
            self._line.alignment.on_audio_report(report)

    def on_loss(self, track: int, packets: int) -> None:
        """`rtsp.sink.Sink`; the client counts, status shows."""

    def _why_no_video(self) -> str:
        reasons = [f"{skipped.encoding}: {skipped.reason}" for skipped in self._client.skipped if skipped.kind == "video"]
        return "the camera offers no video that can be recorded" + (f" ({'; '.join(reasons)})" if reasons else "")
