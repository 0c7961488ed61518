"""No link of any page leads nowhere, and no page of docs/ is left without a link to it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.markdown import ROOT, Document, document, documents

PAGES = documents()
ELSEWHERE = {"http", "https", "rtsp", "mailto"}


def leads_to(page: Document, target: str) -> tuple[Path, str] | None:
    """The file and the anchor; None for addresses of other machines."""
    parts = urlsplit(target)
    if parts.scheme in ELSEWHERE:
        return None
    path = (ROOT / page.path.parent / unquote(parts.path)).resolve() if parts.path else ROOT / page.path
    return path, parts.fragment


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Document) -> None:
    broken = []
    for target in page.links():
        found = leads_to(page, target)
        if found is None:
            continue
        path, fragment = found
        if not path.is_relative_to(ROOT) or not path.exists():
            broken.append(f"{target}: there is no {path}")
        elif fragment and (path.suffix != ".md" or fragment not in document(path).anchors):
            broken.append(f"{target}: {path.name} has no heading #{fragment}")
    assert not broken


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md" or not path.exists():
            continue
        reached.add(path)
        page = document(path)
        waiting += [found[0] for target in page.links() if (found := leads_to(page, target))]
    assert {page.name for page in PAGES} - {path.relative_to(ROOT).as_posix() for path in reached} <= {"CHANGELOG.md"}


def test_every_picture_is_shown_or_listed() -> None:
    """docs/images holds what `make screenshots` makes: a page that was renamed leaves no picture behind."""
    shown = {found[0] for page in PAGES for target in page.links() if (found := leads_to(page, target))}
    names = {path.stem.rpartition("-")[0] for path in shown if path.parent.name == "images"}
    assert {path.stem.rpartition("-")[0] for path in (ROOT / "docs/images").glob("*.jpg")} - names <= {"sign-in", "phone"}
