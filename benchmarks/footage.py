"""What really stands in recorded files, read with FFmpeg's libraries whoever wrote them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av


@dataclass(frozen=True, slots=True)
class Footage:
    """Over some files: how many, their size, and the frames in them with their bytes."""

    files: int
    size_bytes: int
    frames: int
    media_bytes: int
    shortest_frames: int


def count(files: Iterable[Path]) -> Footage:
    """Read every packet of every file.

    Raises:
        av.FFmpegError: a file is not playable.
    """
    counts = [(path.stat().st_size, *_packets(path)) for path in files]
    return Footage(
        files=len(counts),
        size_bytes=sum(size for size, _, _ in counts),
        frames=sum(frames for _, frames, _ in counts),
        media_bytes=sum(media for _, _, media in counts),
        shortest_frames=min((frames for _, frames, _ in counts), default=0),
    )


def _packets(path: Path) -> tuple[int, int]:
    frames = size = 0
    with av.open(str(path)) as container:
        for packet in container.demux():
            frames += packet.size > 0  # the last one of each stream is empty
            size += packet.size
    return frames, size
