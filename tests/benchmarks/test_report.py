"""The pages are made of what is kept; nothing between their markers is by hand."""

import pytest

from benchmarks import report
from benchmarks.everything import PARTS
from benchmarks.findings import Figure, Result, Table

OLD = {"date": "2026-03-01 12:00 UTC", "commit": "1111111", "CPU": "slow, 2 cores", "Python": "3.11.2"}
NEW = {"date": "2026-04-01 12:00 UTC", "commit": "2222222", "CPU": "slow, 2 cores", "Python": "3.12.1"}
RECORD = Result("record", OLD, 0.25, 75.2, (Figure("16.cpu_share", "share", 0.44, "", 2, at_most=0.45),), conditions="16 cameras")
KILLS = Result("kills", NEW, None, None, (Figure("worst", "lost", 1.2, "s", at_most=1),), (Table(("a",), (("b",),)),))
BOTH = {"record": RECORD, "kills": KILLS}


def page(*names: str) -> str:
    return "by hand\n" + "".join(f"<!-- bench {name}: begin -->\nold\n<!-- bench {name}: end -->\nby hand\n" for name in names)


def test_each_part_says_when_it_was_measured_and_on_what_else() -> None:
    text = report.page(page("record", "kills"), BOTH)
    assert text.count("by hand") == 3
    assert "\nold\n" not in text
    assert "2026-03-01 12:00 UTC, commit 1111111, load before the start 0.25, took 1 min 15 s; 16 cameras; Python: 3.11.2." in text
    assert "2026-04-01 12:00 UTC, commit 2222222.\n\n| a |\n| --- |\n| b |" in text
    assert "| lost | 1.2 s | at most 1 s | **missed** |" in text


def test_a_part_that_was_never_measured_says_so() -> None:
    assert report.MISSING in report.page(page("soak"), {})


def test_what_is_kept_must_have_its_place_in_the_page() -> None:
    with pytest.raises(ValueError, match="no markers for kills"):
        report.page(page("record"), BOTH)


def test_the_machine_is_that_of_the_newest_part_and_missed_targets_are_listed() -> None:
    text = report.page(page("machine", "targets", "record", "kills"), BOTH)
    assert "| Python | 3.12.1 |" in text
    assert "| parts of this commit | 1 of 2; of others: record (1111111) |" in text
    assert "1 of 2 targets are met; missed are:" in text
    assert "| kills | lost | 1.2 s | at most 1 s |" in text


def test_a_run_of_all_parts_says_that_they_are_of_one_commit() -> None:
    assert "| parts of this commit | all 1 |" in report.page(page("machine", "kills"), {"kills": KILLS})


def test_the_readme_shows_what_was_measured_with_all_days_and_commits() -> None:
    text = report.readme("<!-- performance: begin -->\nold\n<!-- performance: end -->\nmore\n", BOTH)
    assert "| footage lost by `kill -9`, the worst | 1.2 s | at most 1 s | **missed** |" in text
    assert "slow, 2 cores. Measured on 2026-03-01 (1111111), 2026-04-01 (2222222)." in text
    assert text.endswith("<!-- performance: end -->\nmore\n")
    assert "old" not in text


def test_the_pages_show_what_is_kept() -> None:
    assert report.main(["--check"]) == 0, "make bench-report"


def test_the_page_has_a_place_for_every_part() -> None:
    document = report.DOCUMENT.read_text()
    assert [part.name for part in PARTS if f"<!-- bench {part.name}: begin -->" not in document] == []
