"""A short look at a camera: what it sends and how well, for `mini-nvr check`.

`Measurement` counts what arrives and decides when enough was seen; `probe` connects, feeds it and hangs up.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.errors import GapCause, RtspError
from mini_nvr.media.frame import AudioFormat, Frame, VideoFormat
from mini_nvr.rtsp.client import RtspClient, SkippedTrack, Track
from mini_nvr.rtsp.errors import NoSupportedTrack
from mini_nvr.rtsp.sink import Sink

LONGEST_S: Final = 10.0
SHORTEST_S: Final = 2.0
KEY_FRAMES_WANTED: Final = 3


class NoFrames(RtspError):
    """The camera accepted everything and sent no picture."""

    cause = GapCause.STREAM_STALLED


class NoKeyFrame(RtspError):
    """Pictures came, but none that a recording can start with."""

    cause = GapCause.NO_KEY_FRAME


class StreamEnded(RtspError):
    """The camera hung up before anything could be measured."""

    cause = GapCause.CAMERA_ERROR


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a camera sends.

    frame_rate: frames a second by the camera's timestamps.
    key_interval_s: None when only one key frame was seen, so that the interval is longer than the probe.
    bitrate_bps: of video and audio payload, without RTP's overhead.
    skipped: streams that are not recorded, each with the reason.
    """

    video: VideoFormat
    frame_rate: float | None
    key_interval_s: float | None
    bitrate_bps: int | None
    audio: AudioFormat | None
    skipped: tuple[str, ...] = ()
    packets_lost: int = 0


@dataclass(slots=True)
class _Span:
    """Frames and bytes between two instants of the camera's clock; the frame that ends the span belongs to the next one."""

    frames: int = 0
    size_bytes: int = 0


@dataclass(slots=True)
class Measurement:
    """Counts frames of one video track and at most one audio track. Pure: instants come with the frames."""

    video: VideoFormat | None = None
    video_frames: int = 0
    key_frames: int = 0
    packets_lost: int = 0
    _first_arrival_ns: int = 0
    _last_arrival_ns: int = 0
    _lowest_pts: int = 0
    _highest_pts: int = 0
    _first_key_pts: int = 0
    _last_key_pts: int = 0
    _longest_gop: int = 0
    _whole_gops: _Span = field(default_factory=_Span)
    _open_gop: _Span = field(default_factory=_Span)
    _total_bytes: int = 0
    _audio_bytes: int = 0

    def add_video(self, frame: Frame) -> None:
        """Take one video frame, in decoding order."""
        if self.video_frames == 0:
            self._first_arrival_ns = frame.arrival_ns
            self._lowest_pts = self._highest_pts = frame.pts
        self.video = frame.new_format or self.video
        self.video_frames += 1
        self._last_arrival_ns = frame.arrival_ns
        self._lowest_pts = min(self._lowest_pts, frame.pts)
        self._highest_pts = max(self._highest_pts, frame.pts)
        if frame.is_key:
            self._close_gop(frame.pts)
        self._total_bytes += len(frame.data)
        self._open_gop.frames += 1
        self._open_gop.size_bytes += len(frame.data)

    def add_audio(self, frame: Frame) -> None:
        """Take one audio frame; what came before the first picture is left out."""
        if self.video_frames:
            self._audio_bytes += len(frame.data)

    def _close_gop(self, pts: int) -> None:
        if self.key_frames:
            self._whole_gops.frames += self._open_gop.frames
            self._whole_gops.size_bytes += self._open_gop.size_bytes
            self._longest_gop = max(self._longest_gop, pts - self._last_key_pts)
        else:
            self._first_key_pts = pts
        self._last_key_pts = pts
        self._open_gop = _Span()
        self.key_frames += 1

    @property
    def elapsed_s(self) -> float:
        """From the first to the last picture's arrival."""
        return (self._last_arrival_ns - self._first_arrival_ns) / NS_PER_S

    def is_enough(self, shortest_s: float, key_frames: int = KEY_FRAMES_WANTED) -> bool:
        """Whether longer looking would hardly change the figures."""
        return self.key_frames >= key_frames and self.elapsed_s >= shortest_s

    def frame_rate(self) -> float | None:
        """By whole GOPs when there is one, else by all frames; None when the timestamps do not move."""
        ticks = self._last_key_pts - self._first_key_pts
        if self.key_frames > 1 and ticks > 0:
            return self._whole_gops.frames * self._clock_hz / ticks
        ticks = self._highest_pts - self._lowest_pts
        return (self.video_frames - 1) * self._clock_hz / ticks if ticks > 0 else None

    def key_interval_s(self) -> float | None:
        """The longest distance of two key frames (cameras add one when somebody joins); None with fewer than two."""
        return self._longest_gop / self._clock_hz if self._longest_gop > 0 else None

    def bitrate_bps(self) -> int | None:
        """Video by whole GOPs where possible (a key frame is many times a usual frame's size), audio over the time looked."""
        if self.elapsed_s <= 0:
            return None
        audio = self._audio_bytes * 8 / self.elapsed_s
        gops_s = (self._last_key_pts - self._first_key_pts) / self._clock_hz
        if self.key_frames > 1 and gops_s > 0:
            return round(self._whole_gops.size_bytes * 8 / gops_s + audio)
        return round(self._total_bytes * 8 / self.elapsed_s + audio)

    @property
    def _clock_hz(self) -> int:
        return self.video.clock_hz if self.video else 90_000


class Client(Protocol):
    """The part of `RtspClient` that a probe uses."""

    @property
    def skipped(self) -> tuple[SkippedTrack, ...]: ...

    @property
    def media_bytes(self) -> int: ...

    async def describe(self) -> tuple[Track, ...]: ...

    async def play(self, tracks: Sequence[Track], sink: Sink) -> None: ...

    async def wait_closed(self) -> None: ...

    async def close(self) -> None: ...


class _Listener:
    """The sink: feeds the measurement and says when it has enough."""

    def __init__(self, tracks: Sequence[Track], shortest_s: float) -> None:
        self.measurement = Measurement()
        self.enough = asyncio.Event()
        self._is_video = [track.kind == "video" for track in tracks]
        self._shortest_s = shortest_s

    def on_frame(self, track: int, frame: Frame) -> None:
        if not self._is_video[track]:
            self.measurement.add_audio(frame)
            return
        self.measurement.add_video(frame)
        if frame.is_key and self.measurement.is_enough(self._shortest_s):
            self.enough.set()

    def on_sender_report(self, track: int, ntp_utc_us: int, rtp_timestamp: int) -> None:
        """Nothing to measure."""

    def on_loss(self, track: int, packets: int) -> None:
        self.measurement.packets_lost += packets


async def probe(
    url: str,
    clock: Clock,
    *,
    longest_s: float = LONGEST_S,
    shortest_s: float = SHORTEST_S,
    connect_timeout_s: float = 5.0,
    response_timeout_s: float = 10.0,
) -> ProbeResult:
    """Connect, watch two whole GOPs (at least `shortest_s`, at most `longest_s`), hang up.

    Raises:
        RtspError: why it cannot be recorded, in plain words; the child's `cause` is the gap's cause.
    """
    client = RtspClient(url, clock, connect_timeout_s=connect_timeout_s, response_timeout_s=response_timeout_s)
    return await measure(client, clock, longest_s=longest_s, shortest_s=shortest_s)


async def measure(client: Client, clock: Clock, *, longest_s: float, shortest_s: float) -> ProbeResult:
    """`probe` with a client that is already made; the client is closed in any case.

    Raises:
        RtspError: as `probe`.
    """
    try:
        tracks = await client.describe()
        if not any(track.kind == "video" for track in tracks):
            raise NoSupportedTrack("; ".join(["the camera offers no video that can be recorded", *_skipped(client)]))
        listener = _Listener(tracks, shortest_s)
        await client.play(tracks, listener)
        ended = await _listen(client, clock, listener, longest_s)
    finally:
        await client.close()
    if listener.measurement.key_frames == 0:
        raise _nothing_to_record(listener.measurement, client.media_bytes, ended=ended, longest_s=longest_s)
    return _result(listener.measurement, tracks, _skipped(client))


def _skipped(client: Client) -> tuple[str, ...]:
    return tuple(f"{track.kind} {track.encoding}: {track.reason}" for track in client.skipped)


async def _listen(client: Client, clock: Clock, listener: _Listener, longest_s: float) -> bool:
    """Wait until enough was seen, the time is up or the camera hangs up; True in the last case.

    Raises:
        RtspError: the connection broke before anything could be measured.
    """
    closed = asyncio.create_task(client.wait_closed())
    others = [asyncio.create_task(listener.enough.wait()), asyncio.create_task(clock.sleep(longest_s))]
    try:
        await asyncio.wait([closed, *others], return_when=asyncio.FIRST_COMPLETED)
        if not closed.done():
            return False
        if listener.measurement.key_frames == 0:
            await closed
        return True
    finally:
        for task in (closed, *others):
            task.cancel()
        await asyncio.gather(closed, *others, return_exceptions=True)


def _nothing_to_record(seen: Measurement, media_bytes: int, *, ended: bool, longest_s: float) -> RtspError:
    if ended:
        return StreamEnded("the camera ended the stream before a whole picture came")
    if seen.video_frames == 0 and media_bytes == 0:
        return NoFrames(f"the camera accepted the connection, but sent nothing within {longest_s:g} s")
    return NoKeyFrame(f"no key frame within {longest_s:g} s")


def _result(seen: Measurement, tracks: Sequence[Track], skipped: tuple[str, ...]) -> ProbeResult:
    if seen.video is None:
        raise NoKeyFrame("pictures came, but not what a decoder needs to know first (no parameter sets)")
    return ProbeResult(
        video=seen.video,
        frame_rate=seen.frame_rate(),
        key_interval_s=seen.key_interval_s(),
        bitrate_bps=seen.bitrate_bps(),
        audio=next((track.format for track in tracks if isinstance(track.format, AudioFormat)), None),
        skipped=skipped,
        packets_lost=seen.packets_lost,
    )
