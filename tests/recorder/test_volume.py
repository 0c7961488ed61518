"""Which folder may be recorded to (storage I7)."""

from pathlib import Path

import pytest

from mini_nvr.recorder.volume import RecordingVolume
from mini_nvr.segment.volume import VolumeMissing, create_volume, read_volume_id


class Scene:
    def __init__(self, folder: Path) -> None:
        self.records, self.data = folder / "recordings", folder / "data"
        self.data.mkdir()
        self.prepared = 0

    def volume(self) -> RecordingVolume:
        """As a process makes it at its start."""
        return RecordingVolume(self.records, self.data, self._prepare)

    def _prepare(self) -> None:
        self.prepared += 1


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_the_first_start_makes_the_volume_and_prepares_it_once(scene: Scene) -> None:
    volume = scene.volume()
    volume.verify()
    volume.verify()
    assert scene.prepared == 1
    assert (scene.data / "volume-id").read_text().strip() == read_volume_id(scene.records)


def test_a_folder_with_footage_of_an_earlier_installation_is_adopted(scene: Scene) -> None:
    known = create_volume(scene.records)
    scene.volume().verify()
    assert (scene.data / "volume-id").read_text().strip() == known


@pytest.mark.parametrize("swapped", [False, True])
def test_a_missing_or_swapped_volume_is_refused_with_the_remedy_until_it_is_back(scene: Scene, *, swapped: bool) -> None:
    scene.volume().verify()
    away = scene.records.rename(scene.records.with_name("away"))
    if swapped:
        create_volume(scene.records)
    later = scene.volume()
    with pytest.raises(VolumeMissing, match="volume-id"):
        later.verify()
    assert scene.prepared == 1
    if swapped:
        scene.records.rename(scene.records.with_name("other"))
    away.rename(scene.records)
    later.verify()
    assert scene.prepared == 2


def test_what_a_kill_left_of_a_note_goes_with_the_next_attempt(scene: Scene) -> None:
    (scene.data / "volume-id.0a6d4d3e-16b6-4c7c-a3f4-0d4f8a1f6c11").touch()
    scene.volume().verify()
    assert [path.name for path in scene.data.iterdir()] == ["volume-id"]


def test_a_note_that_the_power_cut_short_does_not_keep_the_footage_out(scene: Scene) -> None:
    known = create_volume(scene.records)
    (scene.data / "volume-id").write_bytes(b"")
    scene.volume().verify()
    assert (scene.data / "volume-id").read_text().strip() == known
