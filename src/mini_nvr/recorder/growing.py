"""One file between its first part and its seal, as the three threads that touch it see it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from mini_nvr.errors import GapCause, SegmentError
from mini_nvr.media.frame import TrackFormat
from mini_nvr.segment.model import SegmentHeader, SegmentWriter


@dataclass(slots=True, eq=False)
class GrowingSegment:
    """Each field has one writer, named below; the others only read it.

    submitted_bytes, submitted_us: event loop. written_bytes, path, writer, failure, whole_us: disk thread. whole_us is how much
    video the file holds, in microseconds from its start. on_failure is called on the disk thread, once, with the cause in words.
    """

    header: SegmentHeader
    formats: tuple[TrackFormat, ...]
    on_failure: Callable[["GrowingSegment", GapCause, str], None]
    submitted_bytes: int = 0
    submitted_us: int = 0
    written_bytes: int = 0
    whole_us: int = 0
    path: PurePosixPath | None = None
    writer: SegmentWriter | None = field(default=None, repr=False)
    failure: SegmentError | None = None

    @property
    def queued_bytes(self) -> int:
        return self.submitted_bytes - self.written_bytes

    @property
    def submitted_end_utc_us(self) -> int:
        return self.header.start_utc_us + self.submitted_us

    @property
    def written_end_utc_us(self) -> int:
        return self.header.start_utc_us + self.whole_us
