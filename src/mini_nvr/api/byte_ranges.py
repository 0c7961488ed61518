"""The `Range` header (RFC 9110 section 14): one range of bytes or the whole; pure."""

import re
from dataclasses import dataclass
from typing import Final

_ONE_RANGE: Final = re.compile(r"bytes[ \t]*=[ \t]*(?P<first>[0-9]{0,19})-(?P<last>[0-9]{0,19})[ \t]*", re.IGNORECASE)
_LONGEST: Final = 64
"""A header that names more than one range is longer, or holds a comma."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, end) of a representation of `size` bytes."""

    start: int
    end: int
    size: int

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def content_range(self) -> str:
        """The value of `Content-Range` for a 206."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


class Unsatisfiable(ValueError):
    """416: the range lies outside, or there is more than one; the message is for people."""


def parse_range(header: str | None, size: int) -> Span | None:
    """The part of `size` bytes that a `Range` header asks for; None: the whole (no header, or another unit than bytes).

    A syntax that the RFC does not know is ignored like an unknown unit. Several ranges are refused: nobody who plays footage sends
    them, and answering them multiplies work.

    Raises:
        Unsatisfiable: beyond the end, or more than one range.
    """
    if header is None or not header[:5].lower().startswith("bytes"):
        return None
    if "," in header:
        raise Unsatisfiable("several ranges in one request are not served")
    match = _ONE_RANGE.fullmatch(header[:_LONGEST])
    if match is None or len(header) > _LONGEST or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        length = int(match["last"])
        if not length or not size:
            raise Unsatisfiable(f"there are {size} bytes")
        return Span(max(0, size - length), size, size)
    start = int(match["first"])
    last = int(match["last"]) if match["last"] else size - 1
    if match["last"] and last < start:
        return None
    if start >= size:
        raise Unsatisfiable(f"there are {size} bytes")
    return Span(start, min(last + 1, size), size)


def applies(if_range: str | None, etag: str) -> bool:
    """Whether `If-Range` lets the range stand: absent, or the very entity tag (RFC 9110 section 13.1.5; dates never match)."""
    return if_range is None or if_range.strip() == etag


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether `If-None-Match` names the entity tag, by weak comparison (RFC 9110 section 13.1.2)."""
    if if_none_match is None:
        return False
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in named or etag in named
