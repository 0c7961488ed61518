"""Instants and datetimes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.clock import SystemClock, to_datetime, to_utc_us


@given(st.integers(0, 4_102_444_800_000_000), st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"]))
def test_an_instant_survives_the_way_through_any_zone(utc_us: int, zone: str) -> None:
    assert to_utc_us(to_datetime(utc_us, ZoneInfo(zone))) == utc_us


def test_a_datetime_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_utc_us(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


async def test_the_system_clock_moves() -> None:
    clock = SystemClock()
    before = clock.monotonic_ns()
    await clock.sleep(0.001)
    assert clock.monotonic_ns() - before >= 1_000_000
    assert to_datetime(clock.utc_us()).year >= 2026
