"""The time line of many files: from sums by day and the gaps that the catalog knows, so that a year costs what a day does.

Footage is what the known gaps leave over, day by day (UTC), wherever the day's sum of footage says the same. Where it differs by
more than a second and a thousandth, the day's files themselves are asked: the day on which footage begins or ends, one with
overlapping footage, one with a hole that nobody explains. Activity is that of whole days, or of samples some hours apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from mini_nvr.catalog.overview_queries import DAY_US, FootageDay, Overview, overview, sampled_rates
from mini_nvr.catalog.playback_queries import Footage, footage_in
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import SLIVER_US, Gap, Span, subtract
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.activity import Flow
from mini_nvr.playback.spans import clipped, merged_spans, unbroken

_HOUR_US = 3_600 * US_PER_S
_MOST_SAMPLES = 370
_TRUSTED_FRACTION = 1_000  # clocks are corrected by at most 500 ppm, so files need not join to the microsecond


def days_of(start_utc_us: int, end_utc_us: int) -> tuple[int, int]:
    """The first and the last UTC day that a range touches, days since 1970."""
    return start_utc_us // DAY_US, max(start_utc_us, end_utc_us - 1) // DAY_US


def spans_and_gaps(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int) -> tuple[list[Span], list[Gap], Overview]:
    """The footage and the known gaps of a channel inside [start, end); and what they were found from.

    Raises:
        CatalogError: the catalog cannot be read.
    """
    first, last = days_of(start_utc_us, end_utc_us)
    found = overview(catalog, channel, first, last)
    spans: list[Span] = []
    for from_day, to_day, trusted in assessed(found, first, last):
        if trusted is None:
            start, end = from_day * DAY_US, (to_day + 1) * DAY_US
            footage = footage_in(catalog, [channel], start, end).get(channel, Footage())
            spans += clipped(unbroken(footage.starts_utc_us, footage.ends_utc_us, found.gaps), start, end)
        else:
            spans += trusted
    return clipped(merged_spans(spans, 1), start_utc_us, end_utc_us), found.gaps, found


def assessed(found: Overview, first: int, last: int) -> Iterator[tuple[int, int, list[Span] | None]]:
    """(first day, last day, footage) from `first` to `last`; None for the footage where the files themselves must be asked."""
    days = {day.day: day for day in found.days}
    doubtful = {day for start, end in found.unplayable for day in range(start // DAY_US, end // DAY_US + 1)}
    remaining = _by_day(found.gaps, first, last)
    unsure: int | None = None
    for number in range(first, last + 1):
        footage = (
            None if number in doubtful else _trusted(days.get(number), days.get(number - 1), number, remaining.get(number, []))
        )
        if footage is None:
            unsure = number if unsure is None else unsure
            continue
        if unsure is not None:
            yield unsure, number - 1, None
            unsure = None
        yield number, number, footage
    if unsure is not None:
        yield unsure, last, None


def _by_day(gaps: Iterable[Gap], first: int, last: int) -> dict[int, list[Span]]:
    """The gaps that touch each day, in order."""
    found: dict[int, list[Span]] = {}
    for gap in gaps:
        low, high = gap.start_utc_us, min(gap.limit, (last + 1) * DAY_US)
        for day in range(max(first, low // DAY_US), (high - 1) // DAY_US + 1):
            found.setdefault(day, []).append((low, high))
    return found


def _trusted(day: FootageDay | None, before: FootageDay | None, number: int, gaps: Sequence[Span]) -> list[Span] | None:
    """The footage of a day, if its sum and the known gaps agree."""
    start, end = number * DAY_US, (number + 1) * DAY_US
    reaching_in = max(0, before.last_end_utc_us - start) if before else 0
    reaching_out = max(0, day.last_end_utc_us - end) if day else 0
    amount = (day.duration_us if day else 0) + reaching_in - reaching_out
    if amount == 0 and day is None:
        return []
    spans = [(low, high) for low, high in subtract((start, end), gaps) if high - low >= SLIVER_US]
    stated = sum(high - low for low, high in spans)
    return spans if abs(amount - stated) <= max(SLIVER_US, stated // _TRUSTED_FRACTION) else None


def cell(start_utc_us: int, end_utc_us: int) -> int:
    """How long the stretches are that have one rate each: some hours, or a day."""
    hours = -(-(end_utc_us - start_utc_us) // (_MOST_SAMPLES * _HOUR_US))
    return hours * _HOUR_US if hours <= 6 else DAY_US


def flows(catalog: Catalog, channel: int, spans: Sequence[Span], days: Iterable[FootageDay], cell_us: int) -> Iterator[Flow]:
    """The bytes of a channel's footage, at one rate in each cell of the clock: the day's, or that of a file in it."""
    if not spans:
        return iter(())
    if cell_us == DAY_US:
        rates = {day.day: day.size_bytes * US_PER_S / max(1, day.duration_us) for day in days}
    else:
        cells = range(spans[0][0] // cell_us, (spans[-1][1] - 1) // cell_us + 1)
        rates = dict(zip(cells, sampled_rates(catalog, channel, [number * cell_us for number in cells]), strict=True))
    return _at_rates(spans, rates, cell_us)


def _at_rates(spans: Iterable[Span], rates: dict[int, float], cell_us: int) -> Iterator[Flow]:
    """A cell without a rate of its own goes on at that of the one before: a file of it started there."""
    rate = 0.0
    for start, end in spans:
        edges = [start, *range((start // cell_us + 1) * cell_us, end, cell_us), end]
        for low, high in pairwise(edges):
            rate = rates.get(low // cell_us) or rate
            yield low, high, round(rate * (high - low) / US_PER_S)
