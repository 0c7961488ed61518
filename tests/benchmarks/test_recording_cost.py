"""What the windows of the recording benchmark come to."""

import pytest

from benchmarks import recording_cost
from benchmarks.contenders import Name
from benchmarks.findings import Figure
from benchmarks.footage import Footage
from benchmarks.process_cost import BytesWritten
from benchmarks.recording_cost import Sample


def sample(name: Name, cameras: int, cpu_s: float, memory_mb: float, written: int = 1_005) -> Sample:
    footage = Footage(cameras, 1_010, 250 * cameras, 1_000, 250)
    return Sample(name, cameras, 10.0, cpu_s, 100, int(memory_mb * 1e6), BytesWritten(written, 1_020), footage)


def judged(samples: list[Sample]) -> list[Figure]:
    return [figure for figure in recording_cost.figures(recording_cost.summarise(samples)) if figure.met is not None]


def test_windows_are_averaged_and_memory_is_what_each_further_camera_adds() -> None:
    samples = [sample("mini-nvr", 1, 1, 50), sample("mini-nvr", 11, 1.1, 65), sample("mini-nvr", 11, 3.3, 75)]
    single, row = recording_cost.summarise(samples)
    assert single.added_mb is None
    assert (row.lowest_percent, row.cpu_percent, row.highest_percent) == pytest.approx((1, 2, 3))
    assert row.added_mb == pytest.approx(2)
    assert row.written_share == pytest.approx(1.005)


@pytest.mark.parametrize(("cpu_s", "memory_mb", "written", "missed"), [(4, 80, 1_005, 0), (5, 80, 1_005, 1), (5, 120, 1_011, 3)])
def test_each_target_is_met_or_not(cpu_s: float, memory_mb: float, written: int, missed: int) -> None:
    samples = [
        sample("mini-nvr", 1, 1, 50),
        sample("ffmpeg", 1, 1, 20),
        sample("mini-nvr", 16, cpu_s, memory_mb, written),
        sample("ffmpeg", 16, 10, 200),
    ]
    verdicts = [figure.met for figure in judged(samples)]
    assert len(verdicts) == 3
    assert verdicts.count(False) == missed


def test_a_few_cameras_and_a_contender_alone_are_shown_without_targets() -> None:
    assert judged([sample("mini-nvr", 1, 9, 50), sample("ffmpeg", 1, 1, 20)]) == []
    keys = [figure.key for figure in recording_cost.figures(recording_cost.summarise([sample("mini-nvr", 16, 9, 50)]))]
    assert keys == ["16.cpu", "16.written"]


def test_both_contenders_stand_in_one_table() -> None:
    table = recording_cost.table(recording_cost.summarise([sample("mini-nvr", 1, 1, 50), sample("ffmpeg", 1, 1, 20)]))
    assert [row[:2] for row in table.rows] == [("mini-nvr, one process", "1"), ("ffmpeg, one process each", "1")]
    assert {len(row) for row in table.rows} == {len(table.headings)}
