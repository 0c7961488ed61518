"""`layer.c` built and held: a disk and a clock that a test breaks while a program runs on them, and what a power cut leaves."""

import ctypes
import mmap
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path
from struct import Struct
from typing import Final

SOURCE: Final = Path(__file__).with_name("layer.c")


class Operation(IntFlag):
    """What a program does to a disk; the bits of `layer.c`."""

    WRITE = 1
    SYNC = 2
    CREATE = 4
    UNLINK = 8
    RENAME = 16
    TRUNCATE = 32
    MKDIR = 64
    READ = 128
    RMDIR = 256


CHANGES: Final = Operation(0x1FF) & ~Operation.READ
WRITES: Final = Operation.WRITE | Operation.SYNC | Operation.CREATE | Operation.TRUNCATE | Operation.MKDIR


class _Control(ctypes.Structure):
    _fields_ = (
        ("operations", ctypes.c_int32),
        ("error", ctypes.c_int32),
        ("stalled", ctypes.c_int32),
        ("kill_at", ctypes.c_int32),
        ("count", ctypes.c_int64),
        ("counted", ctypes.c_int32),
        ("kill_after", ctypes.c_int32),
        ("clock_us", ctypes.c_int64),
    )


def build(folder: Path) -> Path:
    """Compile the layer into a folder.

    Raises:
        FileNotFoundError: there is no C compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise FileNotFoundError("the fault tests need a C compiler: apt-get install gcc libc6-dev")
    library = folder / "layer.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
    return library


class FaultyDisk:
    """The folder `root` as a disk for programs that are started with `environment`; all faults are off at first. "/": all disks."""

    def __init__(self, library: Path, root: Path, scratch: Path, *, journal: bool = False) -> None:
        control = scratch / "control"
        control.write_bytes(bytes(mmap.PAGESIZE))
        with control.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self._control = _Control.from_buffer(self._map)
        self.journal = scratch / "journal"
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAULTS_CONTROL": str(control),
            "FAULTS_ROOT": str(root),
        } | ({"FAULTS_JOURNAL": str(self.journal)} if journal else {})

    @contextmanager
    def failing(self, errno: int, operations: Operation = CHANGES) -> Iterator[None]:
        """These operations fail with `errno` inside the block."""
        self._control.error, self._control.operations = errno, operations
        try:
            yield
        finally:
            self._control.operations = self._control.error = 0

    @contextmanager
    def stalling(self, operations: Operation = CHANGES) -> Iterator[None]:
        """These operations do not return until the block ends."""
        self._control.stalled, self._control.operations = 1, operations
        try:
            yield
        finally:
            self._control.operations = self._control.stalled = 0

    def step_clock(self, us: int) -> None:
        """From now on the wall clock is `us` ahead of the real one; behind it when negative."""
        self._control.clock_us = us

    def kill_at(self, number: int, operations: Operation = CHANGES, *, after: bool = False) -> None:
        """SIGKILL to the program that does the `number`-th of these operations, before or after it; 0: never. Counts anew."""
        self._control.kill_at = 0
        self._control.count, self._control.counted, self._control.kill_after = 0, operations, after
        self._control.kill_at = number

    @property
    def count(self) -> int:
        """Operations since `kill_at` was called."""
        return int(self._control.count)


@dataclass(frozen=True, slots=True)
class Change:
    """One record of the journal. `target`: of a rename; `offset`: of a write, or the length of a truncation."""

    operation: Operation
    utc_us: int
    path: Path
    offset: int
    data: bytes

    @property
    def target(self) -> Path:
        return Path(self.data.decode())


_HEAD: Final = Struct("<IIqqQ")


def read_journal(journal: Path) -> list[Change]:
    """All changes, in the order in which they were done; a torn last record is left out."""
    found = []
    data = journal.read_bytes()
    position = 0
    while position + _HEAD.size <= len(data):
        kind, path_length, utc_us, offset, length = _HEAD.unpack_from(data, position)
        start = position + _HEAD.size
        position = start + path_length + length
        if position > len(data):
            break
        path = Path(data[start : start + path_length].decode())
        found.append(Change(Operation(kind), utc_us, path, offset, data[start + path_length : position]))
    return found
