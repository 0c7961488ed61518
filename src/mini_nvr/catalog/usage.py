"""How much each channel's footage takes, from counters that the database keeps (`footage_days`), not from the disk.

A file counts until its row is dropped, which is after it was unlinked; a growing one as of the last checkpoint.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from mini_nvr.catalog.queries import footage_end
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.schema import footage_days, segments
from mini_nvr.clock import US_PER_S

_DAY_US = 86_400 * US_PER_S
_DAYS_OF_RATE = 8  # days looked at: the last, unfinished one and a week before


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
    totals = select(
        footage_days.c.channel, func.sum(footage_days.c.segments), func.sum(footage_days.c.size_bytes), func.max(footage_days.c.day)
    ).group_by(footage_days.c.channel)
    with catalog.database.read() as connection:
        return [_channel(connection, *row) for row in connection.execute(totals).all()]


def total_bytes(catalog: Catalog) -> int:
    """What the files of all channels take."""
    with catalog.database.read() as connection:
        return int(connection.scalar(select(func.coalesce(func.sum(footage_days.c.size_bytes), 0))) or 0)


def _channel(connection: Connection, channel: int, count: int, size: int, last_day: int) -> ChannelUsage:
    oldest = connection.scalar(select(func.min(segments.c.start_utc_us)).where(segments.c.channel == channel))
    newest = connection.scalar(footage_end(channel))
    lately = connection.execute(
        select(func.sum(footage_days.c.size_bytes), func.sum(footage_days.c.duration_us)).where(
            footage_days.c.channel == channel, footage_days.c.day > last_day - _DAYS_OF_RATE
        )
    ).one()
    rate = lately[0] * _DAY_US // lately[1] if lately[1] >= US_PER_S else 0
    return ChannelUsage(channel, count, size, oldest or 0, newest or 0, rate)
