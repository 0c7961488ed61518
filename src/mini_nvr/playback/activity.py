"""How much happened in each bucket of time, in bytes per second: encoders spend bits where the picture changes. Pure.

It is an average over the footage of a bucket alone, and a bucket that touches time without footage says so: a gap is never
averaged away. All spans are half-open, in UTC microseconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mini_nvr.catalog.timeline import Span
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.spans import clipped
from mini_nvr.segment.model import IndexEntry

MAX_POINTS = 2_000
_SMALLEST_STEP_US = US_PER_S

Flow = tuple[int, int, int]
"""(start, end, bytes): bytes that came evenly over a stretch of time."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Buckets of `step_us` from `start_utc_us` on; the last one may be cut short by the end of the range.

    bytes_per_s: over the footage in the bucket; None where there is none.
    has_gap: whether some of the bucket is without footage.
    exact: from key frame to key frame; otherwise a segment's, or a day's, bytes are spread over it evenly, or one segment stands
        for a few hours.
    """

    start_utc_us: int
    step_us: int
    bytes_per_s: list[int | None]
    has_gap: list[bool]
    exact: bool


def step(start_utc_us: int, end_utc_us: int, resolution_us: int | None) -> int:
    """The width of a bucket: at least what was asked for, and so that they are at most `MAX_POINTS`."""
    narrowest = -(-max(0, end_utc_us - start_utc_us) // MAX_POINTS)
    return max(_SMALLEST_STEP_US, narrowest, resolution_us or 0)


def flows_of(start_utc_us: int, index: Sequence[IndexEntry]) -> Iterator[Flow]:
    """The bytes of a segment that starts at an instant, key frame by key frame."""
    for entry in index:
        begin = start_utc_us + entry.start_90k * 100 // 9
        yield begin, begin + entry.duration_90k * 100 // 9, entry.size_bytes


def activity(flows: Iterable[Flow], spans: Iterable[Span], bounds: Span, step_us: int, *, exact: bool) -> Activity:
    """Bytes per second in each bucket of [start, end).

    flows: in order of their start, nearly always disjoint; bytes of such that overlap add up. spans: disjoint, in order.
    """
    start, end = bounds
    count = -(-max(0, end - start) // step_us)
    covered = _covered(spans, bounds, step_us, count)
    all_flows = list(flows)
    rates = _rates(all_flows, bounds, step_us, covered.partly_us) or _added_up(all_flows, bounds, step_us, covered.partly_us)
    for first, behind in covered.without:
        rates[first:behind] = [None] * (behind - first)
    return Activity(start, step_us, rates, covered.has_gap, exact)


def _rates(flows: Iterable[Flow], bounds: Span, step_us: int, partly_us: Mapping[int, int]) -> list[int | None] | None:
    """Bytes per second of each bucket; None where a flow goes back to a bucket that the one before has left.

    Most buckets of a long file lie inside it, and cost next to nothing this way.
    """
    start, end = bounds
    rates: list[int | None] = [0] * -(-max(0, end - start) // step_us)
    last, rest = -1, 0.0  # the bucket in which the flow before ended, and its bytes there, if any
    for flow_start, flow_end, size in flows:
        low = flow_start - start if flow_start > start else 0
        high = (flow_end if flow_end < end else end) - start
        if high <= low:
            continue
        rate = size * US_PER_S / (flow_end - flow_start)
        first, before_us = divmod(low, step_us)
        if first < last:
            return None
        if first > last and rest:
            rates[last] = round(rest / partly_us.get(last, step_us))
            rest = 0.0
        last, behind_us = divmod(high, step_us)
        if first == last:
            rest += rate * (high - low)
            continue
        if before_us or rest:
            rates[first] = round((rest + rate * (step_us - before_us)) / partly_us.get(first, step_us))
            first += 1
        rates[first:last] = [round(rate)] * (last - first)
        rest = rate * behind_us
    if rest:
        rates[last] = round(rest / partly_us.get(last, step_us))
    return rates


def _added_up(flows: Iterable[Flow], bounds: Span, step_us: int, partly_us: Mapping[int, int]) -> list[int | None]:
    """The same for any flows, bucket by bucket."""
    start, end = bounds
    amounts = [0.0] * -(-max(0, end - start) // step_us)
    for flow_start, flow_end, size in flows:
        low, high = max(flow_start, start) - start, min(flow_end, end) - start
        if high <= low:
            continue
        for bucket in range(low // step_us, (high - 1) // step_us + 1):
            part_us = min(high, (bucket + 1) * step_us) - max(low, bucket * step_us)
            amounts[bucket] += size / (flow_end - flow_start) * part_us
    return [round(amount * US_PER_S / partly_us.get(bucket, step_us)) for bucket, amount in enumerate(amounts)]


class _Covered(NamedTuple):
    """Where footage is.

    partly_us: microseconds of it in each bucket where a span begins or ends. without: [first, behind) of buckets without any.
    """

    has_gap: list[bool]
    partly_us: dict[int, int]
    without: list[tuple[int, int]]


def _covered(spans: Iterable[Span], bounds: Span, step_us: int, count: int) -> _Covered:
    """`spans` are disjoint, in order. Costs what there are spans, not buckets."""
    start, end = bounds
    has_gap, partly_us, without = [True] * count, defaultdict[int, int](int), list[tuple[int, int]]()
    reached = 0
    for span_start, span_end in clipped(spans, start, end):
        first, last = (span_start - start) // step_us, (span_end - 1 - start) // step_us
        if reached < first:
            without.append((reached, first))
        reached = last + 1
        if first == last:
            partly_us[first] += span_end - span_start
            continue
        partly_us[first] += start + (first + 1) * step_us - span_start
        has_gap[first + 1 : last] = [False] * (last - first - 1)
        partly_us[last] += span_end - (start + last * step_us)
    if reached < count:
        without.append((reached, count))
    for bucket, us in partly_us.items():
        has_gap[bucket] = us < min(step_us, end - start - bucket * step_us)
    return _Covered(has_gap, partly_us, without)
