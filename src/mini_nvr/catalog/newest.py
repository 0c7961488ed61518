"""The newest footage of every channel, in one statement: one seek of `segments_by_time` a channel."""

from sqlalchemy import select

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import segment_row
from mini_nvr.catalog.schema import channels, segments

_PLAYABLE = (SegmentState.GROWING.value, SegmentState.SEALED.value)


_OF = segments.alias()
_NEWEST = select(segments).join_from(
    channels,
    segments,
    segments.c.id
    == select(_OF.c.id)
    .where(_OF.c.channel == channels.c.number, _OF.c.state.in_(_PLAYABLE))
    .order_by(_OF.c.start_utc_us.desc())
    .limit(1)
    .scalar_subquery(),
)


def newest_segments(catalog: Catalog) -> dict[int, SegmentRow]:
    """The segment that begins last, by channel; channels without playable footage are absent."""
    with catalog.database.read() as connection:
        return {row.channel: segment_row(row) for row in connection.execute(_NEWEST)}
