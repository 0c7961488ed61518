"""Each command that README or guide print is run by something: `make first-run`, another test, or `make image-test`."""

import pytest

from tests.docs.markdown import ROOT, Document, instructions
from tests.first_run.steps import BY_OTHERS, PAGES_BY_OTHERS, STEPS

PAGES = [page for page in instructions() if page.name not in PAGES_BY_OTHERS]
RUN = {step.command for step in STEPS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_run_by_something(page: Document) -> None:
    unknown = [command for command in page.shell_commands() if command not in RUN | set(BY_OTHERS)]
    assert not unknown, "tests/first_run/steps.py says who runs a command: add it there"


def test_nothing_is_run_that_no_page_prints() -> None:
    printed = {command for page in instructions() for command in page.shell_commands()}
    assert {*RUN, *BY_OTHERS} <= printed


def test_who_else_runs_something_exists() -> None:
    for runner in {*BY_OTHERS.values(), *PAGES_BY_OTHERS.values()}:
        file, _, name = runner.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, runner
