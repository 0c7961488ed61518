"""The figures of a run as tables, with the targets, for the terminal and for docs/performance.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks.contenders import Name
from benchmarks.footage import Footage
from benchmarks.process_cost import BytesWritten

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- bench-record: begin -->", "<!-- bench-record: end -->"

MAX_CPU_SHARE = 0.45  # of ffmpeg's CPU per camera
MAX_ADDED_MB = 3.0  # memory per camera
MAX_WRITTEN = 1.01  # bytes written / media bytes received (storage I1)

_NAMES = {"mini-nvr": "mini-nvr, one process", "ffmpeg": "ffmpeg, one process each"}


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
    """The windows of one contender with one number of cameras, averaged. added_mb: memory that each camera after the first adds."""

    name: Name
    cameras: int
    cpu_percent: float
    lowest_percent: float
    highest_percent: float
    memory_mb: float
    added_mb: float
    written_share: float
    to_disk_share: float
    switches_per_s: float


def line(sample: Sample) -> str:
    """One window in one line, printed as soon as it is over."""
    return (
        f"{sample.name:>8} {sample.cameras:>3} cameras {sample.seconds:5.1f} s: {sample.cpu_percent:.3f} % of a core per camera, "
        f"{sample.switches_per_s:.1f} switches/s, {sample.memory_bytes / 2**20:.1f} MB, written {sample.written_share:.4f}"
    )


def render(samples: Sequence[Sample], machine: Sequence[tuple[str, str]], server: str) -> str:
    """Markdown: the machine, the figures, the targets."""
    rows = summarise(samples)
    bit_rate = mean(_bit_rate(sample) for sample in samples)
    facts = [
        *machine,
        ("cameras", f"{server} server, 1080p25 H.264, {bit_rate / 1e6:.1f} Mbit/s, key frame every 2 s, RTP over TCP"),
    ]
    parts = [_table(("", ""), facts), _figures(rows), _targets(rows)]
    return "\n\n".join(part for part in parts if part)


def summarise(samples: Sequence[Sample]) -> list[Row]:
    """One row for each contender and number of cameras above one."""
    keys = dict.fromkeys((sample.cameras, sample.name) for sample in samples if sample.cameras > 1)
    return [_row([s for s in samples if (s.cameras, s.name) == key], samples) for key in sorted(keys, key=lambda key: key[0])]


def write(text: str) -> None:
    """Replace what stands between the markers of docs/performance.md."""
    document = DOCUMENT.read_text()
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def _row(windows: Sequence[Sample], samples: Sequence[Sample]) -> Row:
    name, cameras = windows[0].name, windows[0].cameras
    single = next(s.memory_bytes for s in samples if s.name == name and s.cameras == 1)
    memory = mean(s.memory_bytes for s in windows)
    percents = [s.cpu_percent for s in windows]
    return Row(
        name=name,
        cameras=cameras,
        cpu_percent=mean(percents),
        lowest_percent=min(percents),
        highest_percent=max(percents),
        memory_mb=memory / 2**20,
        added_mb=(memory - single) / (cameras - 1) / 2**20,
        written_share=mean(s.written_share for s in windows),
        to_disk_share=mean(s.written.to_disk / s.footage.media_bytes for s in windows),
        switches_per_s=mean(s.switches_per_s for s in windows),
    )


def _figures(rows: Sequence[Row]) -> str:
    headings = (
        "recorder",
        "cameras",
        "CPU per camera, % of a core (lowest..highest window)",
        "memory, MB",
        "added per camera, MB",
        "written / media bytes",
        "pages to disk / media bytes",
        "context switches per s and camera",
    )
    cells = [
        (
            _NAMES[row.name],
            str(row.cameras),
            f"{row.cpu_percent:.3f} ({row.lowest_percent:.3f}..{row.highest_percent:.3f})",
            f"{row.memory_mb:.0f}",
            f"{row.added_mb:.2f}",
            f"{row.written_share:.4f}",
            f"{row.to_disk_share:.4f}",
            f"{row.switches_per_s:.1f}",
        )
        for row in rows
    ]
    return _table(headings, cells)


def _targets(rows: Sequence[Row]) -> str:
    cells = []
    for ours in (row for row in rows if row.name == "mini-nvr"):
        theirs = next((row for row in rows if row.name == "ffmpeg" and row.cameras == ours.cameras), None)
        if theirs is not None:
            share = ours.cpu_percent / theirs.cpu_percent
            cells.append(_target(ours.cameras, "CPU per camera / ffmpeg's", share, MAX_CPU_SHARE))
        cells.append(_target(ours.cameras, "memory added per camera, MB", ours.added_mb, MAX_ADDED_MB))
        cells.append(_target(ours.cameras, "bytes written / media bytes", ours.written_share, MAX_WRITTEN, digits=4))
    return _table(("cameras", "target", "at most", "measured", ""), cells) if cells else ""


def _target(cameras: int, what: str, measured: float, at_most: float, *, digits: int = 2) -> tuple[str, ...]:
    return str(cameras), what, f"{at_most:g}", f"{measured:.{digits}f}", "met" if measured <= at_most else "NOT MET"


def _bit_rate(sample: Sample) -> float:
    """Bits per second of one camera, from the frames in the files."""
    return sample.footage.media_bytes * 8 * 25 / sample.footage.frames


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
