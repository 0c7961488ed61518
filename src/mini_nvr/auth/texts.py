"""Text from outside, before it is compared or kept: names of accounts, and what audit records and session lists show."""

import re
import unicodedata

LONGEST_NAME = 128
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, directions and joiners, lone surrogates, line separators
_SPACES = re.compile(r"\s+")


def account_key(name: str) -> str | None:
    """The form in which names of accounts are compared: case and composition do not count. None: no account can have this name."""
    if len(name) > LONGEST_NAME or not name.strip() or any(unicodedata.category(char) in _INVISIBLE for char in name):
        return None
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.strip()).casefold())


def clean(text: str, longest: int) -> str:
    """`text` on one line, at most `longest` characters, storable, and without characters that act instead of being seen."""
    shown = "".join("\ufffd" if unicodedata.category(char) in _INVISIBLE else char for char in text[: 2 * longest])
    shown = _SPACES.sub(" ", shown).strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "\u2026"
