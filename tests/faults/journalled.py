"""The storage program under the layer, and every disk that a power cut during one of its runs may leave."""

import hashlib
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from tests.faults.forking_program import ForkingProgram
from tests.faults.layer import CHANGES, Change, FaultyDisk, Operation, read_journal
from tests.faults.long import LONG
from tests.faults.power_cut import Disk, Tree, nothing_unsynced, some_unsynced, write_tree

SEEDS: Final = 3 if LONG else 1
CATALOG_EVERY: Final = 4

Kill = tuple[Operation, int]
"""Behind the so-many-th operation of a kind; those that fail, as making a folder that is there, count too."""


class StorageProgram:
    """The program; the folders that it works in are below `root`."""

    def __init__(self, layer: Path, scratch: Path) -> None:
        self.root = scratch / "disk"
        self.root.mkdir()
        self.disk = FaultyDisk(layer, self.root, scratch, journal=True)
        self._program = ForkingProgram("tests.faults.storage_program", self.disk.environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._program.close()

    def run(self, what: str, folder: Path, killed_behind: Kill | None = None) -> list[Change]:
        """The changes of one run."""
        done = len(self._journal())
        operation, number = killed_behind or (CHANGES, 0)
        self.disk.kill_at(number, operation, after=True)
        status, told = self._program.run(what, folder)
        assert (status, told) == (signal.SIGKILL if number else 0, [])
        changes = self._journal()[done:]
        assert not number or changes[-1].operation is operation
        return changes

    def _journal(self) -> list[Change]:
        return read_journal(self.disk.journal) if self.disk.journal.exists() else []


@dataclass(frozen=True, slots=True)
class Found:
    """What a power cut left. after: how many of the changes were done; the last of them is `change`."""

    number: int
    after: int
    change: str
    tree: Tree

    def __str__(self) -> str:
        return f"cut {self.number}, after change {self.after}, {self.change}"


def all_found(folder: Path, before: Path, changes: list[Change], first: int = 0) -> Iterator[Found]:
    """Each disk that differs from those before it, of cuts after each of the changes from the `first` on; see `LONG`.

    before: a copy of the folder as it was, durably, when the changes began.

    Without any of what is not synced a disk changes with a sync only. With some of it there is most to lose before a sync. Unless
    `LONG`, of the cuts in the catalog's own writes only samples are made.
    """
    disk = Disk(folder, before)
    known: set[bytes] = set()
    for after, change in enumerate(changes, 1):
        disk.done(change)
        if after < first:
            continue
        last = after == len(changes)
        syncs_next = last or changes[after].operation is Operation.SYNC
        seeds = range(after * SEEDS, (after + 1) * SEEDS) if LONG or syncs_next else ()
        for survives in (nothing_unsynced, *map(some_unsynced, seeds)):
            tree = disk.found_after_cut(survives)
            digest = _digest(tree)
            if digest in known:
                continue
            known.add(digest)
            if LONG or last or change.path.is_relative_to(folder / "recordings") or len(known) % CATALOG_EVERY == 0:
                yield Found(len(known), after, f"{change.operation.name} {change.path.relative_to(folder)}", tree)


def _digest(tree: Tree) -> bytes:
    digest = hashlib.blake2b()
    for path, data in sorted(tree.items()):
        digest.update(f"{path} {None if data is None else len(data)}\n".encode())
        digest.update(data or b"")
    return digest.digest()


@contextmanager
def restored(found: Found) -> Iterator[Path]:
    """The disk as it was found, in memory: no power goes any more, and each start syncs much."""
    with in_memory() as folder:
        write_tree(found.tree, folder)
        yield folder


@contextmanager
def in_memory() -> Iterator[Path]:
    """An empty folder there, where that is possible."""
    memory = Path("/dev/shm")  # noqa: S108  made unique below
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def copy_of(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target
