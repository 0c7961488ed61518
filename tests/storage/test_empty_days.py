"""Day folders that stayed empty go sooner or later; whatever else is in the recording folder stays."""

import os
from datetime import UTC
from pathlib import Path

import pytest

from mini_nvr.clock import NS_PER_US, US_PER_S
from mini_nvr.storage.empty_days import AT_REST_US, FOLDERS_A_LOOK, REST_S, EmptyDays
from tests.support.catalog import T0
from tests.support.clock import FakeClock
from tests.support.kept_footage import KeptFootage

TODAY = "2026-03-01"
INTERVAL_S = 60.0


class Scene:
    """A recording folder on a day at noon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock(T0)
        self.days = EmptyDays(folder, UTC, self.clock, INTERVAL_S)

    def make(self, name: str, changed_us: int = T0 - 2 * AT_REST_US) -> Path:
        made = self.folder / name
        made.mkdir(parents=True, exist_ok=True)
        self.touch(made, changed_us)
        return made

    def touch(self, path: Path, changed_us: int) -> None:
        os.utime(path, ns=(changed_us * NS_PER_US, changed_us * NS_PER_US))

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_what_a_kill_left_empty_goes_at_the_next_start(kept: KeptFootage) -> None:
    """It struck between the deletion of a day's last file and that of its folder; no limit has to be passed."""
    empty = kept.record_dir / "ch1" / "2026-02-20"
    empty.mkdir(parents=True)
    kept.fill(1)
    kept.cleaner({}).look()
    assert not empty.exists()
    assert len(kept.files()) == 1


def test_all_else_stays(scene: Scene) -> None:
    full = scene.make("ch1/2026-02-01")
    (full / "120000+0000.mp4").touch()
    scene.touch(full, T0 - 2 * AT_REST_US)
    for name in ("ch2", "ch3/notes", "ch3/2026-02-30", "backup/2026-02-01", f"ch3/{TODAY}", "ch3/2026-03-02", "lost+found"):
        scene.make(name)
    before = scene.left()
    scene.days.look()
    assert scene.left() == before


def test_what_was_just_made_may_be_about_to_be_filled(scene: Scene) -> None:
    made = scene.make("ch1/2026-02-01", T0 - AT_REST_US + US_PER_S)
    ahead = scene.make("ch1/2026-02-02", T0 + 1)
    scene.days.look()
    assert made.exists()
    assert ahead.exists()
    scene.clock.advance(REST_S)
    scene.days.look()
    assert not made.exists()
    assert not ahead.exists()


def test_an_archive_is_gone_through_a_few_folders_at_a_time(scene: Scene) -> None:
    for number in range(1, 2 * FOLDERS_A_LOOK + 2):
        scene.make(f"ch{number}/2026-02-01")
    counts = []
    for _ in range(4):
        scene.days.look()
        scene.days.look()
        counts.append(len(list(scene.folder.glob("ch*/*"))))
        scene.clock.advance(INTERVAL_S)
    assert counts == [FOLDERS_A_LOOK + 1, 1, 0, 0]


def test_a_folder_that_is_not_there_for_a_while_is_looked_at_later(scene: Scene) -> None:
    empty = scene.make("ch1/2026-02-01")
    away = scene.folder.rename(scene.folder.with_name("away"))
    scene.days.look()
    away.rename(scene.folder)
    scene.clock.advance(REST_S)
    scene.days.look()
    assert not empty.exists()
