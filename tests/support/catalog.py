"""Facts of imaginary files, and a recording folder of files that stand for them."""

import errno
from dataclasses import replace
from datetime import UTC
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Literal

from mini_nvr.catalog.model import SegmentChange
from mini_nvr.catalog.playback_queries import indexes_of
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import SegmentError
from mini_nvr.media.frame import AudioFormat, TrackFormat, VideoFormat
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.model import Container, GapNote, IndexEntry, SegmentFacts, SegmentHeader
from mini_nvr.segment.names import segment_name

T0 = 1_772_371_800 * US_PER_S  # 2026-03-01T13:30:00Z
MINUTE = 60 * US_PER_S
FIVE_MINUTES = 5 * MINUTE
DAY = 24 * 60 * MINUTE

VIDEO = VideoFormat("h264", (b"sps", b"pps"), b"avcC", 1920, 1080, Fraction(1), Fraction(30_000, 1_001), 0, "avc1.640028")
G711 = AudioFormat("pcma", 8_000, 1, b"", "", 0)
INDEX = (IndexEntry(0, 180_000, 944, 500_000, 1_000, 90_000), IndexEntry(180_000, 90_000, 500_944, 400_000, 501_000, 80_000))

FileState = Literal["growing", "sealed", "empty", "broken", "no space"]


def run_id(number: int) -> str:
    return f"{number:032x}"


def facts(
    start_utc_us: int = T0,
    *,
    channel: int = 1,
    run: int = 1,
    number: int = 0,
    duration_us: int = FIVE_MINUTES,
    size_bytes: int = 1_000_000,
    sealed: bool = True,
    gaps_before: tuple[GapNote, ...] = (),
    formats: tuple[TrackFormat, ...] = (VIDEO,),
    container: Container = "mp4",
    index: tuple[IndexEntry, ...] = INDEX,
) -> SegmentFacts:
    header = SegmentHeader(channel, f"Camera {channel}", start_utc_us, run_id(run), number, "arrival", gaps_before)
    return SegmentFacts(header, container, formats, duration_us, duration_us // 40_000, size_bytes, 44, 900, index, sealed)


def path_of(of: SegmentFacts) -> PurePosixPath:
    return segment_name(of.header.channel, of.header.start_utc_us, UTC, of.container)


def change(of: SegmentFacts) -> SegmentChange:
    return SegmentChange(path_of(of), of)


def index_of(catalog: Catalog, segment_id: int) -> tuple[IndexEntry, ...]:
    """The key-frame index that is kept of a segment; empty when none is."""
    return indexes_of(catalog, [segment_id]).get(segment_id, ())


class FakeFolder:
    """Files whose only content is their state; `scan` and `recover` answer for them as those of `segment.scan` do for real ones."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.recovered: list[tuple[PurePosixPath, int]] = []
        self._facts: dict[PurePosixPath, SegmentFacts] = {}
        root.mkdir(exist_ok=True)

    def put(self, of: SegmentFacts, state: str | None = None) -> SegmentChange:
        """Make the file that says `of` about itself."""
        path = path_of(of)
        self._facts[path] = replace(of, sealed=True)
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(state or ("sealed" if of.sealed else "growing"))
        return SegmentChange(path, of)

    def files(self) -> set[PurePosixPath]:
        """What is on the disk now."""
        return {PurePosixPath(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}

    def scan(self, path: Path) -> SegmentFacts:
        state = path.read_text()
        if state == "broken":
            raise SegmentError(f"{path.name}: a box of 3 bytes")
        if state == "empty":
            raise EmptySegment(f"{path.name}: no whole part")
        if state == "no space":
            raise SegmentError(f"{path.name}: cannot be sealed") from OSError(errno.ENOSPC, "No space left on device")
        return replace(self._facts[PurePosixPath(path.relative_to(self.root))], sealed=state == "sealed")

    def recover(self, path: Path, synced_bytes: int = 0) -> SegmentFacts:
        found = self.scan(path)
        self.recovered.append((PurePosixPath(path.relative_to(self.root)), synced_bytes))
        path.write_text("sealed")
        return replace(found, sealed=True)
