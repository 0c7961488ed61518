"""What the pages name exists: targets of make, commands and their options, settings, routes, files of the repository."""

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from mini_nvr.__main__ import _parser
from mini_nvr.api.reference import openapi
from mini_nvr.config.variables import is_known
from tests.docs.markdown import ROOT, SHELL, Document, documents

PAGES = [page for page in documents() if page.name != "CHANGELOG.md"]
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

NOT_SETTINGS = {"MINI_NVR_LONG"}
"""Names of the same look that are none."""
PLACEHOLDERS = {"N": "1", "P": "1", "NAME": "anna", "FILE": "file"}
WEBSOCKET = "/api/channel/{ch}/live"
ADDRESS = re.compile(r"(?:\b(GET|HEAD|POST|DELETE|PUT) )?(?<![a-z])(/api/[\w{}$./-]+|/healthz|/metrics)")
CALL = re.compile(r"(?:^|[;&|(] *|\S*bin/|(?:exec|run --rm) mini-nvr )mini-nvr (?P<arguments>[a-z-][^;&|)>]*)")
"""Where it is called: users, groups and services have its name too."""


def typed(page: Document) -> Iterator[str]:
    """Everything on the page that a reader may type: shell blocks and inline code."""
    yield from (line for block in page.blocks if block.language in {*SHELL, ""} for line in block.commands())
    yield from page.code


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@EACH_PAGE
def test_targets_of_make(page: Document) -> None:
    named = {word for text in typed(page) for word in re.findall(r"(?:^|[;&|] *)make ([a-z][a-z-]*)", text)}
    assert named <= targets()


@EACH_PAGE
def test_commands_and_their_options(page: Document, capsys: pytest.CaptureFixture[str]) -> None:
    parser = _parser()
    for text in typed(page):
        for words in program_calls(text):
            try:
                parser.parse_args(words)
            except SystemExit as exit_:
                assert exit_.code == 0, f"{text}: {capsys.readouterr().err}"


def program_calls(text: str) -> Iterator[list[str]]:
    """The arguments of each `mini-nvr` in a line."""
    for found in CALL.finditer(text):
        words = shlex.split(found["arguments"].strip())
        yield [PLACEHOLDERS.get(word, word) for word in words]


@EACH_PAGE
def test_settings(page: Document) -> None:
    named = {match[1] for text in page.code if (match := re.match(r"^([A-Z][A-Z0-9]*(?:_[A-Za-z0-9]+)+)(=|$)", text))}
    assert {name for name in named if not is_known(re.sub(r"_[nN]_", "_1_", name))} <= NOT_SETTINGS


@EACH_PAGE
def test_routes(page: Document) -> None:
    paths = documented()
    for text in (*page.code, *(line for block in page.blocks for line in block.text.splitlines())):
        for method, path in ADDRESS.findall(text):
            found = route(path.rstrip("."), paths)
            assert found is not None, f"{text}: no route {path}"
            assert not method or method == "HEAD" or method.lower() in paths.get(found, {}), f"{text}: {found} has no {method}"


@cache
def documented() -> dict[str, Any]:
    """The routes and their methods."""
    paths: dict[str, Any] = openapi()["paths"]
    return paths


def route(path: str, paths: Mapping[str, object]) -> str | None:
    """The route of an address, which may hold numbers where the route has names."""
    for known in (*paths, WEBSOCKET, "/api/openapi.json"):
        pattern = re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(known))
        if re.fullmatch(pattern, path):
            return known
    return None


@EACH_PAGE
def test_files_of_the_repository(page: Document) -> None:
    """`tests/e2e/test_kill.py` and its like, in inline code, are there."""
    tops = "benchmarks|docs|packaging|tests|web"
    named = {match[1] for text in page.code if (match := re.match(rf"^((?:{tops})/[\w./-]+\.\w+)(::|$)", text))}
    assert {name for name in named if not (ROOT / name).exists()} == set()


@EACH_PAGE
def test_metrics(page: Document) -> None:
    named = set(re.findall(r"\bmini_nvr_[a-z_]+[a-z]\b", " ".join([*page.code, *(block.text for block in page.blocks)])))
    assert {name for name in named if name.removesuffix("_total") not in metrics()} == set()


def test_every_metric_is_explained() -> None:
    text = (ROOT / "docs/guide/monitoring.md").read_text(encoding="utf-8")
    assert {name for name in metrics() if not re.search(rf"`{name}(_total)?`", text)} == set()


@cache
def metrics() -> frozenset[str]:
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "src/mini_nvr/api").glob("*.py"))
    return frozenset(name for text in texts for name in re.findall(r'"(mini_nvr_[a-z_]+)"', text))


def test_something_was_looked_at() -> None:
    """None of the tests above passes because it found nothing."""
    everything = [text for page in PAGES for text in typed(page)]
    assert sum(bool(list(program_calls(text))) for text in everything) > 20
    assert sum(bool(ADDRESS.search(text)) for text in everything) > 30
    assert sum("make " in text for text in everything) > 10
