"""`kill -9` at every system call that changes the disk: in create, append, checkpoint, seal, delete, and in the repair after it.

The state before a call is the one after the call before it, so killing before each, and letting the last run end, is all there is.
Conversion has the same in `tests/storage/test_converter_crash.py`.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import snapshot
from mini_nvr.segment.volume import IDENTITY_FILE
from mini_nvr.storage.fsck import check
from tests.faults.layer import CHANGES, FaultyDisk, Operation, read_journal
from tests.faults.stepped_recorder import Place, SteppedRecorder, run_all_steps, started
from tests.faults.steps_program import LATER_US
from tests.support.catalog import T0
from tests.support.hybrid_files import packets

NOW_US = T0 + LATER_US
RESCAN_EVERY = 12
PROJECT = Path(__file__).parents[2]


@dataclass
class Told:
    """What a run had said when it ended. wrote: pictures that the kernel had, by file; cleaning: deletion had begun."""

    wrote: dict[PurePosixPath, int] = field(default_factory=dict)
    cleaning: bool = False
    killed: bool = False


class Steps:
    """The program, the folder `root` under the layer, and `places` in it: `root/recordings/NAME` and `root/data/NAME`."""

    def __init__(self, layer: Path, scratch: Path, empty_catalog: Path, below: str = "") -> None:
        self.root = scratch / "disk"
        for folder in ("recordings", "data"):
            (self.root / folder).mkdir(parents=True)
        self.disk = FaultyDisk(layer, self.root / below, scratch, journal=not below)
        self._empty_catalog = empty_catalog
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.steps_program"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=self.disk.environment,
        )

    def close(self) -> None:
        with self._program:
            assert self._program.stdin is not None
            self._program.stdin.close()

    def place(self, name: str) -> Place:
        """A new one, with a catalog that nobody has used yet."""
        place = Place(self.root / "recordings" / name, self.root / "data" / name)
        place.data_dir.mkdir()
        shutil.copyfile(self._empty_catalog, place.data_dir / "catalog.db")
        return place

    def copy(self, place: Place, name: str) -> Place:
        copied = Place(self.root / "recordings" / name, self.root / "data" / name)
        shutil.copytree(place.record_dir, copied.record_dir)
        shutil.copytree(place.data_dir, copied.data_dir)
        return copied

    def remove(self, place: Place) -> None:
        shutil.rmtree(place.record_dir, ignore_errors=True)
        shutil.rmtree(place.data_dir)

    def run(self, what: str, place: Place, kill_at: int = 0, operations: Operation = CHANGES) -> Told:
        """One run, killed before that many-th change."""
        program = self._program
        assert program.stdin is not None
        assert program.stdout is not None
        self.disk.kill_at(kill_at, operations)
        program.stdin.write(f"{what} {place.record_dir} {place.data_dir}\n")
        program.stdin.flush()
        told = Told()
        while not (line := program.stdout.readline()).startswith("ended"):
            match line.split():
                case ["wrote", path, pictures]:
                    told.wrote[PurePosixPath(path)] = int(pictures)
                case ["cleaning", "up"]:
                    told.cleaning = True
                case _:
                    raise AssertionError(f"the program died: {line!r}")
        status = int(line.split()[1])
        assert status in {0, signal.SIGKILL}, f"exit status {status}"
        told.killed = status != 0
        return told


@pytest.fixture(scope="module")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated, and filled from an empty folder, once for all; the very first start has a test of its own."""
    data_dir = tmp_path_factory.mktemp("template")
    with Catalog.open(data_dir) as catalog:
        rescan(catalog, tmp_path_factory.mktemp("nothing"))
    return data_dir / "catalog.db"


@pytest.fixture
def steps(layer: Path, tmp_path: Path, empty_catalog: Path, request: pytest.FixtureRequest) -> Iterator[Steps]:
    with closing(Steps(layer, tmp_path, empty_catalog, request.param)) as steps:
        yield steps


def check_healed(place: Place, told: Told, scratch: Path | None) -> None:
    """The next start repairs everything, the one after it finds nothing to do, and nothing that the kernel had is lost.

    scratch: a folder that does not exist yet, for a catalog made from the files alone; None: each row is compared with its file.
    """
    with started(place, NOW_US):
        pass
    with started(place, NOW_US) as (catalog, _, report):
        assert (report.sealed, report.adopted, report.dropped, report.deleted, report.removed) == ([], [], [], [], [])
        assert not report.damaged
        assert [
            example for finding in check(catalog, place.record_dir, thorough=True, settle_s=0) for example in finding.examples
        ] == []
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


def check_equals_rescan(catalog: Catalog, place: Place, scratch: Path) -> None:
    with Catalog.open(scratch) as fresh:
        rescan(fresh, place.record_dir)
        said, found = snapshot(catalog), snapshot(fresh)
    assert said.segments == found.segments
    assert said.runs == found.runs


def kill_at_each(steps: Steps, what: str, template: Place | None, scratch: Path, most: int | None = None) -> int:
    """Run until the end, then again and again, killed before each change; how many changes there are.

    most: kill before so many of them only, spread over all.
    """
    changes = _run_to_the_end(steps, what, template)
    numbers = range(1, changes + 1)
    for tried, number in enumerate(numbers if most is None else numbers[:: max(1, -(-changes // most))]):
        place = _fresh(steps, template, f"k{number}")
        told = steps.run(what, place, number)
        try:
            check_healed(place, told, scratch / f"fresh{number}" if tried % RESCAN_EVERY == 0 else None)
        except Exception as exc:
            exc.add_note(f"killed before change {number} of `{what}`")
            raise
        steps.remove(place)
        shutil.rmtree(scratch / f"fresh{number}", ignore_errors=True)
    return changes


def _run_to_the_end(steps: Steps, what: str, template: Place | None) -> int:
    place = _fresh(steps, template, "whole")
    assert not steps.run(what, place).killed
    changes = steps.disk.count
    steps.remove(place)
    return changes


def _fresh(steps: Steps, template: Place | None, name: str) -> Place:
    return steps.place(name) if template is None else steps.copy(template, name)


@pytest.mark.parametrize(
    ("steps", "container", "most"),
    [("recordings", "mp4", None), ("recordings", "mkv", 16), ("data", "mp4", 16)],
    indirect=["steps"],
)
def test_a_kill_at_any_step_of_recording_and_deleting_heals(
    steps: Steps, container: str, most: int | None, tmp_path: Path, *, long: bool
) -> None:
    changes = kill_at_each(steps, container, None, tmp_path, None if long else most)
    print(f"{changes} changes in {container}")
    assert changes > 30


@pytest.mark.parametrize("steps", ["recordings"], indirect=True)
@pytest.mark.parametrize("first_killed_at", [Operation.UNLINK, Operation.WRITE], ids=["while deleting", "while recording"])
def test_a_kill_at_any_step_of_the_repair_heals(steps: Steps, first_killed_at: Operation, tmp_path: Path) -> None:
    template = steps.place("template")
    number = 1 if first_killed_at is Operation.UNLINK else 8
    assert steps.run("mp4", template, number, first_killed_at).killed
    assert kill_at_each(steps, "start", template, tmp_path) > 3


@pytest.mark.parametrize("steps", ["data"], indirect=True)
def test_a_kill_at_any_step_of_the_very_first_start_and_of_a_rescan_heals(steps: Steps, tmp_path: Path, *, long: bool) -> None:
    with SteppedRecorder.running(steps.place("template"), "mp4") as recorder:
        recorder.record(4)
    template = Place(steps.root / "recordings/template", steps.root / "data/template")
    for file in template.data_dir.glob("catalog.db*"):
        file.unlink()
    assert kill_at_each(steps, "start", template, tmp_path, None if long else 20) > 30


@pytest.mark.parametrize("steps", [""], indirect=True)
def test_nothing_outside_of_the_two_folders_is_touched(steps: Steps) -> None:
    place = steps.place("only")
    assert not steps.run("mp4", place).killed
    changes = read_journal(steps.disk.journal)
    assert len(changes) > 100
    elsewhere = [
        change.path
        for change in changes
        if not any(change.path.is_relative_to(folder) for folder in (place.record_dir, place.data_dir, steps.root / "recordings"))
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
