"""Locks. A recorder holds that of its data folder for its lifetime, and what must not run beside it asks for the lock first."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from mini_nvr.errors import CatalogError

_NAME = "recorder.lock"
_held_here: set[Path] = set()  # flock cannot tell "another process" from "this one, through another descriptor"


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """One thread of one process at a time; the others wait. The file at `path` is made when missing, and stays. Raises OSError."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


class DataDirBusy(CatalogError):
    """A recorder, or a rescan, is at work on this data folder."""


class DataDirLock:
    """An flock on DATA_DIR/recorder.lock. The kernel drops it with the process, however that ends, so it is never stale.

    The file is never removed (removing it would let two processes lock two files of one name) and holds the owner's process id,
    which only serves the message.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._key = data_dir.resolve()
        self._fd = -1

    @property
    def held(self) -> bool:
        return self._fd >= 0

    def acquire(self) -> Self:
        """Take the lock without waiting; the folder is made (0700) when missing.

        Raises:
            DataDirBusy: somebody holds it.
            CatalogError: the lock file cannot be made.
        """
        path = self.data_dir / _NAME
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise CatalogError(f"cannot open {path}: {exc.strerror}; DATA_DIR must be a folder that Mini-NVR may write to") from exc
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise DataDirBusy(f"{self.data_dir} is in use by process {owner}; stop the recorder first") from exc
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd
        _held_here.add(self._key)
        return self

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._fd >= 0:
            _held_here.discard(self._key)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self if self.held else self.acquire()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def held_by_this_process(data_dir: Path) -> bool:
    """Whether a `DataDirLock` of this process holds the folder."""
    return data_dir.resolve() in _held_here
