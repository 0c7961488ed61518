"""How the first run went, as a table for people, and in docs/guide/first-steps.md."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.first_run.reader import Outcome

BEGIN: Final = "<!-- first-run: begin -->"
END: Final = "<!-- first-run: end -->"
_LONGEST_SAID: Final = 90


def table(done: Sequence[Outcome], marks: Mapping[str, float], facts: Mapping[str, str]) -> str:
    """Markdown: the machine, what was reached when, each command."""
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items()), ""]
    lines += ["| reached, since the first command | s |", "|---|---|"]
    lines += [f"| {name} | {seconds:.0f} |" for name, seconds in marks.items()]
    lines += ["", "| | command | s | printed |", "|---|---|---|---|"]
    lines += [_row(number, outcome) for number, outcome in enumerate(done, 1)]
    return "\n".join(lines)


def _row(number: int, outcome: Outcome) -> str:
    said = re.sub(r"one-time password \S+", "one-time password ...", outcome.said)
    if "user reset" in outcome.step.command or "secrets" in outcome.step.command or "user hash" in outcome.step.command:
        said = "..."
    shown = f"`{_cell(said[:_LONGEST_SAID])}`" if said else ""
    return f"| {number} | `{_cell(outcome.step.command)}` | {outcome.seconds:.1f} | {shown} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write_into(page: Path, text: str) -> None:
    """Put the table between the page's markers."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for it between {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
