"""How much happened in each bucket of time, in bytes per second: encoders spend bits where the picture changes. Pure.

It is an average over the footage of a bucket alone, and a bucket that touches time without footage says so: a gap is never
averaged away. All spans are half-open, in UTC microseconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

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

    flows: nearly always disjoint; bytes of such that overlap add up. spans: disjoint, in order.
    """
    start, end = bounds
    footage_us = _footage_per_bucket(spans, bounds, step_us)
    rates, shared = _spread(flows, bounds, step_us, len(footage_us))
    for bucket, amount in shared.items():
        rates[bucket] = round((rates[bucket] * step_us + amount * US_PER_S) / (footage_us[bucket] or step_us))
    has_gap = [us < step_us for us in footage_us]
    if footage_us:
        has_gap[-1] = footage_us[-1] < end - (start + (len(footage_us) - 1) * step_us)
    shown = [rate if us else None for rate, us in zip(rates, footage_us, strict=True)]
    return Activity(start, step_us, shown, has_gap, exact)


def _spread(flows: Iterable[Flow], bounds: Span, step_us: int, count: int) -> tuple[list[int], dict[int, float]]:
    """(rates, shared): bytes per second of the buckets that lie inside of one flow, and bytes of those that several may share.

    Most buckets of a long file lie inside it, and cost next to nothing this way.
    """
    start, end = bounds
    rates, shared = [0] * count, defaultdict[int, float](float)
    filled_to = 0  # no bucket from here on has a rate
    for flow_start, flow_end, size in flows:
        low, high = flow_start - start, flow_end - start
        if low >= high:
            continue
        per_us = size / (high - low)
        if low < 0 or flow_end > end:
            low, high = max(low, 0), min(high, end - start)
            if low >= high:
                continue
        first, last = low // step_us, (high - 1) // step_us
        if first == last:
            shared[first] += per_us * (high - low)
            continue
        shared[first] += per_us * ((first + 1) * step_us - low)
        shared[last] += per_us * (high - last * step_us)
        for bucket in range(first + 1, min(filled_to, last)):
            shared[bucket] += per_us * step_us
        inner = first + 1 if first >= filled_to else filled_to
        if inner < last:
            rates[inner:last] = [round(per_us * US_PER_S)] * (last - inner)
            filled_to = last
    return rates, shared


def _footage_per_bucket(spans: Iterable[Span], bounds: Span, step_us: int) -> list[int]:
    """Microseconds of footage in each bucket; `spans` are disjoint."""
    start, end = bounds
    result = [0] * -(-max(0, end - start) // step_us)
    for span_start, span_end in clipped(spans, start, end):
        first, last = (span_start - start) // step_us, (span_end - 1 - start) // step_us
        if first == last:
            result[first] += span_end - span_start
            continue
        result[first] += start + (first + 1) * step_us - span_start
        result[first + 1 : last] = [step_us] * (last - first - 1)
        result[last] += span_end - (start + last * step_us)
    return result
