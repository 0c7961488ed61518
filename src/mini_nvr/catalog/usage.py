"""How much each channel's footage takes, from counters that the database keeps by channel and by day, not from the disk.

A file counts until its row is dropped, which is after it was unlinked; a growing one as of the last checkpoint.
"""

from dataclasses import dataclass

from sqlalchemy import Table, func, select, text

from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.schema import footage_days, footage_totals, segments
from mini_nvr.clock import US_PER_S

_DAY_US = 86_400 * US_PER_S
_DAYS_OF_RATE = 8  # days looked at: the last, unfinished one and a week before

_PER_CHANNEL = text(
    """
    WITH total AS (SELECT channel, segments, size_bytes,
        (SELECT max(day) FROM footage_days WHERE channel = footage_totals.channel) AS last FROM footage_totals),
    longest AS MATERIALIZED (SELECT CAST(value AS INTEGER) AS us FROM meta WHERE key = 'longest_segment_us')
    SELECT total.channel, segments, size_bytes,
    (SELECT min(start_utc_us) FROM segments WHERE channel = total.channel),
    (SELECT max(start_utc_us + duration_us) FROM segments WHERE channel = total.channel
        AND start_utc_us >= (SELECT max(start_utc_us) FROM segments WHERE channel = total.channel) - (SELECT us FROM longest)),
    (SELECT sum(size_bytes) FROM footage_days WHERE channel = total.channel AND day > last - :days),
    (SELECT sum(duration_us) FROM footage_days WHERE channel = total.channel AND day > last - :days)
    FROM total ORDER BY total.channel
    """
)


@dataclass(frozen=True, slots=True)
class ChannelUsage:
    """What a channel's files take.

    oldest_utc_us, newest_utc_us: where its footage begins and ends.
    bytes_per_day: what a day of unbroken recording took over the last week with footage; 0 while there is less than a second.
    """

    channel: int
    segments: int
    size_bytes: int
    oldest_utc_us: int
    newest_utc_us: int
    bytes_per_day: int


def usage_per_channel(catalog: Catalog) -> list[ChannelUsage]:
    """The channels that have files, by number."""
    with catalog.database.read() as connection:
        rows = connection.execute(_PER_CHANNEL, {"days": _DAYS_OF_RATE}).all()
    return [
        ChannelUsage(channel, count, size, oldest, newest, lately * _DAY_US // duration if duration >= US_PER_S else 0)
        for channel, count, size, oldest, newest, lately, duration in rows
    ]


def total_bytes(catalog: Catalog, channel: int | None = None) -> int:
    """What the files of all channels take, or of one."""
    query = select(func.coalesce(func.sum(footage_totals.c.size_bytes), 0))
    if channel is not None:
        query = query.where(footage_totals.c.channel == channel)
    with catalog.database.read() as connection:
        return int(connection.scalar(query) or 0)


def counted_bytes(catalog: Catalog) -> tuple[dict[int, int], dict[int, int]]:
    """By channel, what the counters say: the channel's own, and those of its days added up."""
    return _by_channel(catalog, footage_totals), _by_channel(catalog, footage_days)


def summed_bytes(catalog: Catalog) -> dict[int, int]:
    """By channel, the rows added up one by one: what both of `counted_bytes` must say too."""
    return _by_channel(catalog, segments)


def _by_channel(catalog: Catalog, table: Table) -> dict[int, int]:
    statement = select(table.c.channel, func.sum(table.c.size_bytes)).group_by(table.c.channel)
    with catalog.database.read() as connection:
        return {int(channel): int(size) for channel, size in connection.execute(statement) if size}
