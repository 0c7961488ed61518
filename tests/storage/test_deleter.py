"""Deleting while the disk goes away, or the catalog is replaced: no row is lost, and no other footage goes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_nvr.catalog.database import FILE_NAME
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.errors import SegmentError
from mini_nvr.segment.volume import VolumeMissing, create_volume
from mini_nvr.storage.deleter import CatalogBeingFilled, Deleter
from mini_nvr.storage.policy import Deletion, Reason
from mini_nvr.storage.volume import NOTE, NotRecordedYet
from tests.support.kept_footage import KeptFootage


def decided(rows: list[SegmentRow]) -> list[Deletion]:
    return [Deletion(row, Reason.TOO_OLD) for row in rows]


def unmount(kept: KeptFootage) -> None:
    """The mount point is there, and empty."""
    kept.record_dir.rename(kept.root / "unplugged")
    kept.record_dir.mkdir()


def swap(kept: KeptFootage) -> None:
    """Another disk, with the same paths on it."""
    kept.record_dir.rename(kept.root / "unplugged")
    shutil.copytree(kept.root / "unplugged", kept.record_dir)
    (kept.record_dir / ".mini-nvr-volume").unlink()
    create_volume(kept.record_dir)


def plug_in(kept: KeptFootage) -> None:
    shutil.rmtree(kept.record_dir)
    (kept.root / "unplugged").rename(kept.record_dir)


@pytest.mark.parametrize(
    ("change", "step"),
    [*((unmount, step) for step in ("before", "marked", "unlinked", "synced")), *((swap, step) for step in ("before", "marked"))],
)
def test_i7_a_disk_that_goes_costs_no_row_and_the_other_one_no_file(
    kept: KeptFootage, change: Callable[[KeptFootage], None], step: str
) -> None:
    """Three folders: the disk goes before the first of them is looked at, or behind it."""
    rows = [kept.put(0), kept.put(0, channel=2), kept.put(24 * 12)]
    other: list[str] = []

    def happen(done: str) -> None:
        if done == step and not (kept.root / "unplugged").exists():
            change(kept)
            other.extend(kept.files())

    happen("before")
    with pytest.raises(VolumeMissing):
        Deleter(kept.catalog, kept.record_dir, happen).delete(decided(rows))
    assert kept.files() == other
    assert len(kept.catalog.segments()) == 3
    plug_in(kept)
    Deleter(kept.catalog, kept.record_dir).finish(kept.catalog.segments(state=SegmentState.DELETING))
    assert sorted(str(row.path) for row in kept.catalog.segments()) == kept.files()
    assert len(kept.files()) == (3 if step == "before" else 0)


def test_i7_the_rest_of_a_long_clean_up_is_left_alone(kept: KeptFootage) -> None:
    kept.fill(70)
    steps = 0

    def happen(step: str) -> None:
        nonlocal steps
        steps += step == "dropped"
        if step == "dropped" and steps == 1:
            unmount(kept)

    cleaner = kept.cleaner({"RETENTION_DAYS": "1"}, on_step=happen)
    kept.clock.advance(3 * 86_400)
    found, _ = cleaner.plan_all()
    with pytest.raises(SegmentError):
        cleaner.carry_out(found)
    plug_in(kept)
    assert sorted(str(row.path) for row in kept.catalog.segments()) == kept.files()
    assert len(kept.files()) == 70 - 32


def test_before_the_recorder_s_first_start_nothing_goes(kept: KeptFootage) -> None:
    rows = kept.fill(1)
    (kept.data_dir / NOTE).unlink()
    with pytest.raises(NotRecordedYet):
        Deleter(kept.catalog, kept.record_dir).delete(decided(rows))
    assert kept.catalog.segments() == rows


def test_a_catalog_that_is_being_filled_deletes_nothing(kept: KeptFootage, empty_catalog: Path) -> None:
    rows = kept.fill(1)
    replace_catalog(kept, empty_catalog)
    with pytest.raises(CatalogBeingFilled):
        Deleter(kept.catalog, kept.record_dir).delete(decided(rows))
    assert len(kept.files()) == 1


def replace_catalog(kept: KeptFootage, empty_catalog: Path) -> None:
    """As the recorder does; connections follow the name."""
    for path in kept.data_dir.glob(FILE_NAME + "*"):
        path.rename(path.with_name("old-" + path.name))
    shutil.copyfile(empty_catalog, kept.data_dir / FILE_NAME)


@pytest.mark.parametrize("step", ["before", "marked", "synced"])
def test_the_ids_of_a_replaced_catalog_mean_other_footage(kept: KeptFootage, empty_catalog: Path, step: str) -> None:
    """The new catalog has the same ids for what was recorded since."""
    old = kept.fill(3)
    new: list[SegmentRow] = []

    def happen(done: str) -> None:
        if done == step:
            replace_catalog(kept, empty_catalog)
            new.extend(kept.put(number) for number in range(100, 103))
            with kept.catalog.database.write() as connection:  # the recorder has filled it
                connection.exec_driver_sql("DELETE FROM meta WHERE key = 'rescan_due'")

    happen("before")
    Deleter(kept.catalog, kept.record_dir, happen).delete(decided(old))
    assert [row.id for row in new] == [row.id for row in old]
    assert kept.catalog.segments() == new
    assert {str(row.path) for row in new} <= set(kept.files())
    assert kept.catalog.gaps(1) == []
