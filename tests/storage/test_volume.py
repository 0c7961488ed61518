"""The volume that the recorder remembers is the one that cleanup insists on."""

from pathlib import Path

import pytest

from mini_nvr.recorder.volume import RecordingVolume
from mini_nvr.segment.volume import IDENTITY_FILE, VolumeMissing
from mini_nvr.storage.volume import NOTE, NotRecordedYet, require_known_volume


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, Path]:
    """The folders after the recorder's first start."""
    record_dir, data_dir = tmp_path / "recordings", tmp_path / "data"
    data_dir.mkdir()
    RecordingVolume(record_dir, data_dir, lambda: None).verify()
    return record_dir, data_dir


def test_the_recorder_s_own_volume_is_known(recorded: tuple[Path, Path]) -> None:
    require_known_volume(*recorded)


def test_before_the_recorder_s_first_start_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotRecordedYet):
        require_known_volume(tmp_path / "recordings", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unmounted_folder_is_not_adopted(recorded: tuple[Path, Path]) -> None:
    record_dir, _ = recorded
    (record_dir / IDENTITY_FILE).unlink()
    with pytest.raises(VolumeMissing, match="mounted"):
        require_known_volume(*recorded)
    assert list(record_dir.iterdir()) == []


def test_another_disk_is_refused(recorded: tuple[Path, Path]) -> None:
    (recorded[0] / IDENTITY_FILE).write_text('{"volume_id": "00000000-0000-0000-0000-000000000000"}')
    with pytest.raises(VolumeMissing, match="another volume"):
        require_known_volume(*recorded)


def test_an_empty_note_knows_no_volume(recorded: tuple[Path, Path]) -> None:
    (recorded[1] / NOTE).write_text("")
    with pytest.raises(VolumeMissing, match="empty"):
        require_known_volume(*recorded)
