"""Has anybody changed the catalog since? Asked before a copy in memory is believed, so that no copy outlives a change.

`PRAGMA data_version` differs whenever another connection has committed, whatever process it is of. The connection that asks is kept
for that alone: it never commits, so our own changes count like those of others. The answer comes from the shared memory of the
write-ahead log in some microseconds, and never waits for a lock.
"""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

Mark = tuple[tuple[int, int], int, int]
"""Device and inode of the file, which connection asked, and its data version: meant to be compared, nothing else."""


def file_identity(path: Path) -> tuple[int, int] | None:
    """Which file has this name: its device and inode; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class ChangeMark:
    """The state of one database file, as something to compare. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._opened = 0

    def now(self) -> Mark | None:
        """Differs from every earlier mark when anything was committed in between.

        None: it cannot be told without waiting (another thread asks just now, the file is locked, missing or damaged), so that a
        copy must not be believed.
        """
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._ask()
        except sqlite3.Error:
            self._close()
            return None
        finally:
            self._lock.release()

    def close(self) -> None:
        """A later `now` opens it again."""
        with self._lock:
            self._close()

    def _ask(self) -> Mark | None:
        file = file_identity(self._path)
        if file is None:
            return None
        if self._connection is None or file != self._file:
            self._open(file)
        assert self._connection is not None  # noqa: S101  just opened
        with closing(self._connection.execute("PRAGMA data_version")) as cursor:
            (version,) = cursor.fetchone()
        return file, self._opened, version

    def _open(self, file: tuple[int, int]) -> None:
        self._close()
        address = (
            f"file:{quote(str(self._path.absolute()))}?mode=rw"  # a reader of the log's shared memory must be able to write it
        )
        self._connection = sqlite3.connect(address, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
        self._file = file
        self._opened += 1

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
