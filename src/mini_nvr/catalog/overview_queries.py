"""What the time line of months or years asks of the catalog: sums by day, samples and protected footage, never file by file.

`footage_days` holds what starts on each UTC day; one seek of `segments_by_time` a day adds how far the last file of a day reaches
into the next. With them a day can be checked against the gaps that the catalog knows without reading its files.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import text

from mini_nvr.catalog.playback_queries import gaps_in
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import Gap, Span
from mini_nvr.clock import US_PER_S

DAY_US = 86_400 * US_PER_S

# A plus sign keeps SQLite from answering with `segments_by_time`: `segments_unsealed` and `segments_protected` are small.

DAYS = text(
    f"""
    SELECT day, segments, size_bytes, duration_us, (SELECT start_utc_us + duration_us FROM segments WHERE channel = :channel
        AND start_utc_us < (footage_days.day + 1) * {DAY_US} ORDER BY start_utc_us DESC LIMIT 1)
    FROM footage_days WHERE channel = :channel AND day BETWEEN :first AND :last ORDER BY day
    """  # noqa: S608  a constant of ours
)
UNPLAYABLE = text(
    """
    SELECT start_utc_us, start_utc_us + duration_us FROM segments
    WHERE state <> 'sealed' AND state IN ('deleting', 'damaged') AND +channel = :channel AND +start_utc_us < :end
    """
)
COUNTS = text(
    """
    SELECT channel, sum(segments) FROM footage_days
    WHERE channel IN (SELECT value FROM json_each(:channels)) AND day BETWEEN :first AND :last GROUP BY channel
    """
)
SAMPLES = text(
    """
    SELECT instant.key, (SELECT size_bytes * 1000000.0 / max(1, duration_us) FROM segments
        WHERE channel = :channel AND start_utc_us >= instant.value ORDER BY start_utc_us LIMIT 1)
    FROM json_each(:instants) AS instant
    """
)
PROTECTED = text(
    """
    SELECT channel, start_utc_us, start_utc_us + duration_us FROM segments
    WHERE protected = 1 AND channel IN (SELECT value FROM json_each(:channels))
    AND +start_utc_us < :end AND start_utc_us + duration_us > :start AND +state IN ('growing', 'sealed') ORDER BY +start_utc_us
    """
)


class FootageDay(NamedTuple):
    """What starts on a UTC day (days since 1970); `last_end_utc_us`: where the last of it, or of what is before it, ends."""

    day: int
    segments: int
    size_bytes: int
    duration_us: int
    last_end_utc_us: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Sums of the days `first` to `last` and of the one before, the gaps known, and the spans of footage that cannot be played.

    The sums count such footage too, and growing files as of their last checkpoint.
    """

    days: list[FootageDay]
    gaps: list[Gap]
    unplayable: list[Span]


def counts_in_days(catalog: Catalog, channels: Sequence[int], first: int, last: int) -> dict[int, int]:
    """How many segments of each channel start on these days; channels without any are absent."""
    with catalog.database.read() as connection:
        rows = connection.execute(COUNTS, {"channels": json.dumps(channels), "first": first, "last": last}).all()
    return {channel: int(count) for channel, count in rows}


def segments_in_days(catalog: Catalog, channel: int, first: int, last: int) -> int:
    """How many segments of one channel start on these days."""
    return counts_in_days(catalog, [channel], first, last).get(channel, 0)


def overview(catalog: Catalog, channel: int, first: int, last: int) -> Overview:
    """One consistent view of the UTC days `first` to `last`, both included."""
    start, end = first * DAY_US, (last + 1) * DAY_US
    with catalog.database.view(), catalog.database.read() as connection:
        days = connection.execute(DAYS, {"channel": channel, "first": first - 1, "last": last}).all()
        gaps = gaps_in(catalog, [channel], start, end).get(channel, [])
        unplayable = connection.execute(UNPLAYABLE, {"channel": channel, "end": end}).all()
    return Overview([FootageDay(*row) for row in days], gaps, [(start, end) for start, end in unplayable])


def sampled_rates(catalog: Catalog, channel: int, instants: Sequence[int]) -> list[float]:
    """Bytes per second of the first segment that starts at or after each instant; 0 where none does."""
    with catalog.database.read() as connection:
        rows = connection.execute(SAMPLES, {"channel": channel, "instants": json.dumps(instants)}).all()
    return [rate or 0.0 for _, rate in sorted(rows)]


def protected_spans(catalog: Catalog, channels: Sequence[int], start_utc_us: int, end_utc_us: int) -> dict[int, list[Span]]:
    """The protected segments of each channel with footage inside [start, end), in order; not clipped, not joined."""
    bounds = {"channels": json.dumps(channels), "start": start_utc_us, "end": end_utc_us}
    found: dict[int, list[Span]] = {}
    with catalog.database.read() as connection:
        for channel, start, end in connection.execute(PROTECTED, bounds):
            found.setdefault(channel, []).append((start, end))
    return found
