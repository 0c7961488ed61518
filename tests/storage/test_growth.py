"""How much room is kept ahead, and when the next look is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.clock import NS_PER_S
from mini_nvr.storage.growth import (
    HIGHEST_RATE,
    INDEX_BYTES_PER_S,
    LOOK_INTERVAL_S,
    MARGIN,
    UNKNOWN_RATE,
    GrowthMeter,
    horizon_s,
    look_interval_s,
    next_look_s,
    room_ahead,
)

MB = 1 << 20


def fed(rates: list[int], channel: int = 1) -> GrowthMeter:
    """A meter after seconds with so many bytes each."""
    meter = GrowthMeter(0)
    for second, size in enumerate(rates, start=1):
        meter.add(second * NS_PER_S, {channel: size})
    return meter


@pytest.mark.parametrize(("segment_s", "seconds"), [(10, 2), (30, 2), (60, 4), (300, 20), (3600, 20)])
def test_the_room_ahead_is_for_a_tenth_of_a_file_within_reason(segment_s: float, seconds: float) -> None:
    assert horizon_s(segment_s) == pytest.approx(seconds)


@pytest.mark.parametrize(("segment_s", "seconds"), [(10, 0.5), (45, 0.75), (60, 1), (300, 1), (3600, 1)])
def test_several_looks_fit_into_the_horizon(segment_s: float, seconds: float) -> None:
    assert look_interval_s(segment_s) == pytest.approx(seconds)


def test_the_fastest_growth_lately_counts() -> None:
    meter = fed([MB] * 8 + [4 * MB] * 4 + [0] * 20)
    assert meter.peak() == meter.peak_of(1) == 4 * MB
    assert meter.peak_of(2) == 0


def test_growth_of_long_ago_is_forgotten() -> None:
    assert fed([4 * MB] * 4 + [MB] * 124).peak() == MB


def test_parts_that_come_in_bursts_are_not_taken_for_a_rate() -> None:
    assert fed([0, 4 * MB, 0, 0] * 4).peak() == MB


def test_a_file_that_was_copied_in_is_not_taken_for_a_rate() -> None:
    assert fed([1 << 40] + [0] * 3).peak() == HIGHEST_RATE


def test_channels_that_peak_one_after_the_other_are_not_added() -> None:
    meter = GrowthMeter(0)
    meter.add(4 * NS_PER_S, {1: 4 * MB, 2: 40 * MB})
    meter.add(8 * NS_PER_S, {1: 40 * MB, 2: 4 * MB})
    assert meter.peak() == 11 * MB
    assert meter.peak_of(1) == meter.peak_of(2) == 10 * MB


def test_a_silent_channel_may_come_back_with_its_usual_rate() -> None:
    room = room_ahead(fed([MB] * 8), {1: 0.0, 2: 3.0 * MB}, 300)
    index = 300 * INDEX_BYTES_PER_S
    assert room.ahead == MARGIN * 20 * 3 * MB + 2 * index
    assert room.ahead_of == {1: MARGIN * 20 * MB + index, 2: MARGIN * 20 * 3 * MB + index}


def test_without_channels_no_room_is_kept() -> None:
    assert room_ahead(GrowthMeter(0), {}, 300).ahead == 0


@given(st.lists(st.integers(1, 4 * MB), min_size=1, max_size=64), st.integers(10, 3600))
def test_the_room_ahead_of_steady_cameras_is_a_small_part_of_a_file_of_each(rates: list[int], segment_s: int) -> None:
    room = room_ahead(GrowthMeter(0), dict(enumerate(map(float, rates))), segment_s)
    part = max(0.1, 3 / segment_s)
    assert room.ahead <= segment_s * (part * sum(rates) + len(rates) * INDEX_BYTES_PER_S) + 1


@given(st.integers(0, 1 << 42), st.integers(0, 200 * MB), st.integers(1, 64), st.integers(1, 86_400))
def test_before_the_next_look_nothing_is_passed_even_if_growth_triples(
    slack: int, peak: int, channels: int, interval_s: int
) -> None:
    wait_s = next_look_s(slack, None, peak, channels, LOOK_INTERVAL_S, interval_s)
    assert wait_s <= interval_s
    assert wait_s <= LOOK_INTERVAL_S or wait_s * max(3 * peak, channels * 4 * UNKNOWN_RATE) <= slack * 1.000001


@pytest.mark.parametrize(
    ("slack", "free_slack", "expected"),
    [
        (None, None, 60),
        (1 << 42, None, 60),
        (0, None, LOOK_INTERVAL_S),
        (-1, None, LOOK_INTERVAL_S),
        (None, 0, LOOK_INTERVAL_S),
        (None, 1 << 42, 60),
        (1 << 42, 10 << 30, 10 * 1024 / 202),
        (200 * MB, 1 << 42, 60),
    ],
)
def test_the_tightest_limit_decides(slack: int | None, free_slack: int | None, expected: float) -> None:
    assert next_look_s(slack, free_slack, 0.0, 1, LOOK_INTERVAL_S, 60) == pytest.approx(expected)


def test_an_interval_of_the_owner_s_may_be_shorter_than_ours() -> None:
    assert next_look_s(0, None, 0.0, 1, LOOK_INTERVAL_S, 0.5) == 0.5
