"""What is wrong with the settings: one `Problem` each, all of them in one `ConfigProblems`.

A problem never holds a secret: whoever makes one passes `***` for the value of a secret, and text from outside through `printable`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mini_nvr.errors import ConfigError
from mini_nvr.log import MASK

_LONGEST_SHOWN = 60


class Refused(ConfigError):
    """A value is not what its variable takes; `near` is the allowed value that was probably meant."""

    def __init__(self, wrong: str, near: str | None = None) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.near = near


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right, and where.

    variable: its name, or `file line n` where a line has none.
    wrong: a clause that follows the variable's name.
    shown: the value, `***` for a secret, None when the value does not matter.
    allowed: what would have been right; empty when `wrong` says it.
    near: the name or value that was probably meant.
    """

    variable: str
    wrong: str
    shown: str | None = None
    allowed: str = ""
    near: str | None = None

    def __str__(self) -> str:
        head = self.variable if self.shown is None else f"{self.variable}={self.shown}"
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        near = f"; did you mean {self.near}?" if self.near else ""
        return f"{head}: {self.wrong}{allowed}{near}"


class ConfigProblems(ConfigError):
    """The settings cannot be used; its text is one line for each of `problems`, in the order found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


def printable(text: str) -> str:
    """`text` fit for one line of a message: short, escaped, and nothing that could be the user info of an address."""
    before, at, after = text.rpartition("@")
    if at:
        text = MASK + at + after if before else text
    if len(text) > _LONGEST_SHOWN:
        text = text[:_LONGEST_SHOWN] + "…"
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
