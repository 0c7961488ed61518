"""The power goes while a recording is converted: every picture of the original is there, once, under one row, before and after."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mini_nvr.catalog.protection_list import FILE_NAME as PROTECTION_LIST
from mini_nvr.catalog.protection_list import write_protection_list
from mini_nvr.catalog.repository import Catalog
from mini_nvr.storage.volume import require_known_volume
from tests.faults.healed import check_equals_rescan, check_healed, explained, files_in
from tests.faults.journalled import Found, StorageProgram, all_found, copy_of
from tests.faults.layer import Operation
from tests.faults.long import LONG
from tests.faults.power_cut import write_tree
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


@pytest.mark.parametrize("killed", [False, True], ids=["", "by the next start"])
@pytest.mark.parametrize(("build", "original"), [(build_own, OWN), (build_foreign, FOREIGN)], ids=["own", "foreign"])
def test_converted_footage_is_there_once(
    program: StorageProgram, build: Callable[[Path], None], original: str, tmp_path: Path, *, killed: bool
) -> None:
    """killed: the first attempt ended behind the rename of the result, and it is the one after that which the power cuts short."""
    before = tmp_path / "before"
    build(before)
    folder = copy_of(before, program.root / f"{build.__name__}-{killed}")
    changes = program.run("convert", folder, Operation.RENAME) if killed else []
    first = len(changes)
    changes += program.run("convert", folder)
    assert files_in(place_in(folder).record_dir) == [RESULT], "without a cut it works"
    shown = [luma for _, luma in pictures(before / "recordings" / original)]
    found = list(all_found(folder, before, changes, first))
    for cut in found:
        with explained(cut):
            check_after(cut, original, shown, tmp_path / str(cut.number))
    print(f"{len(found)} disks of {len(changes) - first} cuts")


def check_after(cut: Found, original: str, shown: list[bytes], folder: Path) -> None:
    write_tree(cut.tree, folder)
    place = place_in(folder)
    check_shown(place, [path for path in (original, RESULT) if (place.record_dir / path).exists()], shown)
    if cut.number % 2:
        with started(place, NOW_UTC_US):
            pass
    convert(folder)
    with Catalog.open(place.data_dir) as catalog:
        assert files_in(place.record_dir) == [RESULT]
        check_shown(place, [RESULT], shown)
        check_healed(catalog, place)
        check_protected(catalog, place, protected=original == OWN)
        if cut.number % RESCAN_EVERY == 0:
            check_equals_rescan(catalog, place)


def check_shown(place: Place, paths: list[str], shown: list[bytes]) -> None:
    """Each of these files has every picture."""
    assert paths, "neither the original is there nor the result"
    for path in paths:
        assert [luma for _, luma in pictures(place.record_dir / path)] == shown, path


def check_protected(catalog: Catalog, place: Place, *, protected: bool) -> None:
    assert [row.protected for row in catalog.segments()] == [protected]
    if protected:
        assert RESULT in (place.record_dir / PROTECTION_LIST).read_text().splitlines()
