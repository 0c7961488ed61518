"""Before recording begins, a new catalog knows where each channel's footage ends, and nothing of an earlier recorder grows."""

import os
from pathlib import Path

import pytest

from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.newest_files import take_in_newest
from mini_nvr.catalog.recovery import RepairReport, recorder_down
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import snapshot
from mini_nvr.errors import CatalogError, GapCause
from tests.support.catalog import DAY, FIVE_MINUTES, MINUTE, T0, FakeFolder, change, facts, path_of, run_id


def take_in(catalog: Catalog, folder: FakeFolder) -> RepairReport:
    return take_in_newest(catalog, folder.root, scan=folder.scan, recover=folder.recover)


def test_what_grew_is_sealed_and_the_newest_are_known(catalog: Catalog, folder: FakeFolder) -> None:
    for number in range(6):
        folder.put(facts(T0 + number * FIVE_MINUTES, number=number, sealed=number < 5))
    folder.put(facts(T0, channel=2, run=2))
    report = take_in(catalog, folder)
    assert report.sealed == [path_of(facts(T0 + 5 * FIVE_MINUTES))]
    assert [row.number for row in catalog.segments(1)] == [3, 4, 5]
    assert {row.state for row in catalog.segments()} == {SegmentState.SEALED}
    assert catalog.footage_end(1) == T0 + 6 * FIVE_MINUTES
    assert catalog.footage_end(2) == T0 + FIVE_MINUTES
    assert catalog.was_rebuilt  # the rest is still to be read
    now = T0 + 60 * MINUTE
    assert [(gap.channel, gap.start_utc_us, gap.cause) for gap in recorder_down(catalog, now)] == [
        (1, T0 + 6 * FIVE_MINUTES, GapCause.RECORDER_DOWN),
        (2, T0 + FIVE_MINUTES, GapCause.RECORDER_DOWN),
    ]
    assert take_in(catalog, folder).sealed == []


def test_a_file_of_the_day_before_may_have_grown_too(catalog: Catalog, folder: FakeFolder) -> None:
    late, early = facts(T0 + 620 * MINUTE, sealed=False), facts(T0 + 640 * MINUTE, number=1, sealed=False)
    assert path_of(late).parent != path_of(early).parent
    folder.put(late)
    folder.put(early)
    assert set(take_in(catalog, folder).sealed) == {path_of(late), path_of(early)}


def test_days_that_are_still_to_come_hide_nothing(catalog: Catalog, folder: FakeFolder) -> None:
    """A clock was ahead once: what was written last is not in the folder with the highest name."""
    for ahead in (300, 301, 302):
        folder.put(facts(T0 + ahead * DAY, run=2))
        os.utime(folder.root / path_of(facts(T0 + ahead * DAY)).parent, (0, 0))
    growing = folder.put(facts(T0, sealed=False))
    assert take_in(catalog, folder).sealed == [growing.path]


def test_what_holds_nothing_and_what_a_repair_left_behind_goes(catalog: Catalog, folder: FakeFolder) -> None:
    folder.put(facts(T0))
    empty = folder.put(facts(T0 + FIVE_MINUTES), "empty")
    leftover = folder.root / path_of(facts(T0)).parent / "133000+0000.mp4.part"
    leftover.write_text("x")
    report = take_in(catalog, folder)
    assert set(report.removed) == {empty.path, path_of(facts(T0)).with_name(leftover.name)}
    assert folder.files() == {path_of(facts(T0))}


def test_a_file_that_cannot_be_read_is_kept_and_holds_up_nothing(catalog: Catalog, folder: FakeFolder) -> None:
    broken = folder.put(facts(T0 + FIVE_MINUTES), "broken")
    growing = folder.put(facts(T0, sealed=False))
    report = take_in(catalog, folder)
    assert [path for path, _ in report.damaged] == [broken.path]
    assert report.sealed == [growing.path]
    assert broken.path in folder.files()


def test_afterwards_a_rescan_says_what_it_says_without(catalog: Catalog, folder: FakeFolder, tmp_path: Path) -> None:
    for number in range(6):
        folder.put(facts(T0 + number * FIVE_MINUTES, number=number, sealed=number < 5))
    take_in(catalog, folder)
    of_this_run = facts(T0 + 90 * MINUTE, run=9, sealed=False)
    catalog.commit([change(of_this_run)])  # recording goes on
    folder.put(of_this_run)
    rescan(catalog, folder.root, scan=folder.scan)
    with Catalog.open(tmp_path / "fresh") as fresh:
        rescan(fresh, folder.root, scan=folder.scan)
        assert snapshot(catalog) == snapshot(fresh)
    assert [(run.run_id, run.start_utc_us, run.end_utc_us) for run in catalog.runs(1)] == [
        (run_id(1), T0, T0 + 6 * FIVE_MINUTES),
        (run_id(9), T0 + 90 * MINUTE, None),
    ]
    assert not catalog.was_rebuilt


def test_without_a_folder_it_says_so(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is missing"):
        take_in_newest(catalog, tmp_path / "elsewhere")
