"""What a footage file says about itself, and how one that a crash left behind is finished: for both containers.

The container is told by the file's suffix. Reading Matroska pulls in FFmpeg's libraries, hence only when such a file turns up.
"""

from pathlib import Path

from mini_nvr.errors import SegmentError
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.hybrid_reader import scan_hybrid, verify_hybrid
from mini_nvr.segment.hybrid_recovery import recover_hybrid
from mini_nvr.segment.model import SegmentFacts

__all__ = ["EmptySegment", "recover", "recover_hybrid", "scan", "scan_hybrid", "verify"]


def scan(path: Path) -> SegmentFacts:
    """The facts of a file, growing or sealed, as it states them itself. Changes nothing.

    Raises:
        SegmentError: not one of our files, damaged, or unreadable.
    """
    if path.suffix == ".mp4":
        return scan_hybrid(path)
    if path.suffix == ".mkv":
        from mini_nvr.segment.matroska import scan_matroska  # noqa: PLC0415  pulls in FFmpeg's libraries

        return scan_matroska(path)
    raise SegmentError(f"{path.name}: footage files end in .mp4 or .mkv")


def verify(path: Path) -> SegmentFacts:
    """The facts of a file, growing or sealed, from all of its parts. Changes nothing.

    Raises:
        SegmentError: not one of our files, damaged, or unreadable.
    """
    return verify_hybrid(path) if path.suffix == ".mp4" else scan(path)


def recover(path: Path, synced_bytes: int = 0) -> SegmentFacts:
    """Finish a file that a crash left growing; a finished one is left as it is.

    synced_bytes: what the last checkpoint said is durable.

    Raises:
        EmptySegment: nothing in it can be played; the caller removes it.
        SegmentError: not one of our files, damaged, or the disk refuses.
    """
    if path.suffix == ".mp4":
        return recover_hybrid(path, synced_bytes)
    if path.suffix == ".mkv":
        from mini_nvr.segment.matroska import recover_matroska  # noqa: PLC0415  pulls in FFmpeg's libraries

        return recover_matroska(path)
    raise SegmentError(f"{path.name}: footage files end in .mp4 or .mkv")
