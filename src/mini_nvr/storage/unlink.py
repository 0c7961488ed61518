"""Takes files out of the recording folder, and nothing else: no link on the way is followed, whatever the catalog or the disk says.

Each folder is opened from its parent's descriptor with O_NOFOLLOW, so nobody can put a link in its place between the look and the
deed (SECURITY S1). A file that is gone already is fine. A reader that plays the file keeps it until it closes it.
"""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from itertools import groupby
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.footage import require_inside
from mini_nvr.clock import to_datetime

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DAY_DEPTH = 2
_RECENT = timedelta(hours=1)


@dataclass(slots=True)
class Unlinked:
    """What came of it.

    gone: files that are not there any more, durably. missing: those of them that were not there to begin with; when that is because
    the volume is not there either, they are not gone. kept: files that the disk refused to remove, and why.
    """

    gone: list[PurePosixPath] = field(default_factory=list)
    missing: list[PurePosixPath] = field(default_factory=list)
    kept: list[tuple[PurePosixPath, OSError]] = field(default_factory=list)


def unlink_all(record_dir: Path, paths: Iterable[PurePosixPath], on_step: Callable[[str], None] = lambda step: None) -> Unlinked:
    """Remove files, folder by folder, and make each folder's change durable (storage I4).

    on_step: told `unlinked` when a folder's files are removed, `synced` when that is durable.

    Raises:
        CatalogError: a path leads out of the recording folder; nothing of its folder was touched.
    """
    result = Unlinked()
    for folder, some in groupby(sorted(map(require_inside, paths)), key=lambda path: path.parent):
        _unlink_in(record_dir, folder, list(some), result, on_step)
    return result


def _unlink_in(
    record_dir: Path, folder: PurePosixPath, paths: list[PurePosixPath], result: Unlinked, on_step: Callable[[str], None]
) -> None:
    removed: list[PurePosixPath] = []
    missing: list[PurePosixPath] = []
    try:
        with _opened(record_dir, folder) as fd:
            for path in paths:
                try:
                    os.unlink(path.name, dir_fd=fd)
                    removed.append(path)
                except FileNotFoundError:
                    missing.append(path)
                except OSError as exc:
                    result.kept.append((path, exc))
            on_step("unlinked")
            os.fsync(fd)
            on_step("synced")
    except FileNotFoundError:
        result.gone += paths
        result.missing += paths
    except OSError as exc:
        settled = {path for path, _ in result.kept}
        result.kept += [(path, exc) for path in paths if path not in settled]
    else:
        result.gone += removed + missing
        result.missing += missing


def first_day_in_use(now_utc_us: int, zone: tzinfo) -> date:
    """The oldest day that a new file may be filed under, by a clock that is right to the hour."""
    return (to_datetime(now_utc_us, zone) - _RECENT).date()


def remove_empty_day(record_dir: Path, folder: PurePosixPath, before: date) -> bool:
    """Remove a `chN/YYYY-MM-DD` folder that is empty; whether it is gone now.

    before: a folder of this day or later stays, as the recorder may be about to put a file into it. Should a step of the clock
        prove that wrong, the recorder makes the folder anew.
    """
    try:
        if len(folder.parts) != _DAY_DEPTH or date.fromisoformat(folder.name) >= before:
            return False
        with _opened(record_dir, folder.parent) as fd:
            os.rmdir(folder.name, dir_fd=fd)
            os.fsync(fd)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def _opened(record_dir: Path, folder: PurePosixPath) -> Iterator[int]:
    """A descriptor of a folder below the recording folder, reached through plain folders only.

    Raises:
        OSError: there is no such folder, or something on the way is not a plain folder.
    """
    fd = os.open(record_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folder.parts:
            inner = _open_inner(fd, part)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def _open_inner(fd: int, name: str) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=fd)
    except OSError as exc:
        if exc.errno in {errno.ENOTDIR, errno.ELOOP}:
            raise OSError(exc.errno, "not a plain folder, or a link; nothing behind it is touched", name) from exc
        raise
