"""Days as the people in front of the screen count them: local ones of 23, 24 or 25 hours."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from mini_nvr.catalog.playback_queries import days_with_footage, footage_bounds
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import Span
from mini_nvr.clock import to_datetime, to_utc_us

_DAYS_A_QUERY = 400
_END_OF_TIME = 1 << 61
_LAST_DAY = date(9999, 12, 30)


def day_bounds(day: date, zone: tzinfo) -> Span:
    """[start, end) of a local day in UTC microseconds; the two are equal for a day that the zone skipped.

    A midnight that summer time skips is the instant of the change; one that comes twice counts as the first.

    Raises:
        ValueError: the day lies at the end of the calendar.
    """
    if not date.min < day <= _LAST_DAY:
        raise ValueError(f"{day} is outside of the calendar")
    start, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    return start, max(start, end)


def day_of(utc_us: int, zone: tzinfo) -> date:
    """The local day of an instant."""
    return to_datetime(utc_us, zone).date()


def dates(catalog: Catalog, channel: int | None, zone: tzinfo) -> list[str]:
    """The local days with playable footage of a channel (None: of any), as YYYY-MM-DD, newest first.

    Looks at 400 days at a time and jumps over what is empty before them, so a file from a clock that stood at 1970 costs one query.
    """
    found: list[str] = []
    before = _END_OF_TIME
    while (bounds := footage_bounds(catalog, channel, before)) is not None:
        newest = min(day_of(min(bounds[1], before - 1), zone), _LAST_DAY)
        oldest = max(day_of(bounds[0], zone), newest - timedelta(days=_DAYS_A_QUERY - 1))
        days = [oldest + timedelta(days=number) for number in range((newest - oldest).days + 1)]
        midnights = [_midnight(day, zone) for day in [*days, newest + timedelta(days=1)]]
        with_footage = days_with_footage(catalog, channel, list(pairwise(midnights)))
        found += [days[position].isoformat() for position in reversed(with_footage)]
        before = midnights[0]
    return found


def _midnight(day: date, zone: tzinfo) -> int:
    return to_utc_us(datetime.combine(day, time(), zone).astimezone(UTC))
