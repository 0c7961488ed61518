"""Instants in queries and in answers."""

from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.api.instants import parse_date, parse_instant, parse_range, show_instant
from mini_nvr.api.problems import Problem

MOMENT = 1_795_330_800_000_000  # 2026-11-22T07:00:00Z


@pytest.mark.parametrize(
    "text",
    [
        "1795330800000",
        "2026-11-22T07:00:00Z",
        "2026-11-22t07:00:00z",
        "2026-11-22T08:00:00+01:00",
        "2026-11-22T08:00:00 01:00",
        "2026-11-22 07:00:00Z",
        "2026-11-22T07:00:00.000Z",
        "2026-11-21T19:30:00.0-11:30",
    ],
)
def test_the_two_forms(text: str) -> None:
    assert parse_instant("at", text) == MOMENT


@pytest.mark.parametrize(
    "text",
    ["", "now", "-1", "1e3", "2026-11-22", "2026-11-22T07:00:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "1" * 16]
    + ["2026-11-22T24:00:00Z", "2026-11-22T07:00:00+25:00", "1969-12-31T23:59:59Z", "999999999999999", "٢٠٢٦-11-22T07:00:00Z"],
)
def test_what_is_no_instant_says_what_is(text: str) -> None:
    with pytest.raises(Problem, match="RFC 3339") as caught:
        parse_instant("at", text)
    assert caught.value.status == 400
    assert caught.value.more["parameter"] == "at"


@given(text=st.text(max_size=40))
def test_whatever_comes_is_an_instant_or_a_problem(text: str) -> None:
    try:
        utc_us = parse_instant("at", text)
    except Problem:
        return
    show_instant(utc_us, ZoneInfo("Pacific/Kiritimati"))
    show_instant(utc_us, ZoneInfo("Pacific/Pago_Pago"))


def test_ranges_go_forward() -> None:
    assert parse_range("0", "1") == (0, 1000)
    for start, end in (("1", "1"), ("2", "1")):
        with pytest.raises(Problem, match="not after start"):
            parse_range(start, end)
    with pytest.raises(Problem, match="more than 1 days"):
        parse_range("0", "86400001", 86_400)


@pytest.mark.parametrize("text", ["", "2026-1-1", "20261122", "2026-W01-1", "2026-02-30", "1969-12-31", "9999-12-31"])
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(Problem, match="YYYY-MM-DD"):
        parse_date("date", text)


def test_days_and_answers() -> None:
    assert parse_date("date", "2026-11-22") == date(2026, 11, 22)
    assert show_instant(MOMENT + 999, UTC) == "2026-11-22T07:00:00.000+00:00"
    assert show_instant(MOMENT, ZoneInfo("Europe/Paris")) == "2026-11-22T08:00:00.000+01:00"
