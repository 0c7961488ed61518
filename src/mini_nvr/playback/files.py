"""Footage files as playback reads them: by the catalog's path, below the recording folder, and nothing else (SECURITY S1)."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from mini_nvr.catalog.footage import require_inside
from mini_nvr.catalog.model import SegmentRow
from mini_nvr.playback.errors import FootageUnreadable

_ROOT: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_FOLDER: Final = _ROOT | os.O_NOFOLLOW
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # opening a pipe waits for nobody
_NOT_OURS: Final = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.EINVAL})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes [start, end) of a file that is open as `fd`, for as long as who made this says; they do not change. name: for logs."""

    name: str
    fd: int
    start: int
    end: int


@contextmanager
def opened(record_dir: Path, row: SegmentRow) -> Iterator[int]:
    """A descriptor of a segment's file; what goes wrong inside of the block is told as of this file.

    Raises:
        FootageUnreadable: the file is gone, is no regular file, lies behind a link, or the disk refuses.
        CatalogError: the catalog names a path outside of the folder.
    """
    try:
        fd = open_plain(record_dir, row.path)
        try:
            yield fd
        finally:
            os.close(fd)
    except OSError as exc:
        remedy = "see what happened to the recording folder" if exc.errno in _NOT_OURS else "it may have been deleted meanwhile"
        raise FootageUnreadable(f"{row.path} cannot be read: {exc.strerror}; {remedy}") from exc


def open_plain(record_dir: Path, path: PurePosixPath) -> int:
    """A descriptor of a regular file, to be closed by the caller.

    No link below the recording folder is followed: each folder is opened from its parent's descriptor, so nobody can put a link in
    its place meanwhile. That takes 15 us, a third of what resolving the path takes.

    Raises:
        OSError: it is not there, is no regular file, or lies behind a link.
        CatalogError: the path leads out of the folder.
    """
    inside = require_inside(path)
    folder = os.open(record_dir, _ROOT)
    try:
        for part in inside.parts[:-1]:
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        fd = os.open(inside.name, _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", path.name)
    return fd
