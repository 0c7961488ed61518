"""Local days, also those that are not 24 hours long."""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.playback.days import dates, day_bounds, day_of
from tests.support.catalog import DAY, FIVE_MINUTES, MINUTE, T0, change, facts

HOUR = 60 * MINUTE
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["UTC", "Europe/Berlin", "America/Havana", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", date(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # summer time began at midnight: the day starts at 01:00
        ("America/Havana", date(2026, 11, 1), 25),  # midnight comes twice
        ("Pacific/Apia", date(2011, 12, 30), 0),  # left out, by crossing the date line
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    ],
)
def test_the_length_of_a_day(zone: str, day: date, hours: float) -> None:
    start, end = day_bounds(day, ZoneInfo(zone))
    assert (end - start) / HOUR == hours


@given(st.sampled_from(ZONES), st.dates(date(1975, 1, 1), date(2035, 1, 1)))
def test_days_follow_each_other_without_hole_or_overlap(zone: str, day: date) -> None:
    start, end = day_bounds(day, ZoneInfo(zone))
    assert day_bounds(day + timedelta(days=1), ZoneInfo(zone))[0] == end
    if start < end:
        assert day_of(start, ZoneInfo(zone)) == day_of(end - 1, ZoneInfo(zone)) == day
        assert day_of(start - 1, ZoneInfo(zone)) < day < day_of(end, ZoneInfo(zone))


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_refused(day: date) -> None:
    with pytest.raises(ValueError, match="calendar"):
        day_bounds(day, BERLIN)


def test_dates_are_local_newest_first_and_count_what_reaches_over_midnight(catalog: Catalog) -> None:
    midnight = day_bounds(date(2026, 3, 2), BERLIN)[0]
    catalog.commit([change(facts(midnight - MINUTE, number=0)), change(facts(midnight + 3 * DAY, number=1))])
    assert dates(catalog, 1, BERLIN) == ["2026-03-05", "2026-03-02", "2026-03-01"]
    assert dates(catalog, 1, UTC) == ["2026-03-04", "2026-03-01"]
    assert dates(catalog, 2, UTC) == []


def test_dates_of_all_channels(catalog: Catalog) -> None:
    catalog.commit([change(facts(T0 + n * DAY, channel=n + 1, run=n)) for n in range(3)])
    assert dates(catalog, None, UTC) == ["2026-03-03", "2026-03-02", "2026-03-01"]
    assert dates(catalog, 2, UTC) == ["2026-03-02"]


def test_a_clock_that_stood_at_1970_and_a_year_of_nothing(catalog: Catalog) -> None:
    starts = [10 * US_PER_S, T0 - 900 * DAY, T0 - 400 * DAY, T0 - 399 * DAY, T0]
    catalog.commit([change(facts(start, number=n, duration_us=FIVE_MINUTES)) for n, start in enumerate(starts)])
    expected = [str(day_of(start, UTC)) for start in reversed(starts)]
    assert dates(catalog, 1, UTC) == expected
    assert dates(catalog, None, UTC) == expected


@given(st.sets(st.integers(0, 1_500), max_size=30))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_dates_equal_the_days_of_the_rows(catalog: Catalog, days: set[int]) -> None:
    catalog.forget([row.id for row in catalog.segments()])
    catalog.commit([change(facts(T0 + day * DAY, number=day)) for day in days])
    assert dates(catalog, 1, BERLIN) == sorted((str(day_of(T0 + day * DAY, BERLIN)) for day in days), reverse=True)


def test_what_is_being_deleted_makes_no_date(catalog: Catalog) -> None:
    catalog.commit([change(facts()), change(facts(T0 + DAY, number=1))], [GapChange(1, T0 - MINUTE, T0, GapCause.UNKNOWN)])
    catalog.mark_deleting([catalog.segments()[0].id])
    assert dates(catalog, 1, UTC) == ["2026-03-02"]
