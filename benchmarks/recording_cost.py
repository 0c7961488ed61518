"""What the windows of `benchmarks.record` come to: one row for each contender and number of cameras, and the targets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from benchmarks.contenders import Name
from benchmarks.findings import Figure, Table
from benchmarks.footage import Footage
from benchmarks.process_cost import BytesWritten

MAX_CPU_SHARE = 0.45  # of ffmpeg's CPU per camera
MAX_ADDED_MB = 3.0  # memory per camera
MAX_WRITTEN = 1.01  # bytes written / media bytes received (storage I1)
JUDGED_FROM = 16
"""Cameras. With few, a catalog, three threads and an event loop are shared by few; figures without targets."""

_NAMES = {"mini-nvr": "mini-nvr, one process", "ffmpeg": "ffmpeg, one process each"}
_HEADINGS = (
    "recorder",
    "cameras",
    "CPU per camera, % of a core (lowest..highest window)",
    "memory, MB",
    "added per camera, MB",
    "written / media bytes",
    "pages to disk / media bytes",
    "context switches per s and camera",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured window. cpu_s: used in the window. memory_bytes: at its end. written, footage: from start to stop."""

    name: Name
    cameras: int
    seconds: float
    cpu_s: float
    switches: int
    memory_bytes: int
    written: BytesWritten
    footage: Footage

    @property
    def cpu_percent(self) -> float:
        """Of one core, per camera."""
        return 100 * self.cpu_s / self.seconds / self.cameras

    @property
    def switches_per_s(self) -> float:
        """Context switches per second and camera."""
        return self.switches / self.seconds / self.cameras

    @property
    def written_share(self) -> float:
        """Everything handed to write calls, catalog and index included, over the media bytes in the files."""
        return self.written.handed_over / self.footage.media_bytes


@dataclass(frozen=True, slots=True)
class Row:
    """The windows of one contender with one number of cameras, averaged.

    added_mb: memory that each camera after the first adds; None with one camera, or where one was not measured.
    """

    name: Name
    cameras: int
    cpu_percent: float
    lowest_percent: float
    highest_percent: float
    memory_mb: float
    added_mb: float | None
    written_share: float
    to_disk_share: float
    switches_per_s: float


def line(sample: Sample) -> str:
    """One window in one line, printed as soon as it is over."""
    return (
        f"{sample.name:>8} {sample.cameras:>3} cameras {sample.seconds:5.1f} s: {sample.cpu_percent:.3f} % of a core per camera, "
        f"{sample.switches_per_s:.1f} switches/s, {sample.memory_bytes / 1e6:.1f} MB, written {sample.written_share:.4f}"
    )


def summarise(samples: Sequence[Sample]) -> list[Row]:
    """One row for each contender and number of cameras, ours first."""
    keys = dict.fromkeys((sample.cameras, sample.name) for sample in samples)
    return [_row([s for s in samples if (s.cameras, s.name) == key], samples) for key in sorted(keys, key=lambda key: key[0])]


def bit_rate(samples: Sequence[Sample]) -> float:
    """Bits per second of one camera, from the frames in the files."""
    return mean(sample.footage.media_bytes * 8 * 25 / sample.footage.frames for sample in samples)


def table(rows: Sequence[Row]) -> Table:
    """Both contenders side by side."""
    return Table(_HEADINGS, tuple(_cells(row) for row in rows))


def figures(rows: Sequence[Row]) -> Iterator[Figure]:
    """What is compared with a target, of each number of cameras from `JUDGED_FROM`; the others without one."""
    for ours in (row for row in rows if row.name == "mini-nvr"):
        judged, of = ours.cameras >= JUDGED_FROM, f"{ours.cameras} camera{'s' if ours.cameras > 1 else ''}"
        theirs = next((row for row in rows if row.name == "ffmpeg" and row.cameras == ours.cameras), None)
        yield Figure(f"{ours.cameras}.cpu", f"{of}: CPU per camera", ours.cpu_percent, "% of a core", digits=3)
        if theirs is not None:
            share, at_most = ours.cpu_percent / theirs.cpu_percent, MAX_CPU_SHARE if judged else None
            yield Figure(f"{ours.cameras}.cpu_share", f"{of}: CPU per camera / ffmpeg's", share, digits=2, at_most=at_most)
        if ours.added_mb is not None:
            at_most = MAX_ADDED_MB if judged else None
            yield Figure(f"{ours.cameras}.added", f"{of}: memory added per camera", ours.added_mb, "MB", digits=2, at_most=at_most)
        at_most = MAX_WRITTEN if judged else None
        yield Figure(f"{ours.cameras}.written", f"{of}: bytes written / media bytes", ours.written_share, digits=4, at_most=at_most)


def _row(windows: Sequence[Sample], samples: Sequence[Sample]) -> Row:
    name, cameras = windows[0].name, windows[0].cameras
    single = next((s.memory_bytes for s in samples if s.name == name and s.cameras == 1), None)
    memory = mean(s.memory_bytes for s in windows)
    percents = [s.cpu_percent for s in windows]
    return Row(
        name=name,
        cameras=cameras,
        cpu_percent=mean(percents),
        lowest_percent=min(percents),
        highest_percent=max(percents),
        memory_mb=memory / 1e6,
        added_mb=None if cameras == 1 or single is None else (memory - single) / (cameras - 1) / 1e6,
        written_share=mean(s.written_share for s in windows),
        to_disk_share=mean(s.written.to_disk / s.footage.media_bytes for s in windows),
        switches_per_s=mean(s.switches_per_s for s in windows),
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        _NAMES[row.name],
        str(row.cameras),
        f"{row.cpu_percent:.3f} ({row.lowest_percent:.3f}..{row.highest_percent:.3f})",
        f"{row.memory_mb:.0f}",
        "" if row.added_mb is None else f"{row.added_mb:.2f}",
        f"{row.written_share:.4f}",
        f"{row.to_disk_share:.4f}",
        f"{row.switches_per_s:.1f}",
    )
