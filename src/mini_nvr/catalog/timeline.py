"""The time line of one channel: what is footage, what is a gap, and why (storage I10). Pure; all spans are half-open.

Every function takes and gives spans in order of their start and holds no more in memory than its result.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from mini_nvr.catalog.model import GapChange
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause

SLIVER_US = US_PER_S  # a hole shorter than this that nobody explains is rounding, not a gap
ALWAYS = 1 << 62  # "no end", and negated "no beginning"; beyond every instant that a row can hold


@dataclass(frozen=True, slots=True)
class Stretch:
    """One segment's footage and its place in its run."""

    start_utc_us: int
    end_utc_us: int
    run_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Gap:
    """[start, end) without footage; `end_utc_us` None: open."""

    start_utc_us: int
    end_utc_us: int | None
    cause: GapCause
    detail: str = ""

    @property
    def limit(self) -> int:
        return ALWAYS if self.end_utc_us is None else self.end_utc_us


Span = tuple[int, int]


def covered(footage: Iterable[Stretch]) -> Iterator[Span]:
    """The footage as maximal spans. Neighbours in a run join: what lies between them is drift correction and rounding."""
    start = end = run_id = number = None
    for stretch in footage:
        if start is None or end is None:
            start, end = stretch.start_utc_us, stretch.end_utc_us
        elif stretch.start_utc_us <= end or (stretch.run_id == run_id and number is not None and stretch.number == number + 1):
            end = max(end, stretch.end_utc_us)
        else:
            if start < end:
                yield start, end
            start, end = stretch.start_utc_us, stretch.end_utc_us
        run_id, number = stretch.run_id, stretch.number
    if start is not None and end is not None and start < end:
        yield start, end


def subtract(span: Span, taken: Iterable[Span]) -> Iterator[Span]:
    """What is left of `span` without the spans in `taken`, which come in order of their start and may overlap."""
    position, end = span
    for taken_start, taken_end in taken:
        if taken_start >= end:
            break
        if taken_start > position:
            yield position, taken_start
        position = max(position, taken_end)
    if position < end:
        yield position, end


def inside(span: Span, gaps: Sequence[Gap]) -> Iterator[Gap]:
    """The parts of `gaps` (disjoint, in order) that lie inside `span`; what clipping leaves of one as a sliver is rounding."""
    first = max(0, bisect_right(gaps, span[0], key=_start) - 1)
    for gap in islice(gaps, first, None):
        if gap.start_utc_us >= span[1]:
            break
        start, end = max(span[0], gap.start_utc_us), min(span[1], gap.limit)
        whole = (start, end) == (gap.start_utc_us, gap.limit)
        if whole or end - start >= SLIVER_US:
            yield Gap(start, None if end == ALWAYS else end, gap.cause, gap.detail)


def explain(footage: Iterable[Stretch], stated: Sequence[Gap], known: Sequence[Gap]) -> list[Gap]:
    """The gaps of a channel, given its footage.

    stated: what the files say about the time before them; believed wherever there is no footage.
    known: what the catalog said so far; fills in where the files are silent, before the first and after the last footage too
        (deleted by retention, still open). What is left between any two of all these is a gap of unknown cause.
    Both disjoint and in order of their start.
    """
    details = {(gap.start_utc_us, gap.cause): gap.detail for gap in known} if stated else {}
    exact = {} if stated else {(gap.start_utc_us, gap.end_utc_us): gap for gap in known}
    edges = [(-ALWAYS, -ALWAYS), *covered(footage), (ALWAYS, ALWAYS)]
    found: list[Gap] = []
    for (_, hole_start), (hole_end, _) in pairwise(edges):
        if (gap := exact.get((hole_start, hole_end))) is not None:
            found.append(gap)  # as nearly always when nothing is stated
        else:
            found += _explain_hole((hole_start, hole_end), stated, known, details)
    return list(joined(found))


def _explain_hole(
    hole: Span, stated: Sequence[Gap], known: Sequence[Gap], details: Mapping[tuple[int, GapCause], str]
) -> list[Gap]:
    gaps = [
        Gap(gap.start_utc_us, gap.end_utc_us, gap.cause, gap.detail or details.get((gap.start_utc_us, gap.cause), ""))
        for gap in inside(hole, stated)
    ]
    for rest in list(subtract(hole, _spans(gaps))):
        gaps += inside(rest, known)
    gaps.sort(key=_start)
    for start, end in list(subtract(hole, _spans(gaps))):
        if -ALWAYS < start and end < ALWAYS and end - start >= SLIVER_US:
            gaps.append(Gap(start, end, GapCause.UNKNOWN))
    return sorted(gaps, key=_start)


def joined(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """Gaps that touch and have one cause become one."""
    last: Gap | None = None
    for gap in gaps:
        if last and last.end_utc_us == gap.start_utc_us and (last.cause, last.detail) == (gap.cause, gap.detail):
            last = Gap(last.start_utc_us, gap.end_utc_us, gap.cause, gap.detail)
            continue
        if last:
            yield last
        last = gap
    if last:
        yield last


def recorder_down_gaps(
    channels: Iterable[int],
    footage_ends: Mapping[int, int],
    last_gaps: Mapping[int, Gap],
    *,
    alive_until_utc_us: int,
    now_utc_us: int,
) -> list[GapChange]:
    """How the time between the recorder's end and its start now is booked.

    A channel's silence begins where its footage or its last closed gap ended. Under an open gap it begins when the recorder is last
    known to have been alive: until then the gap's own cause held. A gap that the recorder itself began when it stopped goes on. A
    disabled channel stays disabled. A channel without a past, or a clock that went back, makes no gap.

    footage_ends, last_gaps: by channel, absent when there is none.
    """
    changes: list[GapChange] = []
    for channel in channels:
        last = last_gaps.get(channel)
        known_until = [footage_ends[channel]] if channel in footage_ends else []
        if last is not None and last.end_utc_us is None:
            if last.cause is GapCause.DISABLED:
                continue
            known_until.append(last.start_utc_us)
            if last.cause is not GapCause.RECORDER_DOWN:
                known_until.append(alive_until_utc_us)
        elif last is not None and last.end_utc_us is not None:
            known_until.append(last.end_utc_us)
        if known_until and (start := max(known_until)) < now_utc_us:
            changes.append(GapChange(channel, start, now_utc_us, GapCause.RECORDER_DOWN))
    return changes


def _spans(gaps: Iterable[Gap]) -> list[Span]:
    return [(gap.start_utc_us, gap.limit) for gap in gaps]


def _start(gap: Gap) -> int:
    return gap.start_utc_us
