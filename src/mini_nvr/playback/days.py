"""Days as the people in front of the screen count them: local ones of 23, 24 or 25 hours."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from mini_nvr.catalog.playback_queries import days_with_footage, last_footage_before
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
    start, end = (to_utc_us(datetime.combine(at, time(), zone).astimezone(UTC)) for at in (day, day + timedelta(days=1)))
    return start, max(start, end)


def day_of(utc_us: int, zone: tzinfo) -> date:
    """The local day of an instant."""
    return to_datetime(utc_us, zone).date()


def local_time(utc_us: int, zone: tzinfo) -> str:
    """`HH:MM:SS` on a local clock."""
    return f"{to_datetime(utc_us, zone):%H:%M:%S}"


def dates(catalog: Catalog, channel: int | None, zone: tzinfo) -> list[str]:
    """The local days with playable footage of a channel (None: of any), as YYYY-MM-DD, newest first.

    Looks at 400 days at a time and jumps over what is empty before them, so a file from a clock that stood at 1970 costs one query.
    """
    found: list[str] = []
    before = _END_OF_TIME
    while (last := last_footage_before(catalog, channel, before)) is not None:
        newest = min(day_of(min(last, before), zone), _LAST_DAY)
        days = [newest - timedelta(days=back) for back in range(_DAYS_A_QUERY) if (newest - date.min).days > back + 1]
        if found and days and days[0].isoformat() == found[-1]:
            days = days[1:]
        if not days:
            break
        bounds = [day_bounds(day, zone) for day in days]
        found += [days[position].isoformat() for position in days_with_footage(catalog, channel, bounds)]
        before = bounds[-1][0]
    return found
