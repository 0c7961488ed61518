"""What the guide shows as printed is what the program prints, word for word where words are fixed."""

import re
import sys
from collections.abc import Sequence

import pytest

from mini_nvr.config.load import demo_values, load
from mini_nvr.services import check, check_storage, status, user
from mini_nvr.supervisor.run import DEMO_PORT, welcome
from mini_nvr.supervisor.services import DEMO_CAMERAS, service_table
from tests.docs.markdown import ROOT, document, instructions

RECORDINGS = "/home/anna/mini-nvr/recordings"


def block_with(page: str, words: str) -> list[str]:
    """The lines of the fenced block of a page of the guide that holds these words."""
    blocks = document(ROOT / "docs/guide" / page).blocks
    return next(block.text for block in blocks if words in block.text).splitlines()


def test_the_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [".venv/bin/mini-nvr"])
    settings = load(demo_values(DEMO_PORT, DEMO_CAMERAS, {"RECORD_DIR": RECORDINGS}))
    assert block_with("first-steps.md", "Mini-NVR records") == list(welcome(settings, service_table(DEMO_PORT), DEMO_PORT))


@pytest.mark.parametrize(
    ("first", "headings"),
    [
        ("Ch  Camera  State", status.HEADINGS),
        ("Ch  Camera      Address", check.HEADINGS),
        ("User  Kept in", user.HEADINGS),
        ("     What must hold", check_storage.HEADINGS),
    ],
)
def test_the_heads_of_tables(first: str, headings: Sequence[str]) -> None:
    shown = [line for page in instructions() for block in page.blocks for line in block.text.splitlines() if line.startswith(first)]
    assert shown
    for line in shown:
        assert re.split(r"\s{2,}", line.strip()) == [heading for heading in headings if heading]


def test_the_invariants_that_are_checked() -> None:
    shown = [re.sub(r"\s+\d+\s+\d+$", "", line)[5:] for line in block_with("storage.md", "What must hold")[1:]]
    source = (ROOT / "src/mini_nvr/storage/fsck.py").read_text(encoding="utf-8")
    assert shown == re.findall(r'Finding\("[^"]*", "([^"]+)"\)', source)


def test_the_words_of_a_tile() -> None:
    table = document(ROOT / "docs/guide/watching.md").text.partition("| word | meaning |")[2]
    source = (ROOT / "web/src/views/watch/tileState.ts").read_text(encoding="utf-8")
    words = re.search(r'((?:"[A-Z ]+" \| )+"[A-Z ]+");', source)
    assert words is not None
    assert set(re.findall(r"^\| ([A-Z ]+) \|", table, re.MULTILINE)) == set(re.findall(r'"([A-Z ]+)"', words[1]))


def test_the_keys() -> None:
    """Each key of the guide is one of the page's own list."""
    table = document(ROOT / "docs/guide/watching.md").text.partition("| key | does |")[2].partition("\n\n")[0]
    source = (ROOT / "web/src/views/watch/keyboard.ts").read_text(encoding="utf-8")
    caps = set(re.findall(r'"([^"]+)"', " ".join(re.findall(r"shown: \[([^\]]+)\]", source)))) | {"1", "9"}
    assert set(re.findall(r"`([^`]+)`", " ".join(line.split("|")[1] for line in table.splitlines()[2:]))) <= caps
