"""Merging for the eye: bounded, and nothing is averaged away."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.catalog.timeline import Gap
from mini_nvr.errors import GapCause
from mini_nvr.playback.spans import SEVERAL, ShownGap, merged_spans, shown_gaps

OFFLINE, STALLED = GapCause.CAMERA_OFFLINE, GapCause.STREAM_STALLED

lengths = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40), st.sampled_from([OFFLINE, STALLED])), max_size=40)


def gaps_of(pieces: list[tuple[int, int, GapCause]]) -> tuple[list[Gap], list[tuple[int, int]]]:
    """Gaps, each with some footage behind it, and that footage."""
    gaps, footage, position = [], [], 0
    for missing, there, cause in pieces:
        gaps.append(Gap(position, position + missing, cause))
        position += missing + there
        if there:
            footage.append((position - there, position))
    return gaps, footage


def test_short_gaps_close_together_are_one_and_say_so() -> None:
    gaps = [Gap(0, 5, OFFLINE, "a"), Gap(8, 10, STALLED), Gap(30, 32, OFFLINE), Gap(33, 60, OFFLINE), Gap(61, 62, OFFLINE)]
    assert shown_gaps(gaps, 10) == [
        ShownGap(0, 10, SEVERAL, "", 2, 7),
        ShownGap(30, 32, "camera offline", "", 1, 2),
        ShownGap(33, 60, "camera offline", "", 1, 27),
        ShownGap(61, 62, "camera offline", "", 1, 1),
    ]


def test_nothing_is_merged_below_no_width() -> None:
    gaps = [Gap(0, 5, OFFLINE), Gap(5, 6, STALLED)]
    assert [gap.count for gap in shown_gaps(gaps, 0)] == [1, 1]
    assert merged_spans([(0, 1), (2, 3)], 1) == [(0, 1), (2, 3)]


@given(lengths, st.integers(1, 60))
def test_no_gap_is_lost(pieces: list[tuple[int, int, GapCause]], width: int) -> None:
    gaps, _ = gaps_of(pieces)
    shown = shown_gaps(gaps, width)
    assert sum(gap.count for gap in shown) == len(gaps)
    assert sum(gap.missing_us for gap in shown) == sum(gap.limit - gap.start_utc_us for gap in gaps)
    assert all(any(one.start_utc_us <= gap.start_utc_us and gap.limit <= one.end_utc_us for one in shown) for gap in gaps)
    assert all(one.missing_us == one.end_utc_us - one.start_utc_us for one in shown if one.count == 1)


@given(lengths, st.integers(1, 60))
def test_the_answer_is_bounded_by_the_number_of_buckets(pieces: list[tuple[int, int, GapCause]], width: int) -> None:
    gaps, footage = gaps_of(pieces)
    whole = sum(missing + there for missing, there, _ in pieces)
    spans = merged_spans(footage, width)
    assert len(spans) <= whole // width + 1
    assert len(shown_gaps(gaps, width)) <= 3 * (whole // width + 1)
    assert all(after - before >= width for (_, before), (after, _) in pairwise(spans))
    assert all(any(low <= start and end <= high for low, high in spans) for start, end in footage)
