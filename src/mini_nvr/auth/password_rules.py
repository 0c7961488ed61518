"""Which new passwords are refused: short, long, common, or telling what they protect. No composition rules (NIST SP 800-63B 5.1.1).

"Common" is one of the 3,000 most used (`commonest`), or made as people make passwords: a well-known word, alone or doubled, in
any case, with letters written as digits, and with digits or signs around it; a run of the keyboard or the alphabet; a repetition;
a date. Words stand in `common_passwords.txt`.
"""

import re
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from mini_nvr.auth.commonest import commonest_passwords
from mini_nvr.auth.passwords import LONGEST_PASSWORD
from mini_nvr.errors import AuthError

SHORTEST_PASSWORD: Final = 8
_WELL_KNOWN_SHARE = 0.6  # of a password's letters; beyond that, what is left is decoration
_RUNS: Final = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujm",
    "147258369",
    "789456123",
    "159753",
)
_LEET: Final = str.maketrans("013457@$!", "oleastasi")
_REPETITION: Final = re.compile(r"(.{1,4})\1+.{0,3}", re.DOTALL)
_DATE: Final = re.compile(
    r"(0?[1-9]|[12]\d|3[01])\W?(0?[1-9]|1[0-2])\W?(19|20)\d\d|(19|20)\d\d\W?(0?[1-9]|1[0-2])\W?(0?[1-9]|[12]\d|3[01])"
)
_EDGES: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class PasswordFault(StrEnum):
    """Why a change of password is refused."""

    WRONG_CURRENT = "wrong current password"
    CONFIGURED = "configured"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    COMMON = "common"
    NAME = "holds the name"
    SAME = "same"
    THROTTLED = "throttled"


class PasswordRefused(AuthError):
    """A change of password was refused; the message is fit for the user.

    retry_after_s: only with `THROTTLED`.
    """

    def __init__(self, reason: PasswordFault, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s


def check_new_password(password: str, name: str) -> None:
    """Accept a new password for the user `name`, or say what is wrong with it.

    Raises:
        PasswordRefused: too short, too long, common, or made of the name.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordRefused(
            PasswordFault.TOO_SHORT,
            f"A password has at least {SHORTEST_PASSWORD} characters; 12 or more are better: four words are easy to remember.",
        )
    if len(password) > LONGEST_PASSWORD:
        raise PasswordRefused(PasswordFault.TOO_LONG, f"A password has at most {LONGEST_PASSWORD} characters.")
    if is_made_of(password, name):
        raise PasswordRefused(PasswordFault.NAME, "This password is made of your name; choose one that nobody can derive.")
    if is_common(password) or password.casefold() in commonest_passwords():
        raise PasswordRefused(
            PasswordFault.COMMON,
            "This password is among the first that anybody would try; choose another one: three or four unrelated words are good.",
        )


def is_guessable(password: str, name: str) -> bool:
    """Whether a password that is in use already is short or made as guessing begins; the long list aside."""
    return len(password) < SHORTEST_PASSWORD or is_common(password) or is_made_of(password, name)


def is_made_of(password: str, name: str) -> bool:
    """Whether nothing but decoration stands around the name."""
    bare = name.casefold()
    return len(bare) >= 3 and password.casefold().count(bare) * len(bare) >= _WELL_KNOWN_SHARE * len(password)


def is_common(password: str) -> bool:
    """Whether the password is one of those that guessing begins with."""
    lower = password.casefold()
    if len(set(lower)) <= 2 or _REPETITION.fullmatch(lower) or _DATE.fullmatch(lower):
        return True
    if _in_runs(lower) >= _WELL_KNOWN_SHARE * len(lower):
        return True
    spellings = {lower, _EDGES.sub("", lower)}
    spellings |= {_EDGES.sub("", spelling.translate(_LEET)) for spelling in tuple(spellings)}
    return any(_of_known_words(spelling, lower) for spelling in spellings)


def _of_known_words(core: str, whole: str) -> bool:
    """Whether `core` is one well-known word, two of them, or one that makes most of the whole."""
    words = common_words()
    if core in words:
        return True
    if any(core[:cut] in words and core[cut:] in words for cut in range(3, len(core) - 2)):
        return True
    length = next((n for n in range(len(core), 4, -1) if core[:n] in words or core[-n:] in words), 0)
    return length >= _WELL_KNOWN_SHARE * len(whole) and len(core) - length <= 2


def _in_runs(lower: str) -> int:
    """How many characters stand in stretches of four or more along a keyboard's row, the alphabet or the digits, either way."""
    covered, position = 0, 0
    while position < len(lower):
        length = _run_length(lower, position)
        if length >= 4:
            covered += length
        position += max(1, length)
    return covered


def _run_length(lower: str, start: int) -> int:
    longest = 1
    for run in _BOTH_WAYS:
        length = longest + 1
        while start + length <= len(lower) and lower[start : start + length] in run:
            longest = length
            length += 1
    return longest


_BOTH_WAYS: Final = tuple(run for forward in _RUNS for run in (forward, forward[::-1]))


@cache
def common_words() -> frozenset[str]:
    """The packaged words, read once."""
    text = files("mini_nvr.auth").joinpath("common_passwords.txt").read_text("utf-8")
    lines = (line.partition("#")[0] for line in text.splitlines())
    return frozenset(word for line in lines for word in line.split())
