"""A file is made with its folders, whoever takes an empty one away meanwhile."""

import os
from pathlib import Path

import pytest

from mini_nvr.segment import disk
from mini_nvr.segment.disk import create_file


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


def test_a_file_that_exists_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"footage")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == b"footage"
