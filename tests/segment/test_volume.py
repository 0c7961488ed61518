"""The identity of the recording folder (storage I7)."""

import os
from pathlib import Path
from uuid import UUID

import pytest

from mini_nvr.segment.volume import (
    IDENTITY_FILE,
    VolumeMissing,
    VolumeUnwritable,
    create_volume,
    read_volume_id,
    verify_volume,
)


def test_new_volume_gets_an_identity_and_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "recordings"
    assert read_volume_id(folder) is None
    volume_id = create_volume(folder)
    assert str(UUID(volume_id)) == volume_id
    assert create_volume(folder) == read_volume_id(folder) == volume_id
    verify_volume(folder, volume_id)
    assert [entry.name for entry in folder.iterdir()] == [IDENTITY_FILE]


def test_what_a_kill_left_of_an_identity_goes_with_the_next_attempt(tmp_path: Path) -> None:
    (tmp_path / f"{IDENTITY_FILE}.0a6d4d3e-16b6-4c7c-a3f4-0d4f8a1f6c11").write_bytes(b'{"vol')
    (tmp_path / "somebody's").touch()
    create_volume(tmp_path)
    assert {entry.name for entry in tmp_path.iterdir()} == {IDENTITY_FILE, "somebody's"}


def test_two_volumes_differ(tmp_path: Path) -> None:
    assert create_volume(tmp_path / "a") != create_volume(tmp_path / "b")


def test_an_unmounted_folder_is_missing(tmp_path: Path) -> None:
    volume_id = create_volume(tmp_path / "disk")
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    with pytest.raises(VolumeMissing, match="is the disk mounted"):
        verify_volume(tmp_path / "disk", volume_id)
    (tmp_path / "disk").mkdir()  # the bare mount point
    with pytest.raises(VolumeMissing, match="is the disk mounted"):
        verify_volume(tmp_path / "disk", volume_id)
    assert list((tmp_path / "disk").iterdir()) == []


def test_another_volume_is_missing(tmp_path: Path) -> None:
    create_volume(tmp_path)
    with pytest.raises(VolumeMissing, match="another volume"):
        verify_volume(tmp_path, str(UUID(int=1)))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"volume_id": 3}', b'{"volume_id": "x"}', b"[" * 100_000]
)
def test_damaged_identity_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / IDENTITY_FILE).write_bytes(content)
    for act in (read_volume_id, create_volume, lambda folder: verify_volume(folder, str(UUID(int=1)))):
        with pytest.raises(VolumeMissing, match="does not hold an identity"):
            act(tmp_path)
    assert (tmp_path / IDENTITY_FILE).read_bytes() == content


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(VolumeMissing, match="not a folder"):
        create_volume(path)


def test_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volume_id = create_volume(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)  # permissions do not bind root, who may run the tests
    with pytest.raises(VolumeUnwritable, match="cannot be written to"):
        verify_volume(tmp_path, volume_id)


def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(VolumeUnwritable, match="No space left"):
        create_volume(tmp_path)
    assert list(tmp_path.iterdir()) == []
