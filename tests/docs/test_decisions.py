"""Decisions are numbered without a hole, have the same headings, and stand in the list."""

import re
from itertools import count

from tests.docs.markdown import ROOT, document

FOLDER = ROOT / "docs/decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Measured", "Consequences", "Revisit when"]


def test_numbers_follow_each_other() -> None:
    assert [path.name[:4] for path in PAGES] == [f"{number:04}" for number, _ in zip(count(1), PAGES, strict=False)]
    assert len(PAGES) >= 5


def test_each_has_the_same_headings_and_its_own_number() -> None:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}: ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS, path.name


def test_the_list_has_them_all_under_their_titles() -> None:
    listed = document(FOLDER / "README.md").text
    for path in PAGES:
        title = path.read_text(encoding="utf-8").splitlines()[0].partition(": ")[2]
        assert f"| [{path.name[:4]}]({path.name}) | {title} |" in listed
