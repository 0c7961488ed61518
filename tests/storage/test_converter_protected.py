"""What is protected stays so through a conversion, even if the catalog is lost right behind it."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mini_nvr.catalog import protection_list
from mini_nvr.catalog.conversions import failed_conversions
from mini_nvr.catalog.protection_list import FILE_NAME, write_protection_list
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.storage.converter import FULL_WALK_S
from mini_nvr.storage.converter_round import FIRST_RETRY_US
from mini_nvr.storage.converter_steps import Step
from mini_nvr.storage.volume import require_known_volume
from tests.support.clock import FakeClock
from tests.support.conversion import NOW_UTC_US, OWN, Archive, record_own
from tests.support.foreign_files import MJPEG, make

RESULT = OWN.replace(".mkv", ".mp4")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path)
    record_own(made)
    made.catalog.protect([row.id for row in made.catalog.segments()], protected=True)
    assert write(made)
    yield made
    made.catalog.close()


def write(archive: Archive, catalog: Catalog | None = None) -> bool:
    verify = partial(require_known_volume, archive.record_dir, archive.data_dir)
    return write_protection_list(catalog or archive.catalog, archive.record_dir, verify)


def protected_after_loss(archive: Archive, data_dir: Path) -> list[tuple[str, bool]]:
    """By a new catalog."""
    with Catalog.open(data_dir) as fresh:
        rescan(fresh, archive.record_dir)
        return [(str(row.path), row.protected) for row in fresh.segments()]


def test_the_list_names_the_new_file_before_the_original_goes(archive: Archive, tmp_path: Path) -> None:
    lists: dict[Step, str] = {}

    def note(step: Step) -> None:
        lists[step] = (archive.record_dir / FILE_NAME).read_text()

    archive.converter(FakeClock(NOW_UTC_US), note).look()
    assert archive.files() == [RESULT]
    assert (lists["renamed"], lists["removed"]) == (OWN + "\n", RESULT + "\n")
    assert protected_after_loss(archive, tmp_path / "fresh") == [(RESULT, True)]


def test_until_the_list_can_be_written_the_original_stays(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    clock = FakeClock(NOW_UTC_US)
    converter = archive.converter(clock)
    with monkeypatch.context() as patch:
        patch.setattr(protection_list, "write_whole", refuse)
        converter.look()
    assert archive.files() == [OWN, RESULT] or archive.files() == [RESULT, OWN]
    assert "protected" in failed_conversions(archive.catalog)[0].error
    assert (OWN, True) in protected_after_loss(archive, tmp_path / "fresh")
    clock.advance(FIRST_RETRY_US / 1e6 + FULL_WALK_S)
    converter.look()
    assert archive.files() == [RESULT]
    assert protected_after_loss(archive, tmp_path / "again") == [(RESULT, True)]
    assert failed_conversions(archive.catalog) == []


def test_footage_of_another_product_is_protected_again_when_it_is_taken_over_again(archive: Archive, tmp_path: Path) -> None:
    """A rescan does not know how to read it; the storage service does, later, and others may be protected in between."""
    foreign = "ch1/2023-11-14/100000.mp4"
    make(archive.record_dir / foreign, video=MJPEG)
    make(archive.record_dir / foreign.replace("100000", "100010"), video=MJPEG)
    clock = FakeClock(NOW_UTC_US)
    archive.converter(clock).look()
    archive.catalog.protect([row.id for row in archive.catalog.segments() if str(row.path) == foreign], protected=True)
    assert write(archive)
    with Catalog.open(tmp_path / "fresh") as fresh:
        rescan(fresh, archive.record_dir)
        assert write(archive, fresh)
    for path in archive.data_dir.glob("catalog.db*"):
        path.rename(path.with_name("old-" + path.name))
    shutil.copyfile(tmp_path / "fresh" / "catalog.db", archive.data_dir / "catalog.db")
    archive.converter(FakeClock(NOW_UTC_US)).look()
    known = {str(row.path): row.protected for row in archive.catalog.segments()}
    assert known == {foreign: True, foreign.replace("100000", "100010"): False, RESULT: True}
