"""Times of foreign files on one line."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.storage.converter_input import PresentationTimes

MS = Fraction(1, 1000)


def placed(stamps: list[int | None], duration: int = 40) -> list[int]:
    times = PresentationTimes(MS)
    return [times.place(stamp, duration)[0] for stamp in stamps]


def test_times_are_kept_reordered_ones_too() -> None:
    assert placed([0, 120, 40, 80, 160]) == [0, 10_800, 3_600, 7_200, 14_400]


def test_a_frame_without_a_time_follows_the_one_before() -> None:
    assert placed([None, None, 500, None]) == [0, 3_600, 45_000, 48_600]


def test_a_clock_that_begins_anew_goes_on() -> None:
    assert placed([100_000, 100_040, 0, 40]) == [9_000_000, 9_003_600, 9_007_200, 9_010_800]


def test_a_pause_stays_a_pause() -> None:
    assert placed([0, 40, 60_000]) == [0, 3_600, 5_400_000]


@given(st.lists(st.none() | st.integers(-(2**40), 2**40), max_size=30), st.none() | st.integers(0, 10_000))
def test_time_never_jumps_back_further_than_reordering(stamps: list[int | None], duration: int | None) -> None:
    times = PresentationTimes(MS)
    newest = None
    for stamp in stamps:
        pts, lasts = times.place(stamp, duration)
        assert newest is None or pts >= newest - 10 * 90_000
        assert lasts >= 0
        newest = pts if newest is None else max(newest, pts)
