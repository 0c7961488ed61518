"""Paths and their meaning, both ways by one table."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.clock import US_PER_S, to_utc_us
from mini_nvr.segment.model import Container
from mini_nvr.segment.names import SegmentName, parse_segment_name, segment_name


def utc(text: str) -> int:
    return to_utc_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


TABLE: list[tuple[str, int, str, tzinfo, Container, int]] = [
    ("ch1/2026-11-22/133000+0000.mp4", 1, "2026-11-22T13:30:00", UTC, "mp4", 0),
    ("ch16/2026-11-22/143000+0100.mkv", 16, "2026-11-22T13:30:00", ZoneInfo("Europe/Berlin"), "mkv", 0),
    ("ch1/2026-10-25/021500+0200.mp4", 1, "2026-10-25T00:15:00", ZoneInfo("Europe/Berlin"), "mp4", 0),
    ("ch1/2026-10-25/021500+0100.mp4", 1, "2026-10-25T01:15:00", ZoneInfo("Europe/Berlin"), "mp4", 0),
    ("ch1/2026-10-25/021500+0100-2.mp4", 1, "2026-10-25T01:15:00", ZoneInfo("Europe/Berlin"), "mp4", 1),
    ("ch1/2026-10-25/021500+0100-12.mp4", 1, "2026-10-25T01:15:00", ZoneInfo("Europe/Berlin"), "mp4", 11),
    ("ch2/2026-11-22/190000+0530.mp4", 2, "2026-11-22T13:30:00", ZoneInfo("Asia/Kolkata"), "mp4", 0),
    ("ch2/2026-11-23/031500+1345.mp4", 2, "2026-11-22T13:30:00", ZoneInfo("Pacific/Chatham"), "mp4", 0),
    ("ch2/2026-11-22/100000-0330.mp4", 2, "2026-11-22T13:30:00", ZoneInfo("America/St_Johns"), "mp4", 0),
    ("ch2/2026-11-21/223000-1200.mp4", 2, "2026-11-22T10:30:00", timezone(-timedelta(hours=12)), "mp4", 0),
    ("ch3/2026-12-31/235959-0001.mp4", 3, "2027-01-01T00:00:59", timezone(-timedelta(minutes=1)), "mp4", 0),
]


@pytest.mark.parametrize(("path", "channel", "start", "zone", "container", "collision"), TABLE)
def test_name_and_meaning(path: str, channel: int, start: str, zone: tzinfo, container: Container, collision: int) -> None:
    start_utc_us = utc(start)
    assert segment_name(channel, start_utc_us + 999_999, zone, container, collision) == PurePosixPath(path)
    assert parse_segment_name(PurePosixPath(path)) == SegmentName(channel, start_utc_us, container, collision)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "ch1",
        "ch0/2026-11-22/133000+0000.mp4",
        "ch01/2026-11-22/133000+0000.mp4",
        "ch1/2026-11-22/133000.mp4",
        "ch1/2026-11-22/133000-0000.mp4",
        "ch1/2026-11-22/133000+2400.mp4",
        "ch1/2026-11-22/133000+0060.mp4",
        "ch1/2026-11-22/133000+0000-0.mp4",
        "ch1/2026-11-22/133000+0000-1.mp4",
        "ch1/2026-11-22/133000+0000.part",
        "ch1/2026-11-22/133000+0000.mp4\n",
        "ch1/2026-02-30/133000+0000.mp4",
        "ch1/2026-11-22/256000+0000.mp4",
        "ch1/0001-01-01/000000+0100.mp4",
        "ch1/0000-01-01/000000+0100.mp4",
        "ch١/2026-11-22/133000+0000.mp4",
        "/ch1/2026-11-22/133000+0000.mp4",
        "x/ch1/2026-11-22/133000+0000.mp4",
        "ch1/../ch1/2026-11-22/133000+0000.mp4",
    ],
)
def test_foreign_paths_mean_nothing(path: str) -> None:
    assert parse_segment_name(PurePosixPath(path)) is None


def test_offset_with_seconds_is_cut_to_minutes() -> None:
    zone = timezone(timedelta(hours=-1, minutes=-2, seconds=-30))
    path = segment_name(1, utc("2026-11-22T13:30:00"), zone, "mp4")
    meaning = parse_segment_name(path)
    assert meaning is not None
    assert meaning.start_utc_us == utc("2026-11-22T13:30:00")


@given(
    channel=st.integers(1, 999),
    second=st.integers(0, 4_102_444_800),
    minutes=st.integers(-14 * 60, 14 * 60),
    container=st.sampled_from(["mp4", "mkv"]),
    collision=st.integers(0, 500),
)
def test_every_name_reads_back(channel: int, second: int, minutes: int, container: Container, collision: int) -> None:
    start = second * US_PER_S
    path = segment_name(channel, start, timezone(timedelta(minutes=minutes)), container, collision)
    assert parse_segment_name(path) == SegmentName(channel, start, container, collision)


def test_names_sort_by_time_within_a_day() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = utc("2026-11-22T03:00:00")
    names = [segment_name(1, start + i * 300 * US_PER_S, zone, "mp4") for i in range(20)]
    assert names == sorted(names)
