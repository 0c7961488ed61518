"""The word that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 64  # comparing is quadratic, and nobody mistypes a longer name
_CUTOFF = 0.65


def near_match(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `word` whatever its case, or None when none is alike."""
    if len(word) > _LONGEST:
        return None
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=_CUTOFF)
    return by_folded[close[0]] if close else None
