"""Time lines of many files say what those file by file say, from sums by day."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.overview_queries import DAY_US, overview, protected_spans
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import SLIVER_US
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.playback import timeline
from mini_nvr.playback.overview import assessed, cell, days_of
from mini_nvr.playback.timeline import ChannelTimeline
from tests.support.catalog import DAY, FIVE_MINUTES, MINUTE, T0, change, facts
from tests.support.time_lines import channel_timeline

HOUR = 60 * MINUTE
FIRST = T0 // DAY * DAY + 2 * DAY + 7 * HOUR
NOW = FIRST + 60 * DAY


def both(catalog: Catalog, start: int, end: int, resolution_us: int | None = None) -> tuple[ChannelTimeline, ChannelTimeline]:
    """The answer of few files and that of many, for the same."""
    answers = []
    for most_files in (1 << 30, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(timeline, "_MOST_FILES", most_files)
            answers.append(channel_timeline(catalog, 1, start, end, now_utc_us=NOW, resolution_us=resolution_us))
    return answers[0], answers[1]


def record(catalog: Catalog, start: int, count: int, *, number: int = 0, duration: int = HOUR, rate: int = 1_000) -> int:
    """Files without a hole; returns where they end."""
    size = rate * duration // US_PER_S
    catalog.commit(
        [change(facts(start + n * duration, number=number + n, duration_us=duration, size_bytes=size)) for n in range(count)]
    )
    return start + count * duration


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overview")
    Catalog.open(folder).close()
    return folder


@pytest.fixture
def two_weeks(catalog: Catalog) -> Iterator[Catalog]:
    """Footage with three explained gaps, one over two midnights, and one that nobody explains."""
    end = record(catalog, FIRST, 30)
    for number, (hole, cause) in enumerate([(40 * US_PER_S, GapCause.CAMERA_OFFLINE), (50 * HOUR, GapCause.DISK_FULL)]):
        catalog.commit([], [GapChange(1, end, end + hole, cause)])
        end = record(catalog, end + hole, 100, number=1_000 * (number + 1))
    end = record(catalog, end + 2 * HOUR, 20, number=9_000)
    catalog.commit([], [GapChange(1, end, None, GapCause.CAMERA_OFFLINE)])
    yield catalog


@pytest.mark.parametrize(("start", "end"), [(0, 20 * DAY), (3 * HOUR, 9 * DAY + HOUR), (-3 * DAY, 30 * DAY), (40 * DAY, 41 * DAY)])
@pytest.mark.parametrize("resolution_us", [None, 10 * US_PER_S, HOUR, 3 * DAY])
def test_both_ways_say_the_same(two_weeks: Catalog, start: int, end: int, resolution_us: int | None) -> None:
    few, many = both(two_weeks, FIRST + start, FIRST + end, resolution_us)
    assert many.spans == few.spans
    assert many.gaps == few.gaps
    rates = {rate for rate in many.activity.bytes_per_s if rate}
    assert rates <= {999, 1_000, 1_001}


def test_days_without_surprises_are_not_read_file_by_file(two_weeks: Catalog) -> None:
    first, last = days_of(FIRST, FIRST + 30 * DAY)
    asked = [(low, high) for low, high, footage in assessed(overview(two_weeks, 1, first, last), first, last) if footage is None]
    start = FIRST // DAY_US
    end = (FIRST + 300 * HOUR + 52 * HOUR) // DAY_US
    assert all(low == start or high >= end - 6 for low, high in asked), asked
    assert sum(high - low + 1 for low, high in asked) <= 4


def test_footage_that_cannot_be_played_is_a_gap(two_weeks: Catalog) -> None:
    row = two_weeks.segments(1)[60]
    two_weeks.mark_damaged([row.id])
    few, many = both(two_weeks, FIRST, FIRST + 20 * DAY)
    assert many.spans == few.spans
    assert not any(start <= row.start_utc_us < end for start, end in many.spans)


def test_overlapping_footage_hides_no_gap(catalog: Catalog) -> None:
    """The clock was set back an hour, then an hour is missing: the sum of the day alone looks like a whole one."""
    end = record(catalog, FIRST, 40)
    end = record(catalog, end - HOUR + 1, 3, number=100)
    catalog.commit([], [GapChange(1, end, end + HOUR, GapCause.CAMERA_OFFLINE)])
    record(catalog, end + HOUR, 60, number=200)
    few, many = both(catalog, FIRST, FIRST + 10 * DAY)
    assert many.spans == few.spans
    assert len(many.spans) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(0, 40), st.integers(0, 3_599), st.sampled_from([None, *GapCause])),
        min_size=1,
        max_size=8,
    ),
    st.integers(-100_000, 100_000),
    st.integers(1, 30 * 86_400),
)
def test_any_past_looks_the_same_both_ways(
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[tuple[int, int, int, GapCause | None]],
    start: int,
    length: int,
) -> None:
    """Up to what a day's sum cannot tell: a hole of up to 0.1 % of a day that nobody explains."""
    folder = tmp_path_factory.mktemp("past")
    (folder / "catalog.db").write_bytes((template / "catalog.db").read_bytes())
    with Catalog.open(folder) as catalog:
        position = FIRST
        for number, (files, hours, seconds, cause) in enumerate(pieces):
            position = record(catalog, position, files, number=number * 1_000)
            hole = hours * HOUR + seconds * US_PER_S
            if cause is None and hole < 90 * US_PER_S:
                continue
            if cause is not None and hole >= SLIVER_US:
                catalog.commit([], [GapChange(1, position, position + hole, cause)])
            position += hole
        few, many = both(catalog, FIRST + start * US_PER_S, FIRST + (start + length) * US_PER_S)
    assert many.spans == few.spans
    assert many.gaps == few.gaps


def test_a_cell_is_some_hours_or_a_day() -> None:
    assert cell(0, DAY) == HOUR
    assert cell(0, 30 * DAY) == 2 * HOUR
    assert cell(0, 365 * DAY) == DAY


def test_protected_footage_of_a_channel_alone(catalog: Catalog) -> None:
    catalog.commit([change(facts(T0 + n * FIVE_MINUTES, channel=channel, run=channel)) for n in range(3) for channel in (1, 2)])
    rows = catalog.segments(2)
    catalog.protect([rows[1].id], protected=True)
    assert protected_spans(catalog, [1, 2], T0, T0 + DAY) == {2: [(T0 + FIVE_MINUTES, T0 + 2 * FIVE_MINUTES)]}
    assert protected_spans(catalog, [1], T0, T0 + DAY) == {}
    assert protected_spans(catalog, [1, 2], T0, T0 + FIVE_MINUTES) == {}
