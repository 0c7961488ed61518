"""The raw values on their way to types: each is parsed by its row of the table, and whatever is wrong is noted, not raised."""

import re
from collections.abc import Mapping
from typing import TypeVar

from mini_nvr.config.problems import Problem, Refused, printable
from mini_nvr.config.variables import Variable, is_known, near_name
from mini_nvr.log import MASK

T = TypeVar("T")

_NUMBER = re.compile("[1-9][0-9]{0,2}")
_UNCLEAN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")


class Inputs:
    """Values by name, an empty one being unset, and the problems found in them so far."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name: value for name, value in values.items() if value.strip()}
        self._numbers = sorted({int(digits) for name in self._values for digits in _NUMBER.findall(name)})
        self.problems: list[Problem] = []

    def given(self, variable: Variable[T], number: int | None = None) -> bool:
        return variable.spelled(number) in self._values

    def numbers(self, *variables: Variable[object]) -> list[int]:
        """The numbers for which any of these numbered variables is given, ascending."""
        return [number for number in self._numbers if any(self.given(variable, number) for variable in variables)]

    def get(self, variable: Variable[T], number: int | None = None) -> T:
        """The parsed value; the default when it is unset, or refused, which is noted."""
        name = variable.spelled(number)
        text = self._values.get(name)
        if text is None:
            return variable.default
        try:
            _check_clean(text)
            return variable.kind.parse(text if variable.kind.secret else text.strip())
        except Refused as refused:
            shown = MASK if variable.kind.secret else printable(text.strip())
            self.problems.append(Problem(name, refused.wrong, shown, variable.allowed, refused.near))
            return variable.default

    def get_valid(self, variable: Variable[T]) -> T | None:
        """Like `get`, but None when the value was refused: for defaults that would only lead to misleading further problems."""
        before = len(self.problems)
        value = self.get(variable)
        return value if len(self.problems) == before else None

    def report(self, name: str, wrong: str) -> None:
        """Note that a variable is missing, or contradicts another one."""
        self.problems.append(Problem(name, wrong))

    def report_unknown(self) -> None:
        """Note every name that is not in the table; its value is never shown, since it may be a misspelt password."""
        for name in self._values:
            if not is_known(name):
                self.problems.append(Problem(printable(name), "is not a setting", near=near_name(name)))


def _check_clean(text: str) -> None:
    """Refuse control characters, line and paragraph separators, and bytes that were not UTF-8 (lone surrogates)."""
    if _UNCLEAN.search(text):
        raise Refused("holds a control character; see whether every quote in .env is closed")
