"""The commonest passwords, by the ranking of real leaks that the library zxcvbn ships."""

from functools import cache
from typing import Final

COMMONEST: Final = 3_000


@cache
def commonest_passwords() -> frozenset[str]:
    """The `COMMONEST` first ones, in lower case."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  15 MB, and only who sets a password asks

    return frozenset(FREQUENCY_LISTS["passwords"][:COMMONEST])
