"""What comes out is what adding up every microsecond would give, however files and buckets lie."""

from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.catalog.timeline import Span
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.activity import MAX_POINTS, Flow, activity, step
from mini_nvr.playback.spans import merged_spans

BOUNDS = (1_000, 1_100)
STEP = 10


def added_up(flows: list[Flow], bucket: Span) -> float:
    return sum(
        size / (end - start) * max(0, min(end, bucket[1]) - max(start, bucket[0])) for start, end, size in flows if start < end
    )


@st.composite
def disjoint(draw: st.DrawFn) -> list[Flow]:
    edges = sorted(draw(st.sets(st.integers(960, 1_140), min_size=2, max_size=12)))
    return [(low, high, draw(st.integers(0, 900))) for low, high in zip(edges[::2], edges[1::2], strict=False)]


@given(disjoint())
def test_rates_are_bytes_over_footage_bucket_by_bucket(flows: list[Flow]) -> None:
    spans = merged_spans([(start, end) for start, end, _ in flows], 1)
    found = activity(flows, spans, BOUNDS, STEP, exact=True)
    for number, rate in enumerate(found.bytes_per_s):
        bucket = (BOUNDS[0] + number * STEP, BOUNDS[0] + (number + 1) * STEP)
        footage = sum(max(0, min(end, bucket[1]) - max(start, bucket[0])) for start, end in spans)
        assert (rate is None) == (footage == 0)
        assert found.has_gap[number] == (footage < STEP)
        if rate is not None:
            assert abs(rate - added_up(flows, bucket) * US_PER_S / footage) <= 1


@given(st.integers(960, 1_080), st.integers(30, 90), st.integers(0, 60), st.integers(20, 90))
def test_bytes_of_overlapping_files_add_up(start: int, length: int, later: int, second_length: int) -> None:
    flows = [(start, start + length, 500), (start + later, start + later + second_length, 700)]
    spans = merged_spans([(low, high) for low, high, _ in flows], 1)
    found = activity(flows, spans, BOUNDS, STEP, exact=True)
    for number, rate in enumerate(found.bytes_per_s):
        bucket = (BOUNDS[0] + number * STEP, BOUNDS[0] + (number + 1) * STEP)
        footage = sum(max(0, min(end, bucket[1]) - max(low, bucket[0])) for low, end in spans)
        assert rate is None or abs(rate - added_up(flows, bucket) * US_PER_S / footage) <= 2


def test_a_last_bucket_that_the_range_cuts_short_is_whole_when_all_of_it_is_footage() -> None:
    found = activity([(1_000, 1_095, 950)], [(1_000, 1_095)], (1_000, 1_095), STEP, exact=True)
    assert found.bytes_per_s == [10 * US_PER_S] * 10
    assert found.has_gap == [False] * 10


def test_nothing_in_an_empty_range() -> None:
    found = activity([(1_000, 1_100, 5)], [(1_000, 1_100)], (1_050, 1_050), STEP, exact=False)
    assert (found.bytes_per_s, found.has_gap, found.exact) == ([], [], False)


def test_buckets_are_as_wide_as_asked_for_and_never_too_many() -> None:
    assert step(0, 100 * US_PER_S, None) == US_PER_S
    assert step(0, 100 * US_PER_S, 7 * US_PER_S) == 7 * US_PER_S
    assert step(0, MAX_POINTS * 9 * US_PER_S, None) == 9 * US_PER_S
