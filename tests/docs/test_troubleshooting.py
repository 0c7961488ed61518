"""The log lines and messages in the guide are those that the program prints."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, document

FIRST_CELL = re.compile(r"^\| (?P<cell>`[^|]+|[a-z][^|]+) \|", re.MULTILINE)
NOT_OURS = re.compile(r"ch\d|Address already in use|Permission denied|catalog \.\.\.|recorder ended|signal SIGKILL|next start now")
"""What a message holds from elsewhere, or is put together from single words."""


@cache
def said() -> str:
    """Every text of the program, joined over lines as Python joins them."""
    sources = [*(ROOT / "src/mini_nvr").rglob("*.py")]
    texts = [text for path in sources for node in ast.walk(ast.parse(path.read_text())) if (text := text_of(node))]
    return "\n".join([*texts, (ROOT / "Makefile").read_text()])


def text_of(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def quoted(page: Path) -> Iterator[str]:
    """What stands between backticks in the first column of the page's tables."""
    for row in FIRST_CELL.finditer(document(page).text):
        yield from re.findall(r"`([^`]+)`", row["cell"])


def phrases(message: str) -> list[str]:
    """The parts of two words and more that stand between what differs: numbers, names, signs."""
    return [part.strip() for part in re.split(r"[^a-zA-Z' _-]+", NOT_OURS.sub("...", message)) if len(part.split()) > 1]


MESSAGES = sorted(set(quoted(ROOT / "docs/guide/troubleshooting.md")))


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_guide_is_one_of_the_program(message: str) -> None:
    missing = [part for part in phrases(message) if part not in said()]
    assert not missing


def test_most_messages_are_looked_for() -> None:
    assert sum(bool(phrases(message)) for message in MESSAGES) > 25


def test_what_check_says_is_what_the_guide_explains() -> None:
    table = document(ROOT / "docs/guide/cameras.md").text.partition("| check says | do |")[2]
    parts = [part for row in FIRST_CELL.finditer(table) for part in phrases(row["cell"])]
    assert len(parts) >= 7
    assert [part for part in parts if part not in said()] == []
