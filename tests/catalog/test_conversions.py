"""Rows that change their file, footage that is taken over, attempts that failed."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from mini_nvr.catalog.conversions import (
    FailedConversion,
    adopt,
    ask_again,
    count_failed,
    drop_original,
    exchange_file,
    failed_conversions,
    failure_of,
    foreign_paths,
    forget_failures,
    note_failure,
)
from mini_nvr.catalog.model import GapChange, SegmentChange, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import GapCause
from tests.support.catalog import FIVE_MINUTES, MINUTE, T0, change, facts, index_of

FOREIGN = PurePosixPath("ch1/2026-03-01/133000.mkv")
RAW = replace(facts(container="mkv", index=()), init_offset=0, init_size_bytes=0)


def spans(catalog: Catalog) -> list[tuple[int, int | None, GapCause]]:
    return [(gap.start_utc_us - T0, None if gap.end_utc_us is None else gap.end_utc_us - T0, gap.cause) for gap in catalog.gaps(1)]


def test_footage_in_the_middle_of_a_gap_splits_it(catalog: Catalog) -> None:
    catalog.commit([change(facts(T0 - 2 * FIVE_MINUTES)), change(facts(T0 + 3 * FIVE_MINUTES, run=2))])
    catalog.commit([], [GapChange(1, T0 - FIVE_MINUTES, T0 + 3 * FIVE_MINUTES, GapCause.RECORDER_DOWN, "off")])
    adopt(catalog, [SegmentChange(FOREIGN, RAW)])
    assert spans(catalog) == [
        (-FIVE_MINUTES, 0, GapCause.RECORDER_DOWN),
        (FIVE_MINUTES, 3 * FIVE_MINUTES, GapCause.RECORDER_DOWN),
    ]
    assert foreign_paths(catalog) == [FOREIGN]


def test_an_open_gap_stays_open_behind_older_footage(catalog: Catalog) -> None:
    catalog.commit([], [GapChange(1, T0 + FIVE_MINUTES + MINUTE, None, GapCause.CAMERA_OFFLINE)])
    adopt(catalog, [SegmentChange(FOREIGN, RAW)])
    assert spans(catalog) == [(FIVE_MINUTES + MINUTE, None, GapCause.CAMERA_OFFLINE)]


def test_what_cannot_be_read_is_known_and_covers_no_time(catalog: Catalog) -> None:
    adopt(catalog, [SegmentChange(FOREIGN, replace(RAW, duration_us=0))], [FOREIGN])
    (row,) = catalog.segments(state=SegmentState.DAMAGED)
    assert (row.path, row.size_bytes) == (FOREIGN, RAW.size_bytes)


def test_an_exchange_keeps_the_row_and_needs_it_to_be_sealed(catalog: Catalog) -> None:
    adopt(catalog, [SegmentChange(FOREIGN, RAW)])
    old = catalog.segment_at(FOREIGN)
    assert old is not None
    new = change(facts())
    assert exchange_file(catalog, FOREIGN, new)
    row = catalog.segment_at(new.path)
    assert row is not None
    assert (row.id, row.container) == (old.id, "mp4")
    assert index_of(catalog, row.id) == facts().index
    assert catalog.segment_at(FOREIGN) is None
    catalog.mark_deleting([row.id])
    assert not exchange_file(catalog, new.path, change(facts(T0 + MINUTE)))
    assert not exchange_file(catalog, FOREIGN, change(facts(T0 + MINUTE)))
    assert exchange_file(catalog, FOREIGN, change(facts(T0 + MINUTE)), known=False)


@pytest.mark.parametrize("repaired", ["original", "result"])
def test_of_two_rows_the_one_that_viewers_know_stays(catalog: Catalog, repaired: str) -> None:
    """A repair makes a row for the result, before the exchange; for the original, when a kill came between exchange and removal."""
    original, result = SegmentChange(FOREIGN, RAW), change(facts())
    first, second = (result, original) if repaired == "original" else (original, result)
    catalog.commit([first])
    (known,) = catalog.segments()
    catalog.commit([second])
    catalog.protect([row.id for row in catalog.segments() if row.id != known.id], protected=True)
    assert exchange_file(catalog, FOREIGN, result)
    assert [(row.id, row.path, row.protected) for row in catalog.segments()] == [(known.id, result.path, True)]
    assert index_of(catalog, known.id) == facts().index


def test_failures_are_remembered_until_they_are_over(catalog: Catalog) -> None:
    first = FailedConversion(FOREIGN, 1, 100, "a.mkv: holds 100% mjpeg video \udcff")
    note_failure(catalog, first)
    note_failure(catalog, replace(first, attempts=2))
    note_failure(catalog, FailedConversion(PurePosixPath("ch1_20260301_133000.mp4"), 1, 5, "x" * 1_000))
    found = failure_of(catalog, FOREIGN)
    assert found is not None
    assert (found.attempts, found.next_utc_us, found.error) == (2, 100, "a.mkv: holds 100% mjpeg video ?")
    assert [len(item.error) for item in failed_conversions(catalog)] == [len(found.error), 300]
    assert ask_again(catalog, "100% mjpeg", "now") == 1
    assert ask_again(catalog, "100% mjpeg", "now") == 0
    drop_original(catalog, FOREIGN)
    assert count_failed(catalog) == 1
    forget_failures(catalog, [item.path for item in failed_conversions(catalog)])
    assert count_failed(catalog) == 0
