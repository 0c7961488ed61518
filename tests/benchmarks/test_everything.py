"""What `make bench` runs: each part of the page, once, from a module that exists; a trial keeps nothing."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.everything import PARTS, Part
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


def test_cleanup_which_changes_the_archive_comes_last() -> None:
    assert [part.name for part in PARTS if part.needs_archive][-1] == PARTS[-1].name == "storage"


def test_the_readme_names_parts_that_are_measured() -> None:
    assert {part for part, _, _ in README_ROWS} <= {part.name for part in PARTS}
