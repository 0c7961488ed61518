"""The time line of channels for the eye: spans of footage, gaps with their causes, and how much happened in each bucket of time.

A range of few files is answered from all of them, one of many from sums by day (`overview`). All spans are half-open, in UTC
microseconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mini_nvr.catalog.overview_queries import DAY_US, counts_in_days, protected_spans
from mini_nvr.catalog.playback_queries import Footage, footage_in, gaps_in, indexes_of
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import SLIVER_US, Gap, Span, Stretch, explain
from mini_nvr.playback import overview
from mini_nvr.playback.activity import MAX_POINTS, Activity, Flow, activity, flows_of, step
from mini_nvr.playback.errors import RangeTooLong
from mini_nvr.playback.spans import ShownGap, clipped, clipped_gaps, merged_spans, shown_gaps, unbroken

MAX_RANGE_DAYS = 3_660
MAX_RANGE_US = MAX_RANGE_DAYS * DAY_US
_MOST_FILES = 600  # two days of five minutes each; reading them takes ten milliseconds
_MOST_INDEXES = 40  # decoding one takes about half a millisecond


_Found = tuple[list[Span], list[Gap], Activity]
"""Footage and known gaps of a channel, and how much happened."""


@dataclass(frozen=True, slots=True)
class ChannelTimeline:
    """One channel between two instants, clipped to them. Open gaps end now, or with the range.

    spans, gaps: merged where they are narrower than the width that was asked for, see `spans`.
    protected: footage that clean-up keeps.
    """

    channel: int
    spans: list[Span]
    gaps: list[ShownGap]
    protected: list[Span]
    activity: Activity


def timelines(
    catalog: Catalog, channels: Sequence[int], bounds: Span, *, now_utc_us: int, resolution_us: int | None = None
) -> list[ChannelTimeline]:
    """What is known of channels between two instants, in their order, as one consistent view.

    resolution_us: how wide a bucket should be; wider when there would be more than `MAX_POINTS`, or less is known. None: as many as
        there may be, and nothing merged while that makes no more than `MAX_POINTS` spans and gaps.

    Raises:
        RangeTooLong: more than `MAX_RANGE_US`.
        CatalogError: the catalog cannot be read.
    """
    if bounds[1] - bounds[0] > MAX_RANGE_US:
        raise RangeTooLong(f"a time line covers at most {MAX_RANGE_DAYS} days; ask for less at once")
    step_us = step(*bounds, resolution_us)
    wanted_us = step_us if resolution_us is not None else 0
    with catalog.database.view():
        counts = counts_in_days(catalog, channels, *overview.days_of(*bounds))
        many = {channel for channel, count in counts.items() if count > _MOST_FILES}
        few = _of_few(catalog, [channel for channel in channels if channel not in many], bounds, step_us)
        protected = protected_spans(catalog, channels, *bounds)
        found = []
        for channel in channels:
            spans, known, shown = _of_many(catalog, channel, bounds, step_us) if channel in many else few[channel]
            gaps = _gaps_between(spans, known, (bounds[0], min(bounds[1], now_utc_us)))
            kept = clipped(protected.get(channel, ()), *bounds)
            found.append(
                ChannelTimeline(
                    channel,
                    merged_spans(spans, _width(spans, wanted_us, step_us)),
                    shown_gaps(gaps, _width(gaps, wanted_us, step_us)),
                    merged_spans(kept, max(SLIVER_US, _width(kept, wanted_us, step_us))),
                    shown,
                )
            )
    return found


def _gaps_between(spans: Iterable[Span], known: Sequence[Gap], bounds: Span) -> list[Gap]:
    return clipped_gaps(explain((Stretch(start, end, "", 0) for start, end in spans), (), known), *bounds)


def _width(found: Sequence[object], wanted_us: int, step_us: int) -> int:
    return step_us if len(found) > MAX_POINTS else wanted_us


def _of_few(catalog: Catalog, channels: Sequence[int], bounds: Span, step_us: int) -> dict[int, _Found]:
    """Footage, known gaps and activity of each channel, file by file."""
    files, gaps = footage_in(catalog, channels, *bounds), gaps_in(catalog, channels, *bounds)
    found = {}
    for channel in channels:
        footage, known = files.get(channel, Footage()), gaps.get(channel, [])
        spans = clipped(unbroken(footage.starts_utc_us, footage.ends_utc_us, known), *bounds)
        exact = len(footage.segment_ids) <= _MOST_INDEXES
        flows = _exact_flows(catalog, footage) if exact else footage.flows()
        found[channel] = spans, known, activity(flows, spans, bounds, step_us, exact=exact)
    return found


def _of_many(catalog: Catalog, channel: int, bounds: Span, step_us: int) -> _Found:
    """The same, day by day."""
    cell_us = overview.cell(*bounds)
    spans, known, found = overview.spans_and_gaps(catalog, channel, *bounds)
    flows = overview.flows(catalog, channel, spans, found.days, cell_us)
    return spans, known, activity(flows, spans, bounds, max(step_us, cell_us), exact=False)


def _exact_flows(catalog: Catalog, footage: Footage) -> Iterator[Flow]:
    """Key frame by key frame; evenly over a segment without an index."""
    indexes = indexes_of(catalog, footage.segment_ids)
    for segment_id, flow in zip(footage.segment_ids, footage.flows(), strict=True):
        if index := indexes.get(segment_id):
            yield from flows_of(flow[0], index)
        else:
            yield flow
