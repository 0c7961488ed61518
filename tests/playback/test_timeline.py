"""Spans, gaps and activity of a channel's time line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import Gap
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.playback.activity import MAX_POINTS, activity, step
from mini_nvr.playback.errors import RangeTooLong
from mini_nvr.playback.spans import ShownGap, unbroken
from mini_nvr.playback.timeline import MAX_RANGE_US
from mini_nvr.segment.model import IndexEntry
from tests.support.catalog import DAY, FIVE_MINUTES, MINUTE, T0, change, facts
from tests.support.time_lines import channel_timeline

S = US_PER_S
HOUR = 60 * MINUTE


# Spans


@pytest.mark.parametrize(
    ("footage", "gaps", "expected"),
    [
        ([], [], []),
        ([(0, 10 * S), (10 * S, 20 * S)], [], [(0, 20 * S)]),
        ([(0, 10 * S), (5 * S, 8 * S), (9 * S, 12 * S)], [], [(0, 12 * S)]),
        ([(0, 10 * S), (10 * S + 999_999, 20 * S)], [], [(0, 20 * S)]),
        ([(0, 10 * S), (11 * S, 20 * S)], [], [(0, 10 * S), (11 * S, 20 * S)]),
        ([(0, 10 * S), (10 * S + 500_000, 20 * S)], [10 * S], [(0, 10 * S), (10 * S + 500_000, 20 * S)]),
        ([(0, 3_600 * S), (3_601 * S + 800_000, 7_200 * S)], [], [(0, 7_200 * S)]),
        ([(0, 0), (5 * S, 6 * S)], [], [(5 * S, 6 * S)]),
    ],
)
def test_what_joins(footage: list[tuple[int, int]], gaps: list[int], expected: list[tuple[int, int]]) -> None:
    known = [Gap(start, start + 400_000, GapCause.CAMERA_OFFLINE) for start in gaps]
    starts, ends = [start for start, _ in footage], [end for _, end in footage]
    assert list(unbroken(starts, ends, known)) == expected


# Activity


def test_activity_is_averaged_over_footage_alone_and_tells_of_gaps() -> None:
    """Ten seconds at 100 bytes a second, of which the second half of the first bucket is missing, and all of the third."""
    flows = [(0, 5 * S, 500), (10 * S, 20 * S, 3_000), (30 * S, 35 * S, 50)]
    result = activity(flows, [(0, 5 * S), (10 * S, 20 * S), (30 * S, 35 * S)], (0, 35 * S), 10 * S, exact=True)
    assert result.bytes_per_s == [100, 300, None, 10]
    assert result.has_gap == [True, False, True, False]


def test_activity_of_what_reaches_out_of_the_range() -> None:
    result = activity([(0, 100 * S, 1_000)], [(0, 100 * S)], (30 * S, 50 * S), 10 * S, exact=False)
    assert result.bytes_per_s == [10, 10]
    assert result.has_gap == [False, False]


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60), st.integers(0, 10_000)), max_size=20),
    st.integers(0, 300),
    st.integers(1, 400),
    st.integers(1, 90),
)
def test_no_byte_is_lost_or_made_up_and_no_gap_is_averaged_away(
    pieces: list[tuple[int, int, int]], start: int, length: int, step_us: int
) -> None:
    flows, position = [], 0
    for hole, duration, size in pieces:
        position += hole
        flows.append((position, position + duration, size))
        position += duration
    end = start + length
    spans = [(a, b) for a, b, _ in flows]
    result = activity(flows, spans, (start, end), step_us, exact=True)
    assert len(result.bytes_per_s) == len(result.has_gap) == -(-length // step_us)
    for number, (rate, has_gap) in enumerate(zip(result.bytes_per_s, result.has_gap, strict=True)):
        low = start + number * step_us
        high = min(low + step_us, end)
        inside = [(max(a, low), min(b, high), size / (b - a)) for a, b, size in flows if a < high and b > low]
        footage = sum(b - a for a, b, _ in inside)
        assert has_gap == (footage < high - low)
        if footage == 0:
            assert rate is None
        else:
            assert rate == pytest.approx(sum((b - a) * density for a, b, density in inside) * S / footage, abs=1)


@given(st.integers(0, 10**15), st.integers(0, MAX_RANGE_US), st.one_of(st.none(), st.integers(0, DAY)))
def test_the_number_of_points_is_bounded(start: int, length: int, resolution: int | None) -> None:
    width = step(start, start + length, resolution)
    assert width >= (resolution or 0)
    assert -(-length // width) <= MAX_POINTS


# With the catalog


def test_a_channel(catalog: Catalog) -> None:
    catalog.commit(
        [change(facts(T0 + n * FIVE_MINUTES, number=n, size_bytes=300_000 * (n + 1))) for n in range(2)]
        + [change(facts(T0 + HOUR, run=2, size_bytes=30_000))]
        + [change(facts(T0, channel=2, run=3))],
        [
            GapChange(1, T0 + 10 * MINUTE, T0 + HOUR, GapCause.WRONG_PASSWORD, "401"),
            GapChange(1, T0 + 65 * MINUTE, None, GapCause.CAMERA_OFFLINE),
        ],
    )
    now = T0 + 80 * MINUTE
    line = channel_timeline(catalog, 1, T0 + MINUTE, T0 + 2 * HOUR, now_utc_us=now, resolution_us=10 * MINUTE)
    assert line.spans == [(T0 + MINUTE, T0 + 10 * MINUTE), (T0 + HOUR, T0 + 65 * MINUTE)]
    assert line.gaps == [
        ShownGap(T0 + 10 * MINUTE, T0 + HOUR, "wrong password", "401", 1, 50 * MINUTE),
        ShownGap(T0 + 65 * MINUTE, now, "camera offline", "", 1, 15 * MINUTE),
    ]
    assert line.activity.step_us == 10 * MINUTE
    assert line.activity.bytes_per_s[1:5] == [None] * 4
    assert line.activity.has_gap[0]


def test_a_short_range_is_exact_from_the_index(catalog: Catalog) -> None:
    index = tuple(IndexEntry(n * 900_000, 900_000, 944 + n * 100, (n + 1) * 1_000, 944 + n * 100, 50) for n in range(30))
    catalog.commit([change(facts(index=index))])
    line = channel_timeline(catalog, 1, T0, T0 + FIVE_MINUTES, now_utc_us=T0 + DAY, resolution_us=10 * S)
    assert line.activity.exact
    assert line.activity.bytes_per_s == [(n + 1) * 100 for n in range(30)]
    assert not any(line.activity.has_gap)


def test_a_long_range_uses_sizes(catalog: Catalog) -> None:
    catalog.commit([change(facts(T0 + n * FIVE_MINUTES, number=n, size_bytes=300_000)) for n in range(100)])
    line = channel_timeline(catalog, 1, T0, T0 + 100 * FIVE_MINUTES, now_utc_us=T0 + DAY, resolution_us=7 * MINUTE)
    assert not line.activity.exact
    assert set(line.activity.bytes_per_s) == {1_000}
    assert line.spans == [(T0, T0 + 100 * FIVE_MINUTES)]


def test_time_that_nobody_explains_is_unknown_not_footage(catalog: Catalog) -> None:
    catalog.commit([change(facts()), change(facts(T0 + HOUR, run=2))])
    line = channel_timeline(catalog, 1, T0, T0 + 2 * HOUR, now_utc_us=T0 + DAY)
    assert line.gaps == [ShownGap(T0 + FIVE_MINUTES, T0 + HOUR, "unknown", "", 1, 55 * MINUTE)]


def test_nothing_is_known_of_an_unknown_channel(catalog: Catalog) -> None:
    line = channel_timeline(catalog, 9, T0, T0 + HOUR, now_utc_us=T0 + DAY)
    assert (line.spans, line.gaps) == ([], [])
    assert set(line.activity.bytes_per_s) == {None}


def test_protected_footage_is_told(catalog: Catalog) -> None:
    catalog.commit([change(facts(T0 + n * FIVE_MINUTES, number=n)) for n in range(6)])
    rows = catalog.segments(1)
    catalog.protect([rows[n].id for n in (0, 2, 3, 5)], protected=True)
    line = channel_timeline(catalog, 1, T0 + MINUTE, T0 + HOUR, now_utc_us=T0 + DAY)
    begins = [T0 + n * FIVE_MINUTES for n in range(7)]
    assert line.protected == [(T0 + MINUTE, begins[1]), (begins[2], begins[4]), (begins[5], begins[6])]


def test_a_range_of_decades_is_refused(catalog: Catalog) -> None:
    with pytest.raises(RangeTooLong, match="3660 days"):
        channel_timeline(catalog, 1, 0, MAX_RANGE_US + 1, now_utc_us=T0)
