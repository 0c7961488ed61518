"""The counters say what the rows say, whatever changes the rows."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.usage import ChannelUsage, total_bytes, usage_per_channel
from tests.support.catalog import DAY, FIVE_MINUTES, T0, FakeFolder, change, facts


def counted(catalog: Catalog) -> list[tuple[int, ...]]:
    """By channel and day; the totals of the channels are found to say the same."""
    with closing(sqlite3.connect(catalog.database.path)) as connection:
        totals = connection.execute("SELECT * FROM footage_totals ORDER BY 1").fetchall()
        added_up = "SELECT channel, sum(segments), sum(size_bytes) FROM footage_days GROUP BY 1 ORDER BY 1"
        assert totals == connection.execute(added_up).fetchall()
        return connection.execute("SELECT * FROM footage_days ORDER BY 1, 2").fetchall()


def summed(catalog: Catalog) -> list[tuple[int, ...]]:
    query = "SELECT channel, start_utc_us / 86400000000, count(*), sum(size_bytes), sum(duration_us) FROM segments GROUP BY 1, 2"
    with closing(sqlite3.connect(catalog.database.path)) as connection:
        return sorted(connection.execute(query).fetchall())


def test_usage_of_a_channel(catalog: Catalog) -> None:
    catalog.commit([change(facts(T0 + n * DAY, number=n, size_bytes=1_000_000 + n)) for n in range(20)])
    catalog.commit([change(facts(channel=2, run=2, size_bytes=5, sealed=False))])
    one, two = usage_per_channel(catalog)
    size = 20 * 1_000_000 + sum(range(20))
    assert one == ChannelUsage(1, 20, size, T0, T0 + 19 * DAY + FIVE_MINUTES, one.bytes_per_day)
    assert one.bytes_per_day // 288 in {1_000_015, 1_000_016}
    assert (two.channel, two.size_bytes) == (2, 5)
    assert total_bytes(catalog) == size + 5


def test_an_empty_catalog_uses_nothing(catalog: Catalog) -> None:
    assert usage_per_channel(catalog) == []
    assert total_bytes(catalog) == 0


def test_no_rate_is_made_up_from_no_footage(catalog: Catalog) -> None:
    catalog.commit([change(facts(duration_us=0))])
    assert usage_per_channel(catalog)[0].bytes_per_day == 0


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 5), st.integers(0, 1 << 33), st.integers(0, 10**9), st.booleans()), max_size=12
    ),
    st.sets(st.integers(1, 12)),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counters_equal_the_rows_whatever_is_committed_and_dropped(
    catalog: Catalog, written: list[tuple[int, int, int, int, bool]], dropped: set[int]
) -> None:
    for channel, day, size, duration, sealed in written:
        row = facts(T0 + day * DAY, channel=channel, run=channel, number=day, size_bytes=size, duration_us=duration, sealed=sealed)
        catalog.commit([change(row)])
    assert counted(catalog) == summed(catalog)
    rows = catalog.segments()
    ids = [row.id for position, row in enumerate(rows) if position in dropped]
    catalog.mark_deleting(ids)
    catalog.forget(ids)
    assert counted(catalog) == summed(catalog)
    catalog.forget([row.id for row in catalog.segments()])
    assert counted(catalog) == []


def test_a_rescan_counts_what_it_finds(catalog: Catalog, folder: FakeFolder) -> None:
    kept = folder.put(facts(size_bytes=7))
    catalog.commit([replace(kept, facts=replace(kept.facts, size_bytes=9)), change(facts(T0 + DAY, number=1))])
    folder.put(facts(T0 + 2 * DAY, number=2, size_bytes=3))
    rescan(catalog, folder.root, scan=folder.scan, recover=folder.recover)
    assert counted(catalog) == summed(catalog)
    assert total_bytes(catalog) == total_bytes(catalog, 1) == 10
    assert total_bytes(catalog, 2) == 0


def test_a_catalog_from_before_the_counters_gets_them(catalog: Catalog, tmp_path: Path) -> None:
    catalog.commit([change(facts(T0 + n * DAY, number=n)) for n in range(3)])
    before = counted(catalog)
    catalog.close()
    with closing(sqlite3.connect(catalog.database.path, isolation_level=None)) as connection:
        for trigger in ("segments_counted", "segments_recounted", "segments_discounted"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DROP TABLE footage_days")
        connection.execute("DROP TABLE footage_totals")
        connection.execute("DROP INDEX segments_protected")  # of later versions
        connection.execute("DROP TABLE conversions")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    with Catalog.open(catalog.data_dir) as again:
        assert counted(again) == before == summed(again)
