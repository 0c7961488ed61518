"""Spans of footage and gaps as a time line shows them: joined, clipped, and merged where the eye could not part them. Pure.

Merging never hides anything: spans that lie closer together than a bucket become one, and so do short gaps, each by themselves. So
where footage and gaps alternate faster than a bucket, the time is part of a span *and* of a gap, which says how much is missing.
Both lists are bounded by the number of buckets. All spans are half-open, in UTC microseconds.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from operator import sub

from mini_nvr.catalog.timeline import SLIVER_US, Gap, Span

SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class ShownGap:
    """One gap, or `count` short ones that lie close together.

    cause: SEVERAL where theirs differ. missing_us: the time without footage, which is less than from start to end where there is
    footage between them.
    """

    start_utc_us: int
    end_utc_us: int
    cause: str
    detail: str
    count: int
    missing_us: int


def unbroken(starts_utc_us: Sequence[int], ends_utc_us: Sequence[int], gaps: Sequence[Gap]) -> Iterator[Span]:
    """The footage of segments, in order of their start, as maximal spans.

    A hole of less than a second, or than a thousandth of a long segment (clocks are corrected by at most 500 ppm of it), is
    rounding unless one of `gaps` begins in it.
    """
    in_order = sorted(ends_utc_us) == ends_utc_us  # as nearly always; to find that out costs a fifth
    reached = ends_utc_us if in_order else list(accumulate(ends_utc_us, max))
    first = 0
    for behind in _broken_at(starts_utc_us, reached, gaps):
        before_us = ends_utc_us[behind - 1] - starts_utc_us[behind - 1]
        hole = reached[behind - 1], starts_utc_us[behind]
        if hole[1] - hole[0] >= max(SLIVER_US, before_us // 1_000) or any(hole[0] <= gap.start_utc_us < hole[1] for gap in gaps):
            if starts_utc_us[first] < hole[0]:
                yield starts_utc_us[first], hole[0]
            first = behind
    if reached and starts_utc_us[first] < reached[-1]:
        yield starts_utc_us[first], reached[-1]


def _broken_at(starts: Sequence[int], reached: Sequence[int], gaps: Sequence[Gap]) -> list[int]:
    """The segments before which there may be a hole: one of a second, or one in which a gap begins."""
    holes = map(sub, islice(starts, 1, None), reached)
    long = {number for number, hole_us in enumerate(holes, 1) if hole_us >= SLIVER_US}
    behind_gaps = {bisect_right(starts, gap.start_utc_us) for gap in gaps}
    return sorted(long | {number for number in behind_gaps if 0 < number < len(starts)})


def clipped(spans: Iterable[Span], start_utc_us: int, end_utc_us: int) -> list[Span]:
    """What lies inside [start, end)."""
    inside = ((max(start, start_utc_us), min(end, end_utc_us)) for start, end in spans)
    return [(start, end) for start, end in inside if start < end]


def clipped_gaps(gaps: Iterable[Gap], start_utc_us: int, end_utc_us: int) -> list[Gap]:
    """The same for gaps; an open one ends with the range."""
    inside = (Gap(max(gap.start_utc_us, start_utc_us), min(gap.limit, end_utc_us), gap.cause, gap.detail) for gap in gaps)
    return [gap for gap in inside if gap.start_utc_us < gap.limit]


def merged_spans(spans: Iterable[Span], width_us: int) -> list[Span]:
    """Disjoint spans, in order, without the holes between them that are narrower than `width_us`."""
    found: list[Span] = []
    for start, end in spans:
        if found and start - found[-1][1] < width_us:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def shown_gaps(gaps: Iterable[Gap], width_us: int) -> list[ShownGap]:
    """Gaps, disjoint and in order, those narrower than `width_us` merged with such neighbours less than that away.

    A gap as wide as that stays as it is. `width_us` 0 merges nothing.
    """
    found: list[ShownGap] = []
    for gap in gaps:
        one = ShownGap(gap.start_utc_us, gap.limit, gap.cause.value, gap.detail, 1, gap.limit - gap.start_utc_us)
        last = found[-1] if found else None
        if last and one.start_utc_us - last.end_utc_us < width_us and one.missing_us < width_us and _may_grow(last, width_us):
            found[-1] = _together(last, one)
        else:
            found.append(one)
    return found


def _may_grow(gap: ShownGap, width_us: int) -> bool:
    return gap.count > 1 or gap.missing_us < width_us


def _together(first: ShownGap, second: ShownGap) -> ShownGap:
    return replace(
        first,
        end_utc_us=second.end_utc_us,
        cause=first.cause if first.cause == second.cause else SEVERAL,
        detail=first.detail if first.detail == second.detail else "",
        count=first.count + second.count,
        missing_us=first.missing_us + second.missing_us,
    )
