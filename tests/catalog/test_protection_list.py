"""A catalog that is lost does not lose what is protected."""

import errno
from pathlib import Path

import pytest

from mini_nvr.catalog import protection_list
from mini_nvr.catalog.protecting import protect_range
from mini_nvr.catalog.protection_list import FILE_NAME, write_protection_list
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.segment.volume import IDENTITY_FILE, create_volume
from tests.support.catalog import FIVE_MINUTES, T0, FakeFolder, facts


def fill(catalog: Catalog, folder: FakeFolder, files: int = 4) -> None:
    create_volume(folder.root)
    catalog.commit([folder.put(facts(T0 + number * FIVE_MINUTES, number=number)) for number in range(files)])


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
