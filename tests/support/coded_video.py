"""Real H.264 and H.265, made by libx264 and libx265 through PyAV: small, moving, the same on every call."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal

import av
import numpy as np

from mini_nvr.media import h264, h265
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, VideoFormat

_ENCODERS: Mapping[str, Literal["libx264", "libx265"]] = {"h264": "libx264", "h265": "libx265"}
_CONFIG_BOX = {"h264": b"avcC", "h265": b"hvcC"}


@dataclass(frozen=True)
class CodedFrame:
    """One access unit in decoding order: NAL units behind 4-byte lengths, without parameter sets; times in 90 kHz."""

    data: bytes
    pts: int
    dts: int
    is_key: bool


@dataclass(frozen=True)
class CodedVideo:
    """A clip, the parameter sets as they stand in FFmpeg's MP4, by type, and the decoder configuration that FFmpeg wrote."""

    codec: Literal["h264", "h265"]
    frames: tuple[CodedFrame, ...]
    sets: tuple[tuple[bytes, ...], ...]
    ffmpeg_config: bytes

    @property
    def format(self) -> VideoFormat:
        return h264.video_format(*self.sets) if self.codec == "h264" else h265.video_format(*self.sets)


@cache
def encode(
    codec: Literal["h264", "h265"] = "h264",
    *,
    size: tuple[int, int] = (192, 112),
    frames: int = 25,
    rate: Fraction = Fraction(25),
    gop: int = 12,
    options: str = "bframes=0",
    preset: str = "ultrafast",
    profile: str = "",
    pixel_format: str = "yuv420p",
    sample_aspect: Fraction | None = None,
) -> CodedVideo:
    """Encode a moving pattern; `options` are the encoder's own, colon-separated."""
    buffer = io.BytesIO()
    quiet = ":log-level=none:pools=none:frame-threads=1" if codec == "h265" else ":threads=1"
    encoder_options = {f"{_ENCODERS[codec][3:]}-params": options + quiet, "preset": preset, "g": str(gop)}
    if profile:
        encoder_options["profile"] = profile
    with av.open(buffer, "w", format="mp4", options={"video_track_timescale": str(VIDEO_CLOCK_HZ)}) as container:
        stream = container.add_stream(_ENCODERS[codec], rate=rate, options=encoder_options)
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        if sample_aspect is not None:
            stream.codec_context.sample_aspect_ratio = sample_aspect
        for number in range(frames):
            container.mux(stream.encode(_picture(size, number).reformat(format=pixel_format)))
        container.mux(stream.encode(None))
    return _demux(codec, buffer.getvalue())


def _picture(size: tuple[int, int], number: int) -> av.VideoFrame:
    width, height = size
    columns, rows = np.meshgrid(np.arange(width, dtype=np.uint16), np.arange(height, dtype=np.uint16))
    planes = (columns + 5 * number, rows + 3 * number, (columns ^ rows) + 7 * number)
    return av.VideoFrame.from_ndarray(np.stack(planes, axis=-1).astype(np.uint8), format="rgb24")


def _demux(codec: Literal["h264", "h265"], mp4: bytes) -> CodedVideo:
    frames = []
    with av.open(io.BytesIO(mp4), "r") as container:
        for packet in container.demux(video=0):
            if packet.pts is not None and packet.dts is not None:
                frames.append(CodedFrame(bytes(packet), packet.pts, packet.dts, packet.is_keyframe))
    config = _box_payload(mp4, _CONFIG_BOX[codec])
    return CodedVideo(codec, tuple(frames), _sets_in(codec, config), config)


def _box_payload(mp4: bytes, name: bytes) -> bytes:
    position = mp4.index(name)
    return mp4[position + 4 : position - 4 + int.from_bytes(mp4[position - 4 : position])]


def _sets_in(codec: Literal["h264", "h265"], config: bytes) -> tuple[tuple[bytes, ...], ...]:
    """SPS and PPS of an `avcC`, or VPS, SPS and PPS of an `hvcC`; other arrays are left out."""
    stream = io.BytesIO(config)

    def number(size: int) -> int:
        return int.from_bytes(stream.read(size))

    def sets(count: int) -> tuple[bytes, ...]:
        return tuple(stream.read(number(2)) for _ in range(count))

    if codec == "h264":
        stream.seek(5)
        return sets(number(1) & 0x1F), sets(number(1))
    stream.seek(22)
    arrays = {number(1) & 0x3F: sets(number(2)) for _ in range(number(1))}
    return arrays[h265.NAL_VPS_NUT], arrays[h265.NAL_SPS_NUT], arrays[h265.NAL_PPS_NUT]
