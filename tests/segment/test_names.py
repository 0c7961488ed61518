"""Paths and their meaning, both ways by one table."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.clock import US_PER_S, to_utc_us
from mini_nvr.segment.model import Container
from mini_nvr.segment.names import SegmentName, foreign_start_utc_us, parse_foreign_name, parse_segment_name, segment_name


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


FOREIGN = [
    ("ch1/2024-01-15/120000.mkv", 1, "2024-01-15T12:00:00", "mkv"),
    ("ch12/2024-01-15/235959.mp4", 12, "2024-01-15T23:59:59", "mp4"),
    ("ch3_20240115_120000.mkv", 3, "2024-01-15T12:00:00", "mkv"),
    ("CH3_20240115_120000.MKV", 3, "2024-01-15T12:00:00", "mkv"),
    ("Ch1/2024-01-15/120000.Mp4", 1, "2024-01-15T12:00:00", "mp4"),
]


@pytest.mark.parametrize(("text", "channel", "local", "container"), FOREIGN)
def test_names_of_other_products_are_read(text: str, channel: int, local: str, container: str) -> None:
    name = parse_foreign_name(PurePosixPath(text))
    assert name is not None
    assert (name.channel, name.local.isoformat()[:19], name.container) == (channel, local, container)
    assert parse_segment_name(PurePosixPath(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "ch1/2024-01-15/120000+0100.mkv",
        "ch0/2024-01-15/120000.mkv",
        "ch1/2024-02-30/120000.mkv",
        "ch1/2024-01-15/250000.mkv",
        "ch1/20240115/120000.mkv",
        "ch1_2024-01-15_120000.mkv",
        "ch1_20240115_120000.avi",
        "ch1/2024-01-15/120000.mkv.part",
        "../ch1_20240115_120000.mkv",
        "ch1/2024-01-15/x/120000.mkv",
        "ch1/2024-01-15/120000.m\N{KELVIN SIGN}v",
        "CH1/2024-01-15/120000+0100.MKV",
    ],
)
def test_every_other_path_is_no_footage_of_another_product(text: str) -> None:
    assert parse_foreign_name(PurePosixPath(text)) is None


def _foreign_start(text: str, modified_utc_us: int = 0) -> int | None:
    name = parse_foreign_name(PurePosixPath(text))
    assert name is not None
    return foreign_start_utc_us(name, ZoneInfo("Europe/Berlin"), modified_utc_us)


def _us(text: str) -> int:
    return to_utc_us(datetime.fromisoformat(text))


def test_foreign_names_are_local_time() -> None:
    assert _foreign_start("ch1/2024-01-15/120000.mkv") == _us("2024-01-15T11:00:00+00:00")
    assert _foreign_start("ch1_20240715_120000.mkv") == _us("2024-07-15T10:00:00+00:00")
    assert _foreign_start("ch1_19600715_120000.mkv") is None


@pytest.mark.parametrize(
    ("modified", "start"),
    [
        ("2026-10-25T00:35:00+00:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T01:35:00+00:00", "2026-10-25T01:30:00+00:00"),
        ("2027-01-01T00:00:00+00:00", "2026-10-25T00:30:00+00:00"),
    ],
)
def test_in_the_repeated_hour_the_files_own_time_stamp_decides(modified: str, start: str) -> None:
    assert _foreign_start("ch1_20261025_023000.mkv", _us(modified)) == _us(start)


def test_a_time_that_the_clock_skipped_is_read_by_the_offset_before() -> None:
    assert _foreign_start("ch1_20260329_023000.mkv") == _us("2026-03-29T01:30:00+00:00")
