"""The newest footage of every channel."""

from mini_nvr.catalog.newest import newest_segments
from mini_nvr.catalog.repository import Catalog
from tests.support.catalog import FIVE_MINUTES, T0, change, facts


def test_each_channel_has_its_newest_footage(catalog: Catalog) -> None:
    catalog.register_channels([(3, "No footage")], T0)
    starts = {1: [T0 + FIVE_MINUTES, T0], 2: [T0]}
    catalog.commit([change(facts(start, channel=channel, run=channel)) for channel, of in starts.items() for start in of])
    found = newest_segments(catalog)
    assert {channel: row.start_utc_us for channel, row in found.items()} == {1: T0 + FIVE_MINUTES, 2: T0}
    catalog.mark_deleting([found[1].id])
    assert newest_segments(catalog)[1].start_utc_us == T0
