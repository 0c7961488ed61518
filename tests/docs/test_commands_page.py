"""docs/reference/commands.md has every command and every option that people may use."""

import argparse
import re
from collections.abc import Iterator

from mini_nvr.__main__ import _parser
from tests.docs.markdown import ROOT

PAGE = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
EVERYWHERE = {"--help", "--env-file"}


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The commands that can be run: those without commands of their own."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield parser
    for group in groups:
        for below in group.choices.values():
            yield from leaves(below)


def test_every_command_is_on_the_page() -> None:
    missing = [leaf.prog for leaf in leaves(_parser()) if f"| `{leaf.prog}" not in PAGE]
    assert not missing


def test_every_option_is_on_its_commands_lines() -> None:
    for leaf in leaves(_parser()):
        lines = " ".join(re.findall(rf"^\| `{leaf.prog}.*$", PAGE, re.MULTILINE))
        shown = (action for action in leaf._actions if action.help != argparse.SUPPRESS)
        options = {name for action in shown for name in action.option_strings if name.startswith("--")} - EVERYWHERE
        assert [option for option in options if option not in lines] == [], leaf.prog
