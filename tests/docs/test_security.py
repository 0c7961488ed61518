"""docs/design/security.md names tests that exist, for every requirement, and leaves out no file of tests named after one."""

import ast
import re
from functools import cache

import pytest

from tests.docs.markdown import ROOT, document

PAGE = document(ROOT / "docs/design/security.md").text
ROW = re.compile(r"^\| S(\d+) \|", re.MULTILINE)
HELD = re.compile(r"^- \*\*S(?P<number>\d+)\*\*\n(?P<tests>(?:  - .+\n)+)", re.MULTILINE)
ROWS = {int(found["number"]): found["tests"] for found in HELD.finditer(PAGE)}
TEST = re.compile(r"`(?P<file>tests/[\w/]+(?:\.py)?)(?:::(?P<name>\w+))?`")


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_requirement_has_its_row() -> None:
    assert [int(number) for number in ROW.findall(PAGE)] == list(ROWS) == list(range(1, 19))


@pytest.mark.parametrize("number", ROWS)
def test_the_names_in_a_requirement_exist(number: int) -> None:
    named = list(TEST.finditer(ROWS[number]))
    assert named
    for found in named:
        assert (ROOT / found["file"]).exists(), found["file"]
        assert found["name"] is None or found["name"] in names_in(found["file"]), found[0]


@pytest.mark.parametrize("number", ROWS)
def test_no_file_of_its_tests_is_left_out(number: int) -> None:
    assert files_after(number) <= {found["file"] for found in TEST.finditer(ROWS[number])}


def files_after(number: int) -> set[str]:
    """Those with a test whose name begins with the requirement's number, or with that of several."""
    after_it = re.compile(rf"def test_(?:s\d+_)*s{number}_")
    return {file for file, text in all_tests().items() if after_it.search(text)}


@cache
def all_tests() -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
