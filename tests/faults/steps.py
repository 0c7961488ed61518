"""Runs of `steps_program.py` under the layer, in a process of its own that is killed before each change of the disk, in turn.

The state before a change is the one after the change before it: with the run that ends, that is all there is.
"""

import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import snapshot
from tests.faults.forking_program import ForkingProgram
from tests.faults.layer import CHANGES, Change, FaultyDisk, Operation, read_journal
from tests.faults.stepped_recorder import Place


@dataclass
class Told:
    """What a run had said when it ended.

    wrote: pictures that the kernel had, by file. cleaning: deletion had begun. converted, failures: files, once all were tried.
    """

    wrote: dict[PurePosixPath, int] = field(default_factory=dict)
    cleaning: bool = False
    converted: int = 0
    failures: int = 0
    killed: bool = False


Check = Callable[[Place, Told, int], None]
"""Brings a place in order again that a run left, and looks at it; the int counts the kills before."""


class Steps:
    """The program, and places in the folder `root`: `root/recordings/NAME` and `root/data/NAME`.

    below: what counts as the disk: `recordings` or `data` in `root`; with a journal of each run, all of `root` ("") or of all there
        is ("/").
    """

    def __init__(self, layer: Path, scratch: Path, empty_catalog: Path, below: str = "") -> None:
        self.root = scratch / "disk"
        for folder in ("recordings", "data"):
            (self.root / folder).mkdir(parents=True)
        self.disk = FaultyDisk(layer, self.root / below, scratch, journal=below in {"", "/"})
        self._empty_catalog = empty_catalog
        self._program = ForkingProgram("tests.faults.steps_program", self.disk.environment)

    def close(self) -> None:
        self._program.close()

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

    def run(self, what: str, place: Place, kill_at: int = 0, operations: Operation = CHANGES, *, after: bool = False) -> Told:
        """One run, killed before that many-th change, or after it."""
        self.disk.journal.write_bytes(b"")
        self.disk.kill_at(kill_at, operations, after=after)
        status, lines = self._program.run(what, place.record_dir, place.data_dir)
        assert status in {0, signal.SIGKILL}, f"exit status {status}"
        told = Told(killed=status != 0)
        for line in lines:
            match line.split():
                case ["wrote", path, pictures]:
                    told.wrote[PurePosixPath(path)] = int(pictures)
                case ["cleaning", "up"]:
                    told.cleaning = True
                case ["converted", converted, failures]:
                    told.converted, told.failures = int(converted), int(failures)
                case _:
                    raise AssertionError(f"the program told: {line!r}")
        return told

    def changes(self) -> list[Change]:
        """What the last run changed."""
        return read_journal(self.disk.journal)


def kill_at_each(
    steps: Steps, what: str, template: Place | None, check: Check, most: int | None = None, operations: Operation = CHANGES
) -> int:
    """Run until the end, then again and again, killed before each change; how many changes there are.

    template: what each run begins with a copy of; None: with nothing. most: kill before so many changes only, spread over all.
    operations: only these changes.
    """
    changes = _run_to_the_end(steps, what, template, operations)
    numbers = range(1, changes + 1)
    for tried, number in enumerate(numbers if most is None else numbers[:: max(1, -(-changes // most))]):
        place = _fresh(steps, template, f"k{number}")
        told = steps.run(what, place, number, operations)
        try:
            check(place, told, tried)
        except Exception as exc:
            exc.add_note(f"killed before change {number} of `{what}`")
            raise
        finally:
            steps.remove(place)
    return changes


def _run_to_the_end(steps: Steps, what: str, template: Place | None, operations: Operation) -> int:
    place = _fresh(steps, template, "whole")
    assert not steps.run(what, place, operations=operations).killed
    changes = steps.disk.count
    steps.remove(place)
    return changes


def _fresh(steps: Steps, template: Place | None, name: str) -> Place:
    return steps.place(name) if template is None else steps.copy(template, name)


def check_equals_rescan(catalog: Catalog, place: Place, scratch: Path) -> None:
    """scratch: a folder that does not exist yet, for a catalog made from the files alone."""
    with Catalog.open(scratch) as fresh:
        rescan(fresh, place.record_dir)
        said, found = snapshot(catalog), snapshot(fresh)
    shutil.rmtree(scratch)
    assert said.segments == found.segments
    assert said.runs == found.runs
