"""Instants in queries: RFC 3339 with an offset, or milliseconds since the Unix epoch; and how answers write them. Pure."""

import re
from datetime import UTC, date, datetime, tzinfo
from typing import Annotated, Final

from fastapi import Query

from mini_nvr.api.problems import invalid
from mini_nvr.clock import to_datetime, to_utc_us

_EPOCH_MS: Final = re.compile(r"[0-9]{1,15}")
_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_LATEST_UTC_US: Final = to_utc_us(datetime(9999, 12, 30, tzinfo=UTC))  # a zone may add up to a day
_US_PER_MS: Final = 1_000
ALLOWED: Final = "RFC 3339 with an offset (2026-11-22T08:00:00+01:00; + as %2B) or milliseconds since 1970 (1795330800000)"

_QUERY: Final = Query(
    max_length=40,
    description="RFC 3339 with an offset, or milliseconds since 1970.",
    examples=["2026-11-22T08:00:00+01:00", "1795330800000"],
)
Instant = Annotated[str, _QUERY]
OptionalInstant = Annotated[str | None, _QUERY]


def parse_instant(name: str, text: str) -> int:
    """UTC microseconds of a query parameter; a space where a `+` was not escaped is understood.

    Raises:
        Problem: 400, neither of the two forms, or beyond the years 1970 to 9999.
    """
    if _EPOCH_MS.fullmatch(text):
        utc_us = int(text) * _US_PER_MS
    else:
        utc_us = _parse_rfc3339(name, text)
    if not 0 <= utc_us <= _LATEST_UTC_US:
        raise invalid(name, "outside the years 1970 to 9999", ALLOWED)
    return utc_us


def _parse_rfc3339(name: str, text: str) -> int:
    spelled = f"{text[:-6]}+{text[-5:]}" if len(text) > 6 and text[-6] == " " else text
    if not _RFC3339.fullmatch(spelled):
        raise invalid(name, "not an instant", ALLOWED)
    try:
        return to_utc_us(datetime.fromisoformat(spelled.upper()))
    except (ValueError, OverflowError) as exc:
        raise invalid(name, "no such day or time", ALLOWED) from exc


def parse_range(start: str, end: str, longest_s: float | None = None) -> tuple[int, int]:
    """[start, end) of two query parameters, UTC microseconds.

    Raises:
        Problem: 400, not instants, empty or backwards, or longer than `longest_s`.
    """
    first, last = parse_instant("start", start), parse_instant("end", end)
    if first >= last:
        raise invalid("end", "not after start", "an end after the start")
    if longest_s is not None and last - first > longest_s * 1_000_000:
        raise invalid("end", f"more than {longest_s / 86_400:g} days after start", "a shorter range")
    return first, last


def parse_date(name: str, text: str) -> date:
    """A day in a query parameter.

    Raises:
        Problem: 400, not a day of the calendar.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as exc:
        raise invalid(name, "not a day", "YYYY-MM-DD") from exc
    if day.isoformat() != text or not 1970 <= day.year < 9999:
        raise invalid(name, "not a day", "YYYY-MM-DD, of the years 1970 to 9998")
    return day


def show_instant(utc_us: int, zone: tzinfo) -> str:
    """RFC 3339 with the zone's offset, to the millisecond, in the past rather than in the future."""
    return to_datetime(utc_us, zone).isoformat(timespec="milliseconds")
