"""Folders that root made, or filled, become their user's; what is its user's already is left alone."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "packaging/own-folders"
OWNER = 4321
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def own(owner: int, *folders: Path) -> str:
    command = [str(SCRIPT), f"{owner}:{owner}", *map(str, folders)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@only_root
def test_everything_in_a_folder_of_root_is_given(tmp_path: Path) -> None:
    film = tmp_path / "recordings/ch1/2023-11-14/100000.mkv"
    film.parent.mkdir(parents=True)
    film.write_bytes(b"film")
    outside = tmp_path / "outside"
    outside.write_bytes(b"not ours")
    link = tmp_path / "recordings/link"
    link.symlink_to(outside)
    data = tmp_path / "data"
    data.mkdir()
    told = own(OWNER, tmp_path / "recordings", data)
    assert {path.lstat().st_uid for path in (tmp_path / "recordings", film, film.parent, film.parent.parent, link, data)} == {OWNER}
    assert outside.stat().st_uid == 0
    assert told.count("giving") == 2


@only_root
def test_a_folder_of_its_user_is_not_walked(tmp_path: Path) -> None:
    (tmp_path / "of-root").touch()
    os.chown(tmp_path, OWNER, OWNER)
    assert own(OWNER, tmp_path) == ""
    assert (tmp_path / "of-root").stat().st_uid == 0


def test_what_cannot_be_given_is_told_and_ends_nothing(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert "see to it that this user may write there" in own(OWNER, gone)
