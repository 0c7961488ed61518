"""What `make bench` runs: each part of the page, once, from a module that exists; a trial keeps nothing."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.everything import PARTS, Part, chosen, run_all, run_one
from benchmarks.report import README_ROWS

ARCHIVE = Path("/archive")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_is_a_command_that_exists(part: Part) -> None:
    _, _, module, *words = part.command(ARCHIVE, quick=False)
    assert find_spec(module) is not None
    assert words[-1] == "--save"
    assert (str(ARCHIVE) in words) is part.needs_archive


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_trial_keeps_nothing(part: Part) -> None:
    assert "--save" not in part.command(ARCHIVE, quick=True)


def test_cleanup_which_changes_the_archive_is_the_last_to_need_it() -> None:
    assert [part.name for part in PARTS if part.needs_archive][-1] == "storage"


def test_the_hour_long_part_comes_at_the_end_and_can_be_left_out() -> None:
    assert PARTS[-1].name == "soak"
    assert PARTS[-1].longest_s > 3_600
    assert chosen((), ("soak",)) == list(PARTS[:-1])
    assert [part.name for part in chosen(("soak", "record"), ())] == ["record", "soak"]


def test_the_readme_names_parts_that_are_measured() -> None:
    assert {part for part, _, _ in README_ROWS} <= {part.name for part in PARTS}


def test_a_part_that_fails_leaves_the_others_alone() -> None:
    parts = [Part("missing", "no_such_part"), Part("pages", "report", quick=("--help",))]
    assert [(name, code) for name, _, code in run_all(parts, quick=True)] == [("missing", 1), ("pages", 0)]


def test_a_part_that_hangs_is_ended() -> None:
    command = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    name, _, code = run_one("hangs", command, 0.1)
    assert (name, code) == ("hangs", -15)
