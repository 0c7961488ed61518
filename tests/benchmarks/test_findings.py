"""Figures are judged by what is shown, and come back from the file as they went."""

from pathlib import Path

import pytest

from benchmarks.findings import Figure, Findings, Result, Table, as_text, figure_table, read_all

FACTS = {"date": "2026-03-01 12:00 UTC", "commit": "1a2b3c4", "CPU": "some"}


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("a", "", 30.04, "ms", at_most=30), True),  # shown as 30.0
        (Figure("a", "", 30.06, "ms", at_most=30), False),
        (Figure("a", "", 0.5, digits=2, at_least=0.5), True),
        (Figure("a", "", 0.49, digits=2, at_least=0.5), False),
        (Figure("a", "", 1e9), None),
    ],
)
def test_a_figure_keeps_to_its_target_or_not(figure: Figure, met: bool | None) -> None:
    assert figure.met is met


def test_a_figure_is_shown_with_its_unit_and_its_target() -> None:
    figure = Figure("a", "an export", 61_089.4, "ms", 0, at_most=5_000)
    assert (figure.measured, figure.target, figure.verdict) == ("61,089 ms", "at most 5000 ms", "missed")
    assert figure_table([figure]).rows == (("an export", "61,089 ms", "at most 5000 ms", "missed"),)
    assert figure_table([Figure("b", "files", 3, digits=0)]) == Table(("", "measured"), (("files", "3"),))


def test_a_result_comes_back_as_it_was_kept_and_replaces_the_last_of_its_part(tmp_path: Path) -> None:
    table = Table(("a", "b"), (("1", "2"),))
    for value in (1.0, 2.0):
        last = Result("some", FACTS, 0.5, 3.0, (Figure("a", "A", value, "ms", at_most=3),), (table,), "on a table")
        last.save(tmp_path)
    assert read_all(tmp_path) == {"some": last}
    assert last.machine == {"CPU": "some"}


def test_columns_line_up_on_the_terminal() -> None:
    findings = Findings([Figure("a", "short", 1), Figure("b", "much longer", 22)])
    assert list(as_text(findings)) == ["", "             measured", "short        1.0", "much longer  22.0"]
