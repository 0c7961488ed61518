"""The power goes while footage is deleted, by clean-up or by hand: a file is deleted and told so, or it is not; no other goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from tests.faults.healed import check_equals_rescan, check_healed, explained, files_in
from tests.faults.journalled import Found, StorageProgram, all_found, copy_of, restored
from tests.faults.layer import Operation
from tests.faults.long import LONG, only_when_long
from tests.faults.stepped_recorder import Place, started
from tests.faults.storage_program import clean_up, place_in
from tests.support.conversion import NOW_UTC_US, Archive
from tests.support.footage import cut_into_parts, video_clip

DAY_US = 86_400 * US_PER_S
OLD = ["ch1/2023-11-12/120000+0000.mp4", "ch1/2023-11-12/120001+0000.mp4", "ch1/2023-11-13/120000+0000.mp4"]
PROTECTED = "ch1/2023-11-13/120001+0000.mp4"
YOUNG = "ch1/2023-11-15/120000+0000.mp4"
KEPT = [PROTECTED, YOUNG]
NOON_US = 1_700_049_600 * US_PER_S
RESCAN_EVERY = 1 if LONG else 8


def build(folder: Path) -> None:
    """An archive of three days, of whose footage the youngest is not old, and one old file protected."""
    archive = Archive(folder)
    for path in [*OLD, *KEPT]:
        day, second = int(path.split("-")[2][:2]) - 15, int(path[20])
        start_utc_us = NOON_US + day * DAY_US + second * US_PER_S
        clip = video_clip(frames=25)
        writer = HybridWriter(
            archive.record_dir / path, SegmentHeader(1, "Yard", start_utc_us, f"{day + 9:032x}", second, "arrival"), [clip.format]
        )
        for part in cut_into_parts([clip]):
            writer.append(part)
        archive.put(path, writer.seal())
    archive.catalog.protect([row.id for row in archive.catalog.segments() if str(row.path) == PROTECTED], protected=True)
    rescan(archive.catalog, archive.record_dir)  # explains the time between
    archive.catalog.close()


@pytest.fixture(scope="module")
def program(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageProgram]:
    with StorageProgram(layer, tmp_path_factory.mktemp("program")) as program:
        yield program


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before") / "nvr"
    build(folder)
    return folder


@pytest.mark.parametrize(
    ("what", "killed"),
    [("clean-up", False), ("delete", False), ("clean-up", True), pytest.param("delete", True, marks=only_when_long)],
)
def test_a_deletion_is_done_or_not(program: StorageProgram, before: Path, tmp_path: Path, what: str, *, killed: bool) -> None:
    """killed: the first attempt ended behind its first `unlink`, and it is the one after that which the power cuts short."""
    folder = copy_of(before, program.root / f"{what}-{killed}")
    changes = program.run(what, folder, (Operation.UNLINK, 1)) if killed else []
    first = len(changes)
    changes += program.run("clean-up" if killed else what, folder)
    assert files_in(place_in(folder).record_dir) == KEPT, "without a cut it works"
    found = list(all_found(folder, before, changes, first))
    assert files_in_tree(found[-1]) == KEPT, "what was said to be deleted is deleted for good"
    for cut in found:
        with explained(cut), restored(cut) as left:
            check_after(cut, before, left)
    print(f"{len(found)} disks of {len(changes) - first} cuts")


def files_in_tree(cut: Found) -> list[str]:
    return sorted(str(path.relative_to("recordings")) for path in cut.tree if path.suffix == ".mp4")


def check_after(cut: Found, before: Path, folder: Path) -> None:
    place = place_in(folder)
    check_kept(before, place)
    if cut.number % 2:
        clean_up(folder, "")
    with started(place, NOW_UTC_US) as (catalog, _, _):
        check_kept(before, place)
        check_either_or(catalog, place)
        check_healed(catalog, place)
    clean_up(folder)
    with Catalog.open(place.data_dir) as catalog:
        check_kept(before, place)
        assert files_in(place.record_dir) == KEPT
        check_healed(catalog, place)
        if cut.number % RESCAN_EVERY == 0:
            check_equals_rescan(catalog, place)


def check_kept(before: Path, place: Place) -> None:
    """Not a byte is gone of what was not to be deleted."""
    for path in KEPT:
        assert (place.record_dir / path).read_bytes() == (before / "recordings" / path).read_bytes()


def check_either_or(catalog: Catalog, place: Place) -> None:
    """All that was asked for in one go is gone, and said to be deleted, or nothing is."""
    there = [path for path in OLD if (place.record_dir / path).exists()]
    rows = {str(row.path): row for row in catalog.segments()}
    assert sorted(rows) == sorted([*there, *KEPT])
    assert [row.path for row in rows.values() if row.protected] == [rows[PROTECTED].path]
    assert there in (OLD, [])
    told_us = sum((gap.end_utc_us or 0) - gap.start_utc_us for gap in catalog.gaps(1) if gap.cause is GapCause.DELETED)
    assert told_us == (0 if there else len(OLD) * US_PER_S)
