"""What a footage file says about itself, whatever its container."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from mini_nvr.errors import GapCause
from mini_nvr.media.frame import TrackFormat
from mini_nvr.media.part import Part

Container = Literal["mp4", "mkv"]
TimeSource = Literal["arrival", "sender report", "file name"]
"""How the start of a file is known; `file name`: footage that another product recorded, exact to the second."""


@dataclass(frozen=True, slots=True)
class GapNote:
    """A stretch without footage that ended where this file begins; kept in the file so that a rescan knows the cause."""

    start_utc_us: int
    end_utc_us: int
    cause: GapCause


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """What each file carries about itself (storage I5).

    run_id: 32 hexadecimal digits; number: position in the run, from 0.
    gaps_before: the gaps between the channel's previous footage and this file, oldest first; at most 16.
    """

    channel: int
    camera_name: str
    start_utc_us: int
    run_id: str
    number: int
    time_source: TimeSource
    gaps_before: tuple[GapNote, ...] = ()


class IndexEntry(NamedTuple):
    """A stretch of the file that starts at a key frame and ends before the next one listed: one HLS media segment.

    start_90k, duration_90k: video decoding time from the segment's origin, 90 kHz.
    offset, size_bytes: of the contiguous moof + mdat boxes in the file.
    key_offset, key_size_bytes: of the key frame's sample data in the file, for stills.
    """

    start_90k: int
    duration_90k: int
    offset: int
    size_bytes: int
    key_offset: int
    key_size_bytes: int


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """What is known of a file from its own bytes; the catalog's row says the same.

    duration_us: from the first to the end of the last presented video frame.
    size_bytes: of the file as it stands (growing: up to the last whole part).
    init_offset, init_size_bytes: of the init segment, both 0 where the container has none (mkv).
    index: empty where the container has none (mkv).
    """

    header: SegmentHeader
    container: Container
    formats: tuple[TrackFormat, ...]
    duration_us: int
    video_frames: int
    size_bytes: int
    init_offset: int
    init_size_bytes: int
    index: tuple[IndexEntry, ...]
    sealed: bool


class SegmentWriter(Protocol):
    """A growing file. `append` is called on the disk thread; `checkpoint`, `seal` on the sync thread, `seal` after the last append.

    All of them raise `SegmentError` (its `__cause__` the OSError) and leave the file playable up to its last whole part.
    """

    path: Path

    def append(self, part: Part) -> None:
        """Write one part with one vectored write."""

    def checkpoint(self) -> SegmentFacts:
        """Make all parts appended before the call durable (fdatasync) and tell what is now safe."""

    def seal(self) -> SegmentFacts:
        """Write the full index, make it durable, close the file."""

    def abandon(self) -> None:
        """Close the file as it is, without sealing; recovery finishes it later. Never raises."""
