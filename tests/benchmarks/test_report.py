from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.contenders import Name
from benchmarks.footage import Footage
from benchmarks.process_cost import BytesWritten
from benchmarks.report import Sample

MIB = 2**20


def sample(name: Name, cameras: int, cpu_s: float, memory_mb: float, written: int = 1_005) -> Sample:
    footage = Footage(cameras, 1_010, 250 * cameras, 1_000, 250)
    return Sample(name, cameras, 10.0, cpu_s, 100, int(memory_mb * MIB), BytesWritten(written, 1_020), footage)


def test_windows_are_averaged_and_memory_is_what_each_further_camera_adds() -> None:
    samples = [sample("mini-nvr", 1, 1, 50), sample("mini-nvr", 11, 1.1, 65), sample("mini-nvr", 11, 3.3, 75)]
    (row,) = report.summarise(samples)
    assert (row.lowest_percent, row.cpu_percent, row.highest_percent) == pytest.approx((1, 2, 3))
    assert row.added_mb == pytest.approx(2)
    assert row.written_share == pytest.approx(1.005)


@pytest.mark.parametrize(("cpu_s", "memory_mb", "written", "missed"), [(4, 70, 1_005, 0), (5, 70, 1_005, 1), (5, 90, 1_011, 3)])
def test_each_target_is_met_or_not(cpu_s: float, memory_mb: float, written: int, missed: int) -> None:
    samples = [
        sample("mini-nvr", 1, 1, 50),
        sample("ffmpeg", 1, 1, 20),
        sample("mini-nvr", 10, cpu_s, memory_mb, written),
        sample("ffmpeg", 10, 10, 200),
    ]
    text = report.render(samples, [("CPU", "some")], "demo")
    assert text.count("NOT MET") == missed
    assert text.count("| met |") == 3 - missed


def test_writing_replaces_only_what_stands_between_the_markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "performance.md"
    copy.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "DOCUMENT", copy)
    report.write("new")
    assert copy.read_text() == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
