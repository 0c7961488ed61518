"""`kill -9` at every system call that changes the disk: in create, append, checkpoint, seal, delete, and in the repair after it.

`test_kill_converter.py` has the same for conversion.
"""

from pathlib import Path

import pytest

from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.segment.volume import IDENTITY_FILE
from tests.faults.healed import nothing_to_do
from tests.faults.layer import Operation
from tests.faults.stepped_recorder import Place, SteppedRecorder, run_all_steps, started
from tests.faults.steps import Check, Steps, Told, check_equals_rescan, kill_at_each
from tests.faults.steps_program import LATER_US
from tests.support.catalog import T0
from tests.support.hybrid_files import packets

NOW_US = T0 + LATER_US
RESCAN_EVERY = 12


def check_healed(place: Place, told: Told, scratch: Path | None) -> None:
    """The next start repairs everything, the one after it finds nothing to do, and nothing that the kernel had is lost.

    scratch: a folder that does not exist yet, for a catalog made from the files alone; None: each row is compared with its file.
    """
    with started(place, NOW_US):
        pass
    with nothing_to_do(place, NOW_US) as catalog:
        rows = {row.path: row for row in catalog.segments()}
        if scratch is not None:
            check_equals_rescan(catalog, place, scratch)
    for path, row in rows.items():
        assert row.state is SegmentState.SEALED
        assert len(packets(place.record_dir / path, "video")) == row.video_frames
    newest = max(told.wrote, default=None)
    for path, pictures in told.wrote.items():
        if path == newest or not told.cleaning:
            assert rows[path].video_frames >= pictures, f"{path}: {pictures} pictures were written"


@pytest.fixture
def healed(tmp_path: Path) -> Check:
    """`check_healed`, with a rescan now and then."""

    def check(place: Place, told: Told, tried: int) -> None:
        check_healed(place, told, tmp_path / "fresh" if tried % RESCAN_EVERY == 0 else None)

    return check


@pytest.mark.parametrize(
    ("steps", "container", "most"),
    [("recordings", "mp4", None), ("recordings", "mkv", 16), ("data", "mp4", 16)],
    indirect=["steps"],
)
def test_a_kill_at_any_step_of_recording_and_deleting_heals(
    steps: Steps, healed: Check, container: str, most: int | None, *, long: bool
) -> None:
    changes = kill_at_each(steps, container, None, healed, None if long else most)
    print(f"{changes} changes in {container}")
    assert changes > 30


@pytest.mark.parametrize("steps", ["recordings"], indirect=True)
@pytest.mark.parametrize("first_killed_at", [Operation.UNLINK, Operation.WRITE], ids=["while deleting", "while recording"])
def test_a_kill_at_any_step_of_the_repair_heals(steps: Steps, healed: Check, first_killed_at: Operation) -> None:
    template = steps.place("template")
    number = 1 if first_killed_at is Operation.UNLINK else 8
    assert steps.run("mp4", template, number, first_killed_at).killed
    assert kill_at_each(steps, "start", template, healed) > 3


@pytest.mark.parametrize("steps", ["data"], indirect=True)
def test_a_kill_at_any_step_of_the_very_first_start_and_of_a_rescan_heals(steps: Steps, healed: Check, *, long: bool) -> None:
    with SteppedRecorder.running(steps.place("template"), "mp4") as recorder:
        recorder.record(4)
    template = Place(steps.root / "recordings/template", steps.root / "data/template")
    for file in template.data_dir.glob("catalog.db*"):
        file.unlink()
    assert kill_at_each(steps, "start", template, healed, None if long else 20) > 30


@pytest.mark.parametrize("steps", ["/"], indirect=True)
def test_nothing_outside_of_the_two_folders_is_touched(steps: Steps) -> None:
    place = steps.place("only")
    assert not steps.run("mp4", place).killed
    changes = steps.changes()
    assert len(changes) > 100
    elsewhere = [
        change.path
        for change in changes
        if not any(change.path.is_relative_to(folder) for folder in (place.record_dir, place.data_dir, steps.root / "recordings"))
        and not (change.operation is Operation.SYNC and place.record_dir.is_relative_to(change.path))  # the name of one of them
    ]
    assert elsewhere == []
    beside = {path.name for path in place.record_dir.iterdir()} - {IDENTITY_FILE, "ch1"}
    assert beside == set()


def test_the_steps_do_what_they_should(tmp_path: Path) -> None:
    """Without this the kills might prove nothing."""
    place = Place(tmp_path / "recordings", tmp_path / "data")
    told: list[str] = []
    run_all_steps(place, "mp4", told.append)
    with Catalog.open(place.data_dir) as catalog:
        rows, gaps = catalog.segments(), catalog.gaps(1)
    assert [(row.number, row.video_frames, row.state) for row in rows] == [(0, 25, SegmentState.SEALED)]
    assert [str(gap.cause) for gap in gaps] == ["deleted by retention", "camera offline", "recorder down"]
    assert told.index("cleaning up") == len(told) - 2
