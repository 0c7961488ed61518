"""A catalog that is lost does not lose what is protected."""

import errno
import threading
from collections.abc import Collection
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.catalog import protection_list
from mini_nvr.catalog.protecting import protect_range
from mini_nvr.catalog.protection_list import FILE_NAME
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.segment.disk import write_whole
from mini_nvr.segment.volume import IDENTITY_FILE, VolumeMissing, create_volume, read_volume_id, verify_volume
from tests.support.catalog import FIVE_MINUTES, T0, FakeFolder, change, facts, path_of


def fill(catalog: Catalog, folder: FakeFolder, files: int = 4) -> None:
    """The volume and its footage; the catalog knows all of it."""
    create_volume(folder.root)
    rescanned(catalog, folder)
    catalog.commit([folder.put(facts(T0 + number * FIVE_MINUTES, number=number)) for number in range(files)])


def write_protection_list(catalog: Catalog, record_dir: Path, ended: Collection[PurePosixPath] = ()) -> bool:
    """To any volume."""

    def verify() -> None:
        if read_volume_id(record_dir) is None:
            raise VolumeMissing("is the disk mounted?")

    return protection_list.write_protection_list(catalog, record_dir, verify, ended=ended)


def protected(catalog: Catalog) -> list[int]:
    return [row.number for row in catalog.segments() if row.protected]


def rescanned(catalog: Catalog, folder: FakeFolder) -> Catalog:
    rescan(catalog, folder.root, scan=folder.scan, recover=folder.recover)
    return catalog


def test_the_list_holds_the_paths(catalog: Catalog, folder: FakeFolder) -> None:
    fill(catalog, folder)
    protect_range(catalog, 1, T0 + FIVE_MINUTES, T0 + 3 * FIVE_MINUTES, protected=True)
    assert write_protection_list(catalog, folder.root)
    lines = (folder.root / FILE_NAME).read_text().splitlines()
    assert lines == ["ch1/2026-03-01/133500+0000.mp4", "ch1/2026-03-01/134000+0000.mp4"]


def test_a_new_catalog_gets_its_protection_back(catalog: Catalog, folder: FakeFolder, tmp_path: Path) -> None:
    fill(catalog, folder)
    protect_range(catalog, 1, T0 + FIVE_MINUTES, T0 + 3 * FIVE_MINUTES, protected=True)
    write_protection_list(catalog, folder.root)
    with (folder.root / FILE_NAME).open("a") as file:
        file.write("ch1/2020-01-01/000000+0000.mp4\n../../etc/passwd\n\n")
    with Catalog.open(tmp_path / "other") as fresh:
        assert protected(rescanned(fresh, folder)) == [1, 2]
        assert not fresh.was_rebuilt


def test_a_catalog_that_was_there_knows_better(catalog: Catalog, folder: FakeFolder) -> None:
    rescanned(catalog, folder)
    fill(catalog, folder)
    protect_range(catalog, 1, T0, T0 + 1, protected=True)
    write_protection_list(catalog, folder.root)
    protect_range(catalog, 1, T0, T0 + 1, protected=False)
    assert protected(rescanned(catalog, folder)) == []


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00nonsense\n" * 1_000])
def test_no_list_or_a_damaged_one_protects_nothing(
    catalog: Catalog, folder: FakeFolder, tmp_path: Path, content: bytes | None
) -> None:
    fill(catalog, folder)
    if content is not None:
        (folder.root / FILE_NAME).write_bytes(content)
    with Catalog.open(tmp_path / "other") as fresh:
        assert protected(rescanned(fresh, folder)) == []
        assert len(fresh.segments()) == 4


def test_a_list_that_cannot_be_written_is_said(
    catalog: Catalog, folder: FakeFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(protection_list, "write_whole", refuse)
    fill(catalog, folder)
    assert not write_protection_list(catalog, folder.root)
    assert "No space left on device" in caplog.text


def test_i7_nothing_is_written_to_a_folder_that_is_no_volume(
    catalog: Catalog, folder: FakeFolder, caplog: pytest.LogCaptureFixture
) -> None:
    fill(catalog, folder)
    (folder.root / IDENTITY_FILE).unlink()
    assert not write_protection_list(catalog, folder.root)
    assert not (folder.root / FILE_NAME).exists()
    assert "mounted" in caplog.text


def test_i7_nor_to_another_volume(catalog: Catalog, folder: FakeFolder) -> None:
    fill(catalog, folder)
    other = "00000000-0000-0000-0000-000000000000"
    assert not protection_list.write_protection_list(catalog, folder.root, lambda: verify_volume(folder.root, other))
    assert not (folder.root / FILE_NAME).exists()


def file_of(number: int) -> PurePosixPath:
    return path_of(facts(T0 + number * FIVE_MINUTES))


def protect(catalog: Catalog, folder: FakeFolder, number: int, *, protected: bool = True) -> None:
    """As the API does."""
    start = T0 + number * FIVE_MINUTES
    rows = protect_range(catalog, 1, start, start + 1, protected=protected)
    write_protection_list(catalog, folder.root, [] if protected else [row.path for row in rows])


class TestWhileANewCatalogIsBeingFilled:
    """The recorder has set the old one aside, and its new one knows only of what grows."""

    def test_what_is_protected_adds_to_the_list(self, catalog: Catalog, folder: FakeFolder, tmp_path: Path) -> None:
        fill(catalog, folder)
        protect(catalog, folder, 0)
        with Catalog.open(tmp_path / "other") as fresh:
            fresh.commit([change(facts(T0 + 3 * FIVE_MINUTES, number=3, sealed=False))])
            protect(fresh, folder, 3)
            assert protected(rescanned(fresh, folder)) == [0, 3]
            write_protection_list(fresh, folder.root)
        assert (folder.root / FILE_NAME).read_text().splitlines() == [str(file_of(0)), str(file_of(3))]

    def test_what_is_ended_stays_ended(self, catalog: Catalog, folder: FakeFolder, tmp_path: Path) -> None:
        fill(catalog, folder)
        protect(catalog, folder, 0)
        protect(catalog, folder, 3)
        with Catalog.open(tmp_path / "other") as fresh:
            fresh.commit([change(facts(T0 + 3 * FIVE_MINUTES, number=3, sealed=False))])
            protect(fresh, folder, 3, protected=False)
            assert protected(rescanned(fresh, folder)) == [0]

    def test_a_list_that_cannot_be_read_is_left_as_it_is(
        self, catalog: Catalog, folder: FakeFolder, caplog: pytest.LogCaptureFixture
    ) -> None:
        create_volume(folder.root)
        (folder.root / FILE_NAME).mkdir()
        assert not write_protection_list(catalog, folder.root)
        assert "Is a directory" in caplog.text


def test_the_last_of_two_writers_knows_of_both_changes(
    catalog: Catalog, folder: FakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one is held up by the disk until the second one waits for its turn, or is done out of turn."""
    fill(catalog, folder)
    begun, done = threading.Event(), threading.Event()

    def slow(path: Path, data: bytes) -> None:
        if not begun.is_set():
            begun.set()
            done.wait(0.2)
        write_whole(path, data)

    monkeypatch.setattr(protection_list, "write_whole", slow)
    first = threading.Thread(target=protect, args=(catalog, folder, 0))
    first.start()
    assert begun.wait(30)
    protect(catalog, folder, 1)
    done.set()
    first.join()
    assert (folder.root / FILE_NAME).read_text().splitlines() == [str(file_of(0)), str(file_of(1))]


def test_a_list_that_cannot_be_read_protects_everything(
    catalog: Catalog, folder: FakeFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(catalog, folder)
    (folder.root / FILE_NAME).mkdir()
    with Catalog.open(tmp_path / "other") as fresh:
        fresh.commit([folder.put(facts(T0 + 4 * FIVE_MINUTES, number=4, sealed=False))])
        assert protected(rescanned(fresh, folder)) == [0, 1, 2, 3]
    assert "all 4 recordings are protected now" in caplog.text
