"""Time lines in a test: of one channel."""

from mini_nvr.catalog.repository import Catalog
from mini_nvr.playback.timeline import ChannelTimeline, timelines


def channel_timeline(
    catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int, *, now_utc_us: int, resolution_us: int | None = None
) -> ChannelTimeline:
    """`timelines` of one channel."""
    (found,) = timelines(catalog, [channel], (start_utc_us, end_utc_us), now_utc_us=now_utc_us, resolution_us=resolution_us)
    return found
