"""A file is made with its folders, whoever takes an empty one away meanwhile."""

import errno
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from mini_nvr.segment import disk
from mini_nvr.segment.disk import create_file, make_folder


def vanishing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[Path]:
    """Folders are removed as soon as they are made, so many times; returns those that were."""
    removed: list[Path] = []
    make_folder = disk.make_folder

    def make_and_remove(folder: Path) -> None:
        make_folder(folder)
        if len(removed) < times:
            folder.rmdir()
            removed.append(folder)

    monkeypatch.setattr(disk, "make_folder", make_and_remove)
    return removed


def test_a_folder_that_vanishes_before_the_file_is_in_it_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ch1/2026-03-01/120000+0000.mp4"
    removed = vanishing(monkeypatch, times=3)
    os.close(create_file(path))
    assert path.is_file()
    assert removed == [path.parent] * 3


def test_a_folder_that_never_stays_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vanishing(monkeypatch, times=100)
    with pytest.raises(FileNotFoundError, match="vanishes"):
        create_file(tmp_path / "ch1/2026-03-01/120000+0000.mp4")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders whose names were made durable, in their order."""
    folders: list[Path] = []
    fsync_folder = disk.fsync_folder

    def note(folder: Path) -> None:
        fsync_folder(folder)
        folders.append(folder)

    monkeypatch.setattr(disk, "fsync_folder", note)
    return folders


@pytest.mark.parametrize("made", ["", "ch1", "ch1/2026-03-01"])
def test_the_name_of_a_folder_that_a_killed_process_made_becomes_durable(tmp_path: Path, synced: list[Path], made: str) -> None:
    records = tmp_path / "recordings"
    (records / made).mkdir(parents=True)
    os.close(create_file(records / "ch1/2026-03-01/120000+0000.mp4"))
    assert (records / made).parent in synced
    synced.clear()
    os.close(create_file(records / "ch1/2026-03-01/120500+0000.mp4"))
    assert synced == [records / "ch1/2026-03-01"], "once is enough"


@pytest.mark.parametrize(("code", "passes"), [(errno.EACCES, True), (errno.EROFS, True), (errno.EIO, False)])
def test_a_mount_point_in_a_folder_of_the_system_needs_no_more_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, *, passes: bool
) -> None:
    def refuse(_: Path) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(disk, "fsync_folder", refuse)
    with nullcontext() if passes else pytest.raises(OSError, match=os.strerror(code)):
        make_folder(tmp_path)


def test_a_file_that_exists_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"footage")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == b"footage"
