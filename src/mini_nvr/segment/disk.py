"""System calls on a footage file: whole vectored writes at a place, and making files and their names durable."""

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from uuid import uuid4

IOV_MAX = 1024  # Linux, UIO_MAXIOV
FILE_MODE = 0o640
FOLDER_MODE = 0o750
_FOLDER_TRIES = 4


def write_at(fd: int, buffers: Sequence[bytes], offset: int) -> int:
    """Write all of `buffers` at `offset` and return the offset behind them: one pwritev, unless they are many or it stops short.

    Raises:
        OSError: the write failed; some bytes may stand at `offset` and behind.
    """
    for start in range(0, len(buffers), IOV_MAX):
        batch = buffers[start : start + IOV_MAX]
        expected = sum(map(len, batch))
        written = os.pwritev(fd, batch, offset)
        if written < expected:
            _finish(fd, b"".join(batch), written, offset)
        offset += expected
    return offset


def _finish(fd: int, data: bytes, written: int, offset: int) -> None:
    """The rest of a write that stopped short, as it may near a full disk or on a signal."""
    rest = memoryview(data)
    while written < len(data):
        count = os.pwrite(fd, rest[written:], offset + written)
        if count == 0:
            raise OSError(f"wrote {written} of {len(data)} bytes and no more")
        written += count


def read_at(fd: int, offset: int, size: int) -> bytes:
    """Up to `size` bytes at `offset`; fewer only at the end of the file. Raises OSError."""
    data = os.pread(fd, size, offset)
    while len(data) < size:
        more = os.pread(fd, size - len(data), offset + len(data))
        if not more:
            break
        data += more
    return data


def create_file(path: Path) -> int:
    """Create a file that must not exist, with its folders; the file's name and new folders' names are durable on return.

    Raises:
        OSError: it exists, or the disk refuses.
    """
    fd = _create_in_folder(path)
    try:
        fsync_folder(path.parent)
    except OSError:
        os.close(fd)
        path.unlink(missing_ok=True)
        raise
    return fd


def _create_in_folder(path: Path) -> int:
    """The new file, open. Clean-up takes empty folders away, so one may vanish before the file is in it."""
    for _ in range(_FOLDER_TRIES):
        make_folder(path.parent)
        with suppress(FileNotFoundError):
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    raise FileNotFoundError(errno.ENOENT, "its folder vanishes as soon as it is made", str(path))


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file so that it is there with all of its data, durably, or is as it was before.

    Raises:
        OSError: the disk refuses.
    """
    draft = path.with_name(f"{path.name}.{uuid4()}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        try:
            write_at(fd, [data], 0)
            os.fsync(fd)
        finally:
            os.close(fd)
        draft.rename(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    fsync_folder(path.parent)


def remove_drafts(path: Path) -> None:
    """What kills left of `write_whole` of this file; nobody else may be writing it. Raises OSError."""
    for draft in path.parent.glob(f"{path.name}.*"):
        draft.unlink(missing_ok=True)


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def fsync_below(root: Path, path: PurePosixPath) -> None:
    """Make the file `path` below `root` durable, with its name and those of its folders, whoever made them. Raises OSError."""
    fd = os.open(root / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    for folder in path.parents:
        fsync_folder(root / folder)


def make_folder(folder: Path) -> None:
    """Make a folder with those above it that are missing; their names are durable on return. Raises OSError.

    So is the name of one that is there already and empty: whoever made it may have been killed before it came to that.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    if _is_empty(folder):
        _fsync_if_allowed(folder.parent)
    for new in reversed(missing):
        new.mkdir(mode=FOLDER_MODE, exist_ok=True)  # of several the outer ones stay: only days are ever taken away
        fsync_folder(new.parent)


def _is_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False  # who writes into it will be told


def _fsync_if_allowed(folder: Path) -> None:
    """A folder of the system, such as the one that a disk is mounted in, may not be ours to open, or to sync."""
    try:
        fsync_folder(folder)
    except OSError as exc:
        if exc.errno not in {errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL}:
            raise
