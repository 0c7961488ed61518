"""The file below a writer of any container: made whole or not at all, flushed honestly, closed once."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mini_nvr.errors import SegmentError
from mini_nvr.segment.disk import create_file, write_at


class GrowingFile:
    """A file of footage that is open for writing; one thread writes, another may flush."""

    def __init__(self, path: Path, head: Sequence[bytes]) -> None:
        """Create the file, which must not exist, with its folders, and begin it with `head`.

        Raises:
            SegmentError: the disk refuses (then `__cause__` is the OSError), and there is no file.
        """
        self.path = path
        self._flush_failure: OSError | None = None
        self._fd = self._create(head)

    @property
    def fd(self) -> int:
        """The descriptor.

        Raises:
            SegmentError: the file is closed.
        """
        if self._fd < 0:
            raise SegmentError(f"{self.path.name}: is closed")
        return self._fd

    def flush(self, fd: int) -> None:
        """fdatasync, once failed always failed: Linux drops the pages that it could not write, and a second call would succeed.

        fd: as the caller has it since before; another thread may have closed the file meanwhile.

        Raises:
            SegmentError: nothing that was written since the last flush is safe.
        """
        try:
            if self._flush_failure is None:
                os.fdatasync(fd)
                return
        except OSError as exc:
            self._flush_failure = exc
        raise SegmentError(f"{self.path.name}: could not be made durable: {self._flush_failure.strerror}") from self._flush_failure

    def close(self) -> None:
        """Close the file as it is. Never raises; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with suppress(OSError):
                os.close(fd)

    def _create(self, head: Sequence[bytes]) -> int:
        try:
            fd = create_file(self.path)
        except OSError as exc:
            raise SegmentError(f"{self.path.name}: could not be created: {exc.strerror}") from exc
        try:
            write_at(fd, head, 0)
        except OSError as exc:
            os.close(fd)
            with suppress(OSError):
                self.path.unlink()
            raise SegmentError(f"{self.path.name}: could not be started: {exc.strerror}") from exc
        return fd


def cut(fd: int, offset: int) -> None:
    """After a write that failed. Best effort: what stays behind `offset` is no whole part, and the next append writes over it."""
    with suppress(OSError):
        os.ftruncate(fd, offset)
