"""Real footage for tests: encoded by FFmpeg's encoders, as access units with exact times, and cut into parts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Literal

import av
import numpy as np

from mini_nvr.media import aac, h264, h265
from mini_nvr.media.frame import TrackFormat, VideoCodec, VideoFormat
from mini_nvr.media.nal import length_prefixed
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart

FRAME_90K = 3_600  # 25 frames a second


@dataclass(frozen=True, slots=True)
class Sample:
    """A frame with its times in the track's clock rate; the first frame of a clip presents at its decoding time."""

    dts: int
    pts: int
    duration: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Clip:
    format: TrackFormat
    samples: tuple[Sample, ...]

    def delayed(self, ticks: int) -> "Clip":
        """The same frames, all of them later."""
        return replace(self, samples=tuple(replace(s, dts=s.dts + ticks, pts=s.pts + ticks) for s in self.samples))


@cache
def video_clip(
    codec: VideoCodec = "h264", *, frames: int = 100, gop: int = 25, b_frames: int = 0, width: int = 192, quantizer: int = 23
) -> Clip:
    """A moving gradient, 25 frames a second, with a key frame every `gop` frames."""
    coder = av.CodecContext.create({"h264": "libx264", "h265": "libx265"}[codec], "w")
    assert isinstance(coder, av.VideoCodecContext)
    coder.width, coder.height, coder.pix_fmt = width, 108, "yuv420p"
    coder.thread_count = 1  # the same bytes in every run
    coder.time_base, coder.framerate = Fraction(1, 25), Fraction(25)
    common = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:crf={quantizer}"
    coder.options = (
        {"preset": "veryfast", "x264-params": f"{common}:b-adapt=0:force-cfr=1"}
        if codec == "h264"
        else {"preset": "ultrafast", "x265-params": f"{common}:b-adapt=0:open-gop=0:log-level=none:pools=1"}
    )
    packets = [packet for index in range(frames) for packet in coder.encode(_picture(index, frames, width))] + coder.encode(None)
    units = [(packet, split_annex_b(bytes(packet))) for packet in packets]
    video = _video_format(codec, units[0][1])
    first_dts, first_pts = packets[0].dts or 0, packets[0].pts or 0
    samples = tuple(
        Sample(
            dts=((packet.dts or 0) - first_dts) * FRAME_90K,
            pts=((packet.pts or 0) - first_pts) * FRAME_90K,
            duration=FRAME_90K,
            key=packet.is_keyframe,
            data=length_prefixed(nal for nal in nals if not _is_parameter_set(codec, nal)),
        )
        for packet, nals in units
    )
    return Clip(video, samples)


@cache
def audio_clip(*, rate: int = 16_000, seconds: float = 4.0, start: int = 0, bit_rate: int = 32_000) -> Clip:
    """A tone in AAC-LC; its first frame is presented at `start`, in samples."""
    coder = av.CodecContext.create("aac", "w")
    assert isinstance(coder, av.AudioCodecContext)
    coder.sample_rate, coder.layout, coder.format = rate, "mono", "fltp"
    coder.time_base, coder.bit_rate = Fraction(1, rate), bit_rate
    packets = []
    for index in range(int(rate * seconds) // 1024):
        phase = np.arange(index * 1024, (index + 1) * 1024, dtype=np.float32) * np.float32(2 * np.pi * 440 / rate)
        frame = av.AudioFrame.from_ndarray(np.sin(phase)[None, :] * np.float32(0.3), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, index * 1024
        packets += coder.encode(frame)
    packets += coder.encode(None)
    assert coder.extradata is not None
    samples = tuple(
        Sample(start + i * 1024, start + i * 1024, 1024, key=True, data=bytes(packet)) for i, packet in enumerate(packets)
    )
    return Clip(aac.audio_format(bytes(coder.extradata)), samples)


def cut_into_parts(clips: Sequence[Clip], *, part_90k: int = 90_000) -> list[Part]:
    """Parts of at least `part_90k` of video, or up to the next key frame if that comes first, with the audio of that time."""
    video = next(clip for clip in clips if isinstance(clip.format, VideoFormat))
    others = [clip for clip in clips if clip is not video]
    starts = [0]
    for index, sample in enumerate(video.samples):
        if index > starts[-1] and (sample.key or sample.dts - video.samples[starts[-1]].dts >= part_90k):
            starts.append(index)
    parts = []
    for start, end in zip(starts, [*starts[1:], len(video.samples)], strict=True):
        window = video.samples[start:end]
        tracks = [track_part(VIDEO_TRACK_ID, window)]
        low = 0 if start == 0 else Fraction(window[0].dts, 90_000)
        high = Fraction(window[-1].dts + window[-1].duration, 90_000) if end < len(video.samples) else float("inf")
        for clip in others:
            rate = clip.format.clock_hz
            if inside := [s for s in clip.samples if low <= Fraction(s.dts, rate) < high]:
                tracks.append(track_part(AUDIO_TRACK_ID, inside))
        parts.append(Part(tracks, starts_at_key=window[0].key))
    return parts


def track_part(track_id: int, samples: Sequence[Sample]) -> TrackPart:
    is_video = track_id == VIDEO_TRACK_ID
    return TrackPart(
        track_id,
        base_dts=samples[0].dts,
        durations=[s.duration for s in samples],
        payloads=[s.data for s in samples],
        cts_offsets=[s.pts - s.dts for s in samples] if is_video else [],
        keys=[s.key for s in samples] if is_video else [],
    )


def video_format(clip: Clip) -> VideoFormat:
    assert isinstance(clip.format, VideoFormat)
    return clip.format


def split_annex_b(data: bytes) -> list[bytes]:
    """NAL units of a byte stream with start codes (ITU-T H.264 annex B)."""
    return [nal.rstrip(b"\0") for nal in data.split(b"\0\0\1") if nal.strip(b"\0")]


def _picture(index: int, frames: int, width: int) -> av.VideoFrame:
    ramp = (np.arange(width, dtype=np.int32)[None, :] + np.arange(162, dtype=np.int32)[:, None] + index * 255 // frames) % 256
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(ramp.astype(np.uint8)), format="yuv420p")
    frame.pts = index
    return frame


def _is_parameter_set(codec: Literal["h264", "h265"], nal: bytes) -> bool:
    return h264.nal_type(nal) in {7, 8} if codec == "h264" else h265.nal_type(nal) in {32, 33, 34}


def _video_format(codec: Literal["h264", "h265"], nals: Sequence[bytes]) -> VideoFormat:
    if codec == "h264":
        return h264.video_format([n for n in nals if h264.nal_type(n) == 7], [n for n in nals if h264.nal_type(n) == 8])
    by_type = {kind: [n for n in nals if h265.nal_type(n) == kind] for kind in (32, 33, 34)}
    return h265.video_format(by_type[32], by_type[33], by_type[34])
