"""The table of the first run, without running it."""

from pathlib import Path

import pytest

from tests.first_run.reader import Outcome
from tests.first_run.report import BEGIN, END, table, write_into
from tests.first_run.steps import Step


def test_a_step_finds_the_line_that_says_it() -> None:
    step = Step("make run", says="one-time password")
    output = "Mini-NVR records 4 cameras.\n2026-01-01T00:00:00.000+00:00 WARNING web: the one-time password abc\n"
    assert step.matched(output) == "WARNING web: the one-time password abc"
    assert step.matched("nothing of the kind") is None


def test_no_password_gets_into_the_table() -> None:
    said = "WARNING web: sign in as admin with the one-time password s3cret-s3cret"
    done = [
        Outcome(Step("make run"), 1.0, said),
        Outcome(Step("mini-nvr user reset admin"), 1.0, "s3cret"),
        Outcome(Step("mini-nvr user hash"), 1.0, "s3cret"),
    ]
    text = table(done, {"the page answers": 12.3}, {"commit": "abc"})
    assert "s3cret" not in text
    assert "| the page answers | 12 |" in text
    assert "| 1 | `make run` | 1.0 |" in text


def test_a_pipe_ends_no_cell() -> None:
    assert r"`a \| b`" in table([Outcome(Step("a | b"), 0, "")], {}, {})


def test_the_table_takes_the_place_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_into(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    page.write_text("no place")
    with pytest.raises(ValueError, match="no place"):
        write_into(page, "new")
