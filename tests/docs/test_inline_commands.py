"""Commands that stand in the text and in the tables of README and guide, not in blocks: run by something, or said why not.

`test_steps.py` has those in blocks for a shell, and what runs them.
"""

import re
from typing import Final

import pytest

from tests.docs.markdown import ROOT, Document, document, instructions
from tests.first_run.steps import BY_OTHERS, PAGES_BY_OTHERS, STEPS

IMAGE: Final = "tests/image/check_image.py"
IN_THE_IMAGE: Final = f"{IMAGE}::test_s18_it_records_as_nobody_special_and_ends_in_time"
"""It enters the container as `exec` does, asks what `ps` asks, and ends it as `down` does; there is no engine between."""
COMMANDS_IN_IT: Final = f"{IMAGE}::test_https_with_a_pair_in_data_and_the_commands_of_the_guide"
UNREADABLE: Final = f"{IMAGE}::test_an_env_that_it_may_not_read_is_told"
RUN_BY: Final = {
    ".venv/bin/python -m mini_nvr.api.reference": "Makefile",
    ".venv/bin/python -m mini_nvr.config.reference": "Makefile",
    "apt-get install python3 python3-venv": "tests/first_run/steps.py",
    "docker compose down": IN_THE_IMAGE,
    "chown 1000 .env": UNREADABLE,
    "docker compose exec mini-nvr mini-nvr check": IN_THE_IMAGE,
    "docker compose exec mini-nvr mini-nvr status": IN_THE_IMAGE,
    "docker compose exec mini-nvr mini-nvr user list": COMMANDS_IN_IT,
    "docker compose exec mini-nvr mini-nvr user reset admin": COMMANDS_IN_IT,
    "docker compose ps": IN_THE_IMAGE,
    "docker compose run --rm mini-nvr rescan": COMMANDS_IN_IT,
    "docker compose up -d": IN_THE_IMAGE,
    "mini-nvr run --demo": "tests/e2e/test_supervised.py::test_demo_mode_records_four_cameras_and_ctrl_c_ends_it",
    "mini-nvr user hash --number 2": "tests/services/test_user.py::test_the_commands_are_on_the_command_line",
    "systemd-analyze security --offline=true packaging/mini-nvr.service": (
        "tests/packaging/test_systemd.py::test_it_scores_as_the_guide_says"
    ),
}
ITSELF: Final = "it is what tests the commands of other pages"
NO_ENGINE: Final = "needs a container engine"
NO_INIT: Final = "needs a systemd that runs"
OF_THE_SYSTEM: Final = "a word of the system, which the reader completes or reads"
NOT_RUN: Final = {
    "chown": OF_THE_SYSTEM,
    "dmesg": OF_THE_SYSTEM,
    "docker buildx build": NO_ENGINE,
    "docker compose": NO_ENGINE,
    "docker compose logs -f mini-nvr": NO_ENGINE,
    "docker compose logs mini-nvr": NO_ENGINE,
    "docker compose up -d --force-recreate": NO_ENGINE,
    "journalctl -u mini-nvr": NO_INIT,
    "make dev": "runs until somebody ends it; what it serves is built and tested by `make check`",
    "make first-run": ITSELF,
    "make image-test": ITSELF,
    "make lock": "asks the package index for newer versions",
    "make types": "`make check` compares what it would write",
    "make wheels-check": "asks the package index",
    "rmdir .env": "removes an empty folder",
    "sudo systemctl restart mini-nvr": NO_INIT,
    "sudo systemctl stop mini-nvr": NO_INIT,
    "systemctl status mini-nvr": NO_INIT,
}

_FIRST_WORDS: Final = (
    r"apt-get|bash|cat|chmod|chown|cp|curl|dmesg|docker|ffmpeg|git|install|journalctl|make|mini-nvr|mkdir|mv|npm|openssl|pip|printf"
    r"|python3?|rm|rmdir|stat|systemctl|systemd-analyze|tar|useradd|uv"
)
_COMMAND: Final = re.compile(rf"(?:sudo |\.venv/bin/)*(?:{_FIRST_WORDS})(?: .+)?")
_NO_COMMAND: Final = re.compile(r"ffmpeg|git|mini-nvr(?::.*)?|pip|python3 is missing|curl")
"""A program's name, the user and the group of it, what the log says."""


def inline_commands(page: Document) -> set[str]:
    return {code for code in page.code if _COMMAND.fullmatch(code) and not _NO_COMMAND.fullmatch(code)}


def in_blocks() -> set[str]:
    """What is run because it stands in a block, with and without the folder of the program."""
    pages = (document(ROOT / name) for name in PAGES_BY_OTHERS)
    known = {step.command for step in STEPS} | BY_OTHERS.keys() | {command for page in pages for command in page.shell_commands()}
    return known | {command.removeprefix(".venv/bin/") for command in known}


@pytest.mark.parametrize("page", instructions(), ids=lambda page: page.name)
def test_every_command_in_the_text_is_run_by_something_or_says_why_not(page: Document) -> None:
    assert inline_commands(page) - in_blocks() - RUN_BY.keys() - NOT_RUN.keys() == set()


def test_nothing_is_listed_that_no_page_says() -> None:
    said = {command for page in instructions() for command in inline_commands(page)}
    assert (RUN_BY.keys() | NOT_RUN.keys()) - said == set()
    assert not (RUN_BY.keys() | NOT_RUN.keys()) & in_blocks()


@pytest.mark.parametrize("runner", sorted(set(RUN_BY.values())))
def test_who_runs_something_exists(runner: str) -> None:
    file, _, name = runner.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not name or f"def {name}(" in text
