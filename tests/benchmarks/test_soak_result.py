"""What the soak printed becomes a result, and a soak that broke off does not."""

import pytest

from benchmarks import soak
from benchmarks.soak_result import read
from benchmarks.waiting import BenchmarkFailed

SUMMARY = "60 minutes, 35460 samples, 210 faults injected, load 3.6"


def printed(*held: bool) -> list[str]:
    lines = [SUMMARY]
    soak.print_table(
        [soak.Verdict(f"web: memory {number}", "5% at most", "60.1 MB +0.8%", one) for number, one in enumerate(held)], lines.append
    )
    return [line for line in lines if not line.startswith(" ")]


def test_each_condition_held_or_failed() -> None:
    findings, minutes = read(["something before", *printed(True, False, True)])
    assert minutes == 60
    assert [row[3] for row in findings.tables[0].rows] == ["held", "**failed**", "held"]
    assert findings.tables[0].rows[0][:3] == ("web: memory 0", "5% at most", "60.1 MB +0.8%")
    assert (findings.figures[0].value, findings.figures[0].met) == (1, False)
    assert "210 faults injected, load at the end 3.6" in findings.conditions


def test_a_log_behind_the_table_is_no_part_of_it() -> None:
    findings, _ = read([*printed(False), "2026-03-01T12:00:00 ERROR web: something", "Traceback (most recent call last):"])
    assert len(findings.tables[0].rows) == 1


@pytest.mark.parametrize("lines", [[], ["Traceback (most recent call last):"], [SUMMARY]])
def test_a_soak_that_broke_off_is_no_result(lines: list[str]) -> None:
    with pytest.raises(BenchmarkFailed):
        read(lines)
