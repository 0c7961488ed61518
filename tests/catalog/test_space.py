"""What clean-up asks of the catalog."""

from pathlib import PurePosixPath

from mini_nvr.catalog.protecting import protect_file, protect_range
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.space import count_space, oldest_deletable, protected_bytes
from tests.support.catalog import FIVE_MINUTES, MINUTE, T0, change, facts, path_of


def fill(catalog: Catalog, files: int = 5, channels: int = 2) -> None:
    catalog.commit(
        [
            change(facts(T0 + number * FIVE_MINUTES, channel=channel, run=channel, number=number, size_bytes=1_000))
            for number in range(files)
            for channel in range(1, channels + 1)
        ]
    )


def test_counters_and_rows_under_way(catalog: Catalog) -> None:
    fill(catalog)
    growing = facts(T0 + 5 * FIVE_MINUTES, number=5, size_bytes=70, sealed=False)
    catalog.commit([change(growing)])
    gone = catalog.segments(2)[0]
    catalog.mark_deleting([gone.id])
    paths = [path_of(growing), gone.path, *(PurePosixPath(f"ch1/{n}.mp4") for n in range(1_200))]
    found = count_space(catalog, paths)
    assert found.files == {1: 6, 2: 5}
    assert found.size_bytes == {1: 5_070, 2: 5_000}
    assert [row.path for row in found.growing] == [path_of(growing)]
    assert [row.id for row in found.deleting] == [gone.id]
    assert found.known == {path_of(growing), gone.path}


def test_the_oldest_of_each_channel_that_may_go(catalog: Catalog) -> None:
    fill(catalog, channels=3)
    first, second, third = (catalog.segments(channel) for channel in (1, 2, 3))
    catalog.protect([first[0].id, *(row.id for row in third)], protected=True)
    catalog.mark_damaged([second[0].id])
    assert {channel: row.id for channel, row in oldest_deletable(catalog).items()} == {1: first[1].id, 2: second[0].id}


def test_deletable_segments_come_page_by_page_none_twice(catalog: Catalog) -> None:
    """Also where many begin at one instant, as after a clock was set."""
    catalog.commit([change(facts(T0 + (n // 50) * MINUTE, number=n, run=n, container="mp4")) for n in range(1)])
    for n in range(100):
        of = facts(T0 + (n // 50) * MINUTE, number=n, run=n + 1)
        catalog.commit([change(of).__class__(PurePosixPath(f"ch1/2026-03-01/{n:06}+0000.mp4"), of)])
    rows = list(catalog.deletable(1))
    assert len(rows) == len({row.id for row in rows}) == 101
    assert [row.start_utc_us for row in rows] == sorted(row.start_utc_us for row in rows)
    assert [row.id for row in catalog.deletable(1, rows[70])] == [row.id for row in rows[71:]]


def test_protected_bytes(catalog: Catalog) -> None:
    fill(catalog)
    assert protected_bytes(catalog) == {}
    protect_range(catalog, 2, T0, T0 + FIVE_MINUTES + 1, protected=True)
    assert protected_bytes(catalog) == {2: 2_000}


def test_a_range_protects_more_than_a_statement_takes(catalog: Catalog) -> None:
    fill(catalog, files=1_200, channels=1)
    rows = protect_range(catalog, 1, T0, T0 + 1_200 * FIVE_MINUTES, protected=True)
    assert len(rows) == 1_200
    assert all(row.protected for row in rows)
    assert [row.number for row in rows] == list(range(1_200))
    assert list(catalog.deletable(1)) == []


def test_what_is_being_deleted_cannot_be_protected_any_more(catalog: Catalog) -> None:
    fill(catalog, files=2, channels=1)
    first, second = catalog.segments(1)
    catalog.mark_deleting([first.id])
    assert protect_file(catalog, first.path, protected=True) is None
    assert [row.id for row in protect_range(catalog, 1, T0, T0 + 2 * FIVE_MINUTES, protected=True)] == [second.id]
    assert catalog.mark_deleting([second.id]) == []
