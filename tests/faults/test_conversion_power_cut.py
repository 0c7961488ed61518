"""The power goes while a recording is converted: every picture of the original is there, once, under one row, before and after."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mini_nvr.catalog.protection_list import FILE_NAME as PROTECTION_LIST
from mini_nvr.catalog.protection_list import write_protection_list
from mini_nvr.catalog.repository import Catalog
from mini_nvr.storage.volume import require_known_volume
from tests.faults.healed import check_equals_rescan, check_healed, explained, files_in
from tests.faults.journalled import Found, Kill, StorageProgram, all_found, copy_of, restored
from tests.faults.layer import Operation
from tests.faults.long import LONG
from tests.faults.stepped_recorder import Place, started
from tests.faults.storage_program import convert, place_in
from tests.support.conversion import NOW_UTC_US, OWN, Archive, record_own
from tests.support.foreign_files import make
from tests.support.hybrid_files import pictures

RESULT = OWN.replace(".mkv", ".mp4")
FOREIGN = "ch1_20231114_120000.mkv"
RESCAN_EVERY = 1 if LONG else 8


def build_own(folder: Path) -> None:
    """A Matroska recording of ours, protected, and written down as that."""
    archive = Archive(folder)
    record_own(archive)
    archive.catalog.protect([row.id for row in archive.catalog.segments()], protected=True)
    assert write_protection_list(
        archive.catalog, archive.record_dir, lambda: require_known_volume(archive.record_dir, archive.data_dir)
    )
    archive.catalog.close()


def build_foreign(folder: Path) -> None:
    """A file of another product in the recording folder itself; no day's folder is there yet."""
    archive = Archive(folder)
    make(archive.record_dir / FOREIGN)
    archive.catalog.close()


@pytest.fixture(scope="module")
def program(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageProgram]:
    with StorageProgram(layer, tmp_path_factory.mktemp("program")) as program:
        yield program


@pytest.mark.parametrize(
    ("build", "original", "killed_behind"),
    [
        (build_own, OWN, None),
        (build_own, OWN, (Operation.RENAME, 1)),
        (build_foreign, FOREIGN, None),
        (build_foreign, FOREIGN, (Operation.MKDIR, 2)),  # the first is DATA_DIR
        (build_foreign, FOREIGN, (Operation.RENAME, 1)),
    ],
    ids=["own", "own, renamed before", "foreign", "foreign, folder made before", "foreign, renamed before"],
)
def test_converted_footage_is_there_once(
    program: StorageProgram, build: Callable[[Path], None], original: str, killed_behind: Kill | None, tmp_path: Path
) -> None:
    """killed_behind: an attempt ended there, and it is the one after that which the power cuts short."""
    before = tmp_path / "before"
    build(before)
    folder = copy_of(before, program.root / tmp_path.name)
    changes = program.run("convert", folder, killed_behind) if killed_behind else []
    first = len(changes)
    changes += program.run("convert", folder)
    assert files_in(place_in(folder).record_dir) == [RESULT], "without a cut it works"
    there = There(original, (before / "recordings" / original).read_bytes(), shown_by(before / "recordings" / original))
    found = list(all_found(folder, before, changes, first))
    for cut in found:
        with explained(cut), restored(cut) as left:
            check_after(cut, there, left)
    print(f"{len(found)} disks of {len(changes) - first} cuts")


@dataclass(frozen=True, slots=True)
class There:
    """What there is to be converted; shown: its decoded pictures."""

    path: str
    data: bytes
    shown: list[bytes]


def check_after(cut: Found, there: There, folder: Path) -> None:
    place = place_in(folder)
    check_either(place, there)
    if cut.number % 2:
        with started(place, NOW_UTC_US):
            pass
    convert(folder)
    with Catalog.open(place.data_dir) as catalog:
        assert files_in(place.record_dir) == [RESULT]
        assert shown_by(place.record_dir / RESULT) == there.shown
        check_healed(catalog, place)
        check_protected(catalog, place, protected=there.path == OWN)
        if cut.number % RESCAN_EVERY == 0:
            check_equals_rescan(catalog, place)


def check_either(place: Place, there: There) -> None:
    """Before anything starts: the original is as it was, or the result shows all; whichever is there."""
    original, result = place.record_dir / there.path, place.record_dir / RESULT
    assert original.exists() or result.exists(), "neither the original is there nor the result"
    assert not original.exists() or original.read_bytes() == there.data
    assert not result.exists() or shown_by(result) == there.shown


def shown_by(path: Path) -> list[bytes]:
    return [luma for _, luma in pictures(path)]


def check_protected(catalog: Catalog, place: Place, *, protected: bool) -> None:
    assert [row.protected for row in catalog.segments()] == [protected]
    if protected:
        assert RESULT in (place.record_dir / PROTECTION_LIST).read_text().splitlines()
