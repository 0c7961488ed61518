"""The time line of channels for the eye: spans of footage, gaps with their causes, and how much happened in each bucket of time.

Deciding is pure; `channel_timeline` asks the catalog. Activity is bytes per second: encoders spend bits where the picture changes.
It is an average over the footage of a bucket alone, and a bucket that touches time without footage says so: a gap is never
averaged away. All spans are half-open, in UTC microseconds.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mini_nvr.catalog.playback_queries import SizedStretch, footage_and_gaps, indexes_of
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import SLIVER_US, Gap, Span, Stretch, explain
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.errors import RangeTooLong
from mini_nvr.segment.model import IndexEntry

MAX_POINTS = 2_000
MAX_RANGE_US = 32 * 86_400 * US_PER_S
_MOST_INDEXES = 40  # decoding one takes about half a millisecond
_SMALLEST_STEP_US = US_PER_S

Flow = tuple[int, int, int]
"""(start, end, bytes): bytes that came evenly over a stretch of time."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Buckets of `step_us` from `start_utc_us` on; the last one may be cut short by the end of the range.

    bytes_per_s: over the footage in the bucket; None where there is none.
    has_gap: whether some of the bucket is without footage.
    exact: from key frame to key frame; otherwise each segment's bytes are spread over it evenly.
    """

    start_utc_us: int
    step_us: int
    bytes_per_s: list[int | None]
    has_gap: list[bool]
    exact: bool


@dataclass(frozen=True, slots=True)
class ChannelTimeline:
    """One channel between two instants, clipped to them. Open gaps end now, or with the range."""

    channel: int
    spans: list[Span]
    gaps: list[Gap]
    activity: Activity


def channel_timeline(
    catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int, *, now_utc_us: int, resolution_us: int | None = None
) -> ChannelTimeline:
    """What is known of a channel between two instants.

    resolution_us: how wide a bucket should be; wider when there would be more than `MAX_POINTS`. None: as many as there may be.

    Raises:
        RangeTooLong: more than `MAX_RANGE_US`.
        CatalogError: the catalog cannot be read.
    """
    if end_utc_us - start_utc_us > MAX_RANGE_US:
        raise RangeTooLong(f"a time line covers at most {MAX_RANGE_US // (86_400 * US_PER_S)} days; ask for less at once")
    footage, known = footage_and_gaps(catalog, channel, start_utc_us, end_utc_us)
    spans = clipped(unbroken(footage, known), start_utc_us, end_utc_us)
    gaps = explain((Stretch(start, end, "", 0) for start, end in spans), (), known)
    step_us = step(start_utc_us, end_utc_us, resolution_us)
    exact = len(footage) <= _MOST_INDEXES
    flows = _exact_flows(catalog, footage) if exact else (item[:3] for item in footage)
    return ChannelTimeline(
        channel,
        spans,
        clipped_gaps(gaps, start_utc_us, min(end_utc_us, now_utc_us)),
        activity(flows, spans, (start_utc_us, end_utc_us), step_us, exact=exact),
    )


def _exact_flows(catalog: Catalog, footage: Sequence[SizedStretch]) -> Iterator[Flow]:
    """Key frame by key frame; evenly over a segment without an index."""
    indexes = indexes_of(catalog, [item.segment_id for item in footage])
    for item in footage:
        if index := indexes.get(item.segment_id):
            yield from flows_of(item.start_utc_us, index)
        else:
            yield item[:3]


def unbroken(footage: Iterable[SizedStretch], gaps: Sequence[Gap]) -> Iterator[Span]:
    """The footage, in order, as maximal spans.

    A hole of less than a second, or than a thousandth of a long segment (clocks are corrected by at most 500 ppm of it), is
    rounding unless one of `gaps` begins in it.
    """
    causes = [gap.start_utc_us for gap in gaps]
    start = end = rounding = 0
    for item_start, item_end, _, _ in footage:
        if start == end:
            start, end = item_start, item_end
        elif item_start <= end or (item_start - end < rounding and not _any_inside(causes, end, item_start)):
            end = max(end, item_end)
        else:
            yield start, end
            start, end = item_start, item_end
        rounding = max(SLIVER_US, (item_end - item_start) // 1_000)
    if start < end:
        yield start, end


def _any_inside(instants: Sequence[int], start: int, end: int) -> bool:
    return bisect_left(instants, start) < bisect_left(instants, end)


def step(start_utc_us: int, end_utc_us: int, resolution_us: int | None) -> int:
    """The width of a bucket: at least what was asked for, and so that they are at most `MAX_POINTS`."""
    narrowest = -(-max(0, end_utc_us - start_utc_us) // MAX_POINTS)
    return max(_SMALLEST_STEP_US, narrowest, resolution_us or 0)


def clipped(spans: Iterable[Span], start_utc_us: int, end_utc_us: int) -> list[Span]:
    """What lies inside [start, end)."""
    inside = ((max(start, start_utc_us), min(end, end_utc_us)) for start, end in spans)
    return [(start, end) for start, end in inside if start < end]


def clipped_gaps(gaps: Iterable[Gap], start_utc_us: int, end_utc_us: int) -> list[Gap]:
    """The same for gaps; an open one ends with the range."""
    inside = (Gap(max(gap.start_utc_us, start_utc_us), min(gap.limit, end_utc_us), gap.cause, gap.detail) for gap in gaps)
    return [gap for gap in inside if gap.start_utc_us < gap.limit]


def flows_of(start_utc_us: int, index: Sequence[IndexEntry]) -> Iterator[Flow]:
    """The bytes of a segment that starts at an instant, key frame by key frame."""
    for entry in index:
        begin = start_utc_us + entry.start_90k * 100 // 9
        yield begin, begin + entry.duration_90k * 100 // 9, entry.size_bytes


def activity(flows: Iterable[Flow], spans: Iterable[Span], bounds: Span, step_us: int, *, exact: bool) -> Activity:
    """Bytes per second in each bucket of [start, end)."""
    start, end = bounds
    count = -(-max(0, end - start) // step_us)
    footage_us = _footage_per_bucket(spans, bounds, step_us, count)
    amounts = [0.0] * count
    for flow_start, flow_end, size in flows:
        low, high = flow_start, flow_end
        if low < start or high > end:
            low, high = max(low, start), min(high, end)
        if low >= high:
            continue
        rate = size / (flow_end - flow_start)
        first, last = (low - start) // step_us, (high - 1 - start) // step_us
        if first == last:
            amounts[first] += rate * (high - low)
            continue
        amounts[first] += rate * (start + (first + 1) * step_us - low)
        for bucket in range(first + 1, last):
            amounts[bucket] += rate * step_us
        amounts[last] += rate * (high - (start + last * step_us))
    rates = [round(amount * US_PER_S / us) if us else None for amount, us in zip(amounts, footage_us, strict=True)]
    has_gap = [us < step_us for us in footage_us]
    if count:
        has_gap[-1] = footage_us[-1] < end - (start + (count - 1) * step_us)
    return Activity(start, step_us, rates, has_gap, exact)


def _footage_per_bucket(spans: Iterable[Span], bounds: Span, step_us: int, count: int) -> list[int]:
    """Microseconds of footage in each bucket; `spans` are disjoint."""
    start, end = bounds
    result = [0] * count
    for span_start, span_end in clipped(spans, start, end):
        first, last = (span_start - start) // step_us, (span_end - 1 - start) // step_us
        if first == last:
            result[first] += span_end - span_start
            continue
        result[first] += start + (first + 1) * step_us - span_start
        result[first + 1 : last] = [step_us] * (last - first - 1)
        result[last] += span_end - (start + last * step_us)
    return result
