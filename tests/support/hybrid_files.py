"""Hybrid MP4 files made by the writer from real footage, and what FFmpeg reads back from them."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import av
import numpy as np

from mini_nvr.errors import GapCause
from mini_nvr.media.part import Part
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import GapNote, SegmentFacts, SegmentHeader
from tests.support.footage import Clip, cut_into_parts

START_UTC_US = 1_790_000_000_000_000
HEADER = SegmentHeader(
    channel=7,
    camera_name="Yard, «north» 🎥",
    start_utc_us=START_UTC_US,
    run_id="0123456789abcdef" * 2,
    number=3,
    time_source="arrival",
    gaps_before=(GapNote(START_UTC_US - 60_000_000, START_UTC_US, GapCause.CAMERA_OFFLINE),),
)


@dataclass(frozen=True, slots=True)
class Recording:
    """A sealed file and how it came to be. `ends`: the file's size before the first part and after each."""

    path: Path
    parts: Sequence[Part]
    ends: tuple[int, ...]
    growing: bytes
    facts: SegmentFacts

    @property
    def sealed(self) -> bytes:
        return self.path.read_bytes()


def record(path: Path, clips: Sequence[Clip], *, part_90k: int = 90_000) -> Recording:
    """Write the clips, part by part, and seal the file."""
    parts = cut_into_parts(clips, part_90k=part_90k)
    writer = HybridWriter(path, HEADER, [clip.format for clip in clips])
    ends = [path.stat().st_size]
    for part in parts:
        writer.append(part)
        ends.append(path.stat().st_size)
    growing = path.read_bytes()
    return Recording(path, parts, tuple(ends), growing, writer.seal())


@contextmanager
def opened(source: Path | bytes) -> Iterator[av.container.InputContainer]:
    container = av.open(BytesIO(source) if isinstance(source, bytes) else str(source), "r")
    with container:
        yield container


def packets(source: Path | bytes, kind: str) -> list[tuple[int, int | None, bytes]]:
    """(pts, duration, data) of the packets of the first stream of that kind, in decoding order."""
    with opened(source) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [(packet.pts or 0, packet.duration, bytes(packet)) for packet in container.demux(stream) if packet.size]


def pictures(source: Path | bytes) -> list[tuple[int, bytes]]:
    """(pts, luma) of all decoded pictures in output order; fails on a decoding error."""
    with opened(source) as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return [(frame.pts or 0, np.ascontiguousarray(frame.to_ndarray()).tobytes()) for frame in container.decode(video=0)]


def seek_picture(path: Path, pts: int) -> tuple[int, bytes]:
    """(pts, luma) of the first picture at or after `pts`, found by seeking."""
    with opened(path) as container:
        container.seek(pts, stream=container.streams.video[0], backward=True)
        return next(
            (frame.pts, np.ascontiguousarray(frame.to_ndarray()).tobytes())
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.pts >= pts
        )


def ffprobe_complaints(path: Path) -> str:
    """What Debian's ffprobe has to say against a file; it reads all packets."""
    command = ["ffprobe", "-v", "warning", "-count_packets", "-show_entries", "format=filename", "-of", "csv=p=0", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stderr + ("" if result.returncode == 0 else f"exit code {result.returncode}")
