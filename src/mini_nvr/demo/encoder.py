"""Encoding pictures and sound with FFmpeg's libraries, tuned for the least CPU, without any file or container."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoCodec

_H264_SETS = frozenset({7, 8})  # SPS, PPS: ITU-T H.264 table 7-1
_H265_SETS = frozenset({32, 33, 34})  # VPS, SPS, PPS: ITU-T H.265 table 7-1
_START_CODE = b"\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How to encode. `bit_rate` in bits per second, None for constant quality; every GOP is closed and starts with an IDR."""

    codec: VideoCodec
    width: int
    height: int
    fps: Fraction
    gop_frames: int
    bit_rate: int | None = None
    b_frames: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture: NAL units without parameter sets, presentation time in frames."""

    nals: tuple[bytes, ...]
    pts: int
    is_key: bool


def split_annex_b(stream: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream (ITU-T H.264 annex B), without start codes and trailing zeros."""
    return [nal for piece in stream.split(_START_CODE)[1:] if (nal := piece.rstrip(b"\x00"))]


def is_parameter_set(codec: VideoCodec, nal: bytes) -> bool:
    """VPS, SPS or PPS."""
    return (nal[0] & 0x1F) in _H264_SETS if codec == "h264" else ((nal[0] >> 1) & 0x3F) in _H265_SETS


class VideoEncoder:
    """libx264 or libx265 with one thread; without B-frames each picture comes out at once."""

    def __init__(self, settings: VideoSettings) -> None:
        self._codec = settings.codec
        self._context = _open_video(settings)
        nals = split_annex_b(bytes(self._context.extradata or b""))
        self.parameter_sets = tuple(nal for nal in nals if is_parameter_set(self._codec, nal))

    def encode(self, frame: av.VideoFrame, pts: int, *, force_key: bool = False) -> list[Picture]:
        """Encode the picture shown at frame number `pts`; the frame's memory may be reused afterwards without B-frames."""
        frame.pts = pts
        frame.pict_type = PictureType.I if force_key else PictureType.NONE
        return list(self._pictures(frame))

    def finish(self) -> list[Picture]:
        """The pictures still held back for reordering."""
        return list(self._pictures(None))

    def _pictures(self, frame: av.VideoFrame | None) -> Iterator[Picture]:
        try:
            packets = self._context.encode(frame)
        except av.FFmpegError as exc:
            raise MediaError(f"the demo picture could not be encoded: {exc}") from exc
        for packet in packets:
            nals = tuple(nal for nal in split_annex_b(bytes(packet)) if not is_parameter_set(self._codec, nal))
            yield Picture(nals, packet.pts or 0, packet.is_keyframe)


def _open_video(settings: VideoSettings) -> VideoCodecContext:
    try:
        context = av.CodecContext.create("libx264" if settings.codec == "h264" else "libx265", "w")
        assert isinstance(context, VideoCodecContext)  # noqa: S101  narrows the type for both encoders named above
        context.width, context.height = settings.width, settings.height
        context.pix_fmt = "yuv420p"
        context.framerate = settings.fps
        context.time_base = 1 / settings.fps
        context.gop_size = settings.gop_frames
        context.max_b_frames = settings.b_frames
        context.thread_count = 1
        context.flags |= int(Flags.global_header)
        if settings.bit_rate is not None:
            context.bit_rate = settings.bit_rate
        context.options = _x264_options(settings) if settings.codec == "h264" else _x265_options(settings)
        context.open()
    except (av.FFmpegError, ValueError) as exc:
        raise MediaError(f"FFmpeg's libraries here cannot encode {settings.codec}: {exc}") from exc
    return context


def _rate_options(settings: VideoSettings) -> dict[str, str]:
    """A tight buffer, so that short clips come close to the wanted bit rate."""
    if settings.bit_rate is None:
        return {"crf": "26"}
    return {"maxrate": str(settings.bit_rate), "bufsize": str(settings.bit_rate // 2)}


def _x264_options(settings: VideoSettings) -> dict[str, str]:
    options = {"preset": "ultrafast", "forced-idr": "1", "x264-params": "scenecut=0:open-gop=0:sliced-threads=0"}
    if settings.b_frames == 0:
        options["tune"] = "zerolatency"
    return options | _rate_options(settings)


def _x265_options(settings: VideoSettings) -> dict[str, str]:
    """x265 takes its own parameter list; `pools=none` and one frame thread keep it on the calling thread."""
    params = [
        "pools=none",
        "frame-threads=1",
        "log-level=none",
        "info=0",
        "scenecut=0",
        "open-gop=0",
        "rd=1",
        "early-skip=1",
        "aq-mode=0",
    ]
    params += [f"keyint={settings.gop_frames}", f"min-keyint={settings.gop_frames}", f"bframes={settings.b_frames}"]
    if settings.bit_rate is None:
        params.append("crf=28")
    else:
        kilobits = settings.bit_rate // 1000
        params += [f"bitrate={kilobits}", f"vbv-maxrate={kilobits}", f"vbv-bufsize={kilobits // 2}"]
    options = {"preset": "ultrafast", "forced-idr": "1", "x265-params": ":".join(params)}
    if settings.b_frames == 0:
        options["tune"] = "zerolatency"
    return options


class AacEncoder:
    """AAC-LC mono. `config` is the AudioSpecificConfig; each call takes 1024 samples and returns what is ready."""

    FRAME_SAMPLES = 1024

    def __init__(self, sample_rate_hz: int, bit_rate: int = 32_000) -> None:
        try:
            context = av.CodecContext.create("aac", "w")
            assert isinstance(context, AudioCodecContext)  # noqa: S101  narrows the type for the encoder named above
            context.sample_rate = sample_rate_hz
            context.layout = "mono"
            context.format = "fltp"
            context.bit_rate = bit_rate
            context.time_base = Fraction(1, sample_rate_hz)
            context.flags |= int(Flags.global_header)
            context.options = {"aac_coder": "fast"}
            context.open()
        except (av.FFmpegError, ValueError) as exc:
            raise MediaError(f"FFmpeg's libraries here cannot encode AAC: {exc}") from exc
        self._context = context
        self.config = bytes(context.extradata or b"")

    def encode(self, samples: NDArray[np.float32], pts: int) -> list[tuple[int, bytes]]:
        """(pts, access unit) pairs; the encoder's delay makes the first pts lie one frame before the first sample."""
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate = self._context.sample_rate
        frame.pts = pts
        return [(packet.pts or 0, bytes(packet)) for packet in self._context.encode(frame)]


class G711Encoder:
    """G.711 mono, A-law or mu-law: one byte a sample, no delay."""

    def __init__(self, codec: Literal["pcma", "pcmu"], sample_rate_hz: int) -> None:
        context = av.CodecContext.create("pcm_alaw" if codec == "pcma" else "pcm_mulaw", "w")
        assert isinstance(context, AudioCodecContext)  # noqa: S101  narrows the type for both encoders named above
        context.sample_rate = sample_rate_hz
        context.layout = "mono"
        context.format = "s16"
        context.open()
        self._context = context

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """Samples in -1..1."""
        pcm = np.clip(samples * 32767.0, -32768.0, 32767.0).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._context.sample_rate
        return b"".join(bytes(packet) for packet in self._context.encode(frame))
