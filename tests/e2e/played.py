"""What FFmpeg reads from a footage file, as any player would: packets, pictures, sound."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from mini_nvr.demo import digest
from mini_nvr.errors import SegmentError
from mini_nvr.media.frame import VideoCodec
from mini_nvr.segment.scan import scan

Floats = NDArray[np.float32]

_SET_TYPES = {"h264": {7, 8}, "h265": {32, 33, 34}}  # ITU-T H.264 table 7-1, H.265 table 7-1: SPS and PPS; VPS, SPS and PPS


class Packet(NamedTuple):
    """A stored frame; times in seconds from the file's origin, exact."""

    pts: Fraction
    duration: Fraction
    is_key: bool
    data: bytes


@contextmanager
def opened(source: Path | bytes) -> Iterator[av.container.InputContainer]:
    """FFmpeg's view of a file, or of the bytes of one."""
    with av.open(BytesIO(source) if isinstance(source, bytes) else str(source), "r") as container:
        yield container


def packets(source: Path | bytes, kind: str) -> list[Packet]:
    """All stored frames of the video or the audio track, in the file's order."""
    with opened(source) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        base = stream.time_base or Fraction(1)
        return [
            Packet((packet.pts or 0) * base, (packet.duration or 0) * base, packet.is_keyframe, bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]


def picture_times(source: Path | bytes) -> list[Fraction]:
    """When each decoded picture is shown, in seconds from the file's origin.

    Raises:
        av.FFmpegError: the file does not open, or a frame does not decode without error.
    """
    with opened(source) as container:
        return [(frame.pts or 0) * (frame.time_base or Fraction(1)) for frame in _decode(container)]


def pictures(source: Path | bytes) -> list[tuple[Fraction, NDArray[np.uint8]]]:
    """All pictures with their times; luma only."""
    with opened(source) as container:
        return [((frame.pts or 0) * (frame.time_base or Fraction(1)), _luma(frame)) for frame in _decode(container)]


def _luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)


def sound(source: Path | bytes) -> tuple[float, int, Floats]:
    """When the sound begins, its sample rate, and its samples, mono; holes are silence."""
    with opened(source) as container:
        audio = container.streams.audio[0]
        blocks = [(frame.time or 0.0, frame.sample_rate, frame.to_ndarray()[0]) for frame in container.decode(audio)]
    start_s, rate, _ = blocks[0]
    last_s, _, last = blocks[-1]
    samples = np.zeros(round((last_s - start_s) * rate) + len(last), np.float32)
    for time_s, _, block in blocks:
        position = round((time_s - start_s) * rate)
        samples[position : position + len(block)] = block
    return start_s, rate, samples


def _decode(container: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    video = container.streams.video[0]
    video.codec_context.options = {"err_detect": "explode"}
    video.codec_context.thread_count = 1  # otherwise pictures of a broken file might be missed at its end
    return container.decode(video)


def has_footage(path: Path) -> bool:
    """Whether a file holds a whole part yet: before that there is nothing to play, and the next start removes what a kill left."""
    try:
        return scan(path).video_frames > 0
    except SegmentError:
        return False


def digests(frames: Sequence[Packet]) -> list[bytes]:
    """As the simulated camera logs what it sends."""
    return [digest(frame.data) for frame in frames]


def digests_without_sets(codec: VideoCodec, frames: Sequence[Packet]) -> list[bytes]:
    """The same for a container that keeps parameter sets in the stream."""
    return [digest(split_sets(codec, frame.data)[1]) for frame in frames]


def split_sets(codec: VideoCodec, data: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The parameter sets of a length-prefixed access unit, and the rest of it."""
    sets: list[bytes] = []
    rest = bytearray()
    position = 0
    while position < len(data):
        end = position + 4 + int.from_bytes(data[position : position + 4])
        header = data[position + 4]
        nal_type = header & 0x1F if codec == "h264" else header >> 1 & 0x3F
        if nal_type in _SET_TYPES[codec]:
            sets.append(data[position + 4 : end])
        else:
            rest += data[position:end]
        position = end
    return tuple(sets), bytes(rest)
