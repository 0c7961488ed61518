"""Decoding times from presentation times."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.media.decode_times import DecodeClock

FRAME = 3600


def decode(pts: list[int], depth: int | None, part: int) -> list[int]:
    """Decoding times as the assembler asks for them: observe a part, push it and the first frame of the next."""
    clock = DecodeClock(depth)
    times: list[int] = []
    for start in range(0, len(pts), part):
        clock.observe(pts[start : start + part])
        times += [clock.push(time) for time in pts[len(times) : start + part + 1]]
    return times


def reordered(gops: int, pattern: list[int]) -> list[int]:
    """Presentation times of GOPs in decoding order; `pattern` holds the output positions of one mini-GOP."""
    return [(gop * len(pattern) + position) * FRAME for gop in range(gops) for position in pattern]


def test_without_reordering_both_times_are_the_same() -> None:
    pts = [i * FRAME for i in range(40)]
    assert decode(pts, None, 10) == pts


@pytest.mark.parametrize(
    ("pattern", "depth"),
    [([0, 2, 1], 1), ([0, 3, 1, 2], 1), ([0, 4, 2, 1, 3], 2), ([0, 8, 4, 2, 1, 3, 6, 5, 7], 3)],
)
@pytest.mark.parametrize("signalled", [True, False])
def test_b_frames_at_a_constant_rate_are_decoded_at_that_rate(pattern: list[int], depth: int, signalled: bool) -> None:
    pts = reordered(8, pattern)
    times = decode(pts, depth if signalled else None, len(pattern) * 2)
    assert times == [i * FRAME for i in range(len(pts))]


@pytest.mark.parametrize(("pattern", "depth"), [([0, 2, 1], 1), ([0, 4, 2, 1, 3], 2), ([0, 8, 4, 2, 1, 3, 6, 5, 7], 3)])
def test_a_clock_that_knows_the_depth_alone_never_decodes_after_presentation(pattern: list[int], depth: int) -> None:
    pts = reordered(4, pattern)
    learner = DecodeClock(None)
    learner.observe(pts)
    assert learner.depth == depth
    clock = DecodeClock(learner.depth)
    times = [clock.push(time) for time in pts]
    assert all(dts <= time + depth for dts, time in zip(times, pts, strict=True)), (
        "but for the ticks that tell the first frames apart"
    )
    assert {later - earlier for earlier, later in pairwise(times[depth + 1 :])} == {FRAME}


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=200), st.integers(0, 4), st.integers(1, 30))
def test_decoding_times_always_increase(pts: list[int], depth: int, part: int) -> None:
    times = decode(pts, depth, part)
    assert len(times) == len(pts)
    assert all(later > earlier for earlier, later in pairwise(times))


@given(st.lists(st.lists(st.integers(0, 400), min_size=1, max_size=8), max_size=8), st.integers(0, 2))
def test_many_at_once_are_the_same_as_one_by_one(parts: list[list[int]], depth: int) -> None:
    together, alone = DecodeClock(depth), DecodeClock(depth)
    for part in parts:
        for pts in (part, sorted(part)):
            together.observe(pts)
            alone.observe(pts)
            assert together.push_all(pts) == [alone.push(time) for time in pts]
