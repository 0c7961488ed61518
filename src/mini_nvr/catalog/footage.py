"""The recording folder as the catalog walks it: which files are segments, in which folders fresh ones may lie, how one is removed.

Nothing is followed out of the folder: a path that is not exactly one of ours is left alone.
"""

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path, PurePosixPath

from mini_nvr.clock import to_datetime
from mini_nvr.errors import CatalogError
from mini_nvr.segment.names import parse_segment_name

OnError = Callable[[PurePosixPath, OSError], None]
"""Told of a folder that cannot be read, which must not keep the others from being walked (storage I11)."""

TEMPORARY_SUFFIX = ".part"  # a repair that was cut short left it; the original is still there


def _channel_folders(record_dir: Path) -> list[str]:
    """
    Raises:
        CatalogError: there is no recording folder, or it cannot be read.
    """
    try:
        with os.scandir(record_dir) as entries:
            names = [entry.name for entry in entries if entry.name.startswith("ch") and entry.is_dir(follow_symlinks=False)]
            return sorted(names, key=lambda name: (len(name), name))
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise CatalogError(f"the recording folder {record_dir} is missing: mount it, or correct RECORD_DIR") from exc
    except OSError as exc:
        raise CatalogError(f"the recording folder {record_dir} cannot be read: {exc.strerror}") from exc


def require_inside(path: PurePosixPath) -> PurePosixPath:
    """`path`, when it cannot lead out of the recording folder.

    Raises:
        CatalogError: it is absolute or climbs.
    """
    if path.is_absolute() or ".." in path.parts:
        raise CatalogError(f"the catalog names {path}, which is outside the recording folder; run `mini-nvr rescan`")
    return path


def day_folders(record_dir: Path, on_error: OnError, since: date | None = None) -> Iterator[PurePosixPath]:
    """`chN/YYYY-MM-DD`, by channel and day, oldest first; from `since` on, the future included (a clock may have been wrong).

    Raises:
        CatalogError: there is no recording folder, or it cannot be read.
    """
    for channel in _channel_folders(record_dir):
        for day in sorted(_subfolders(record_dir, PurePosixPath(channel), on_error)):
            if _is_day(day) and (since is None or day >= since.isoformat()):
                yield PurePosixPath(channel, day)


def files_in(record_dir: Path, folder: PurePosixPath) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
    """The segments and the temporary files of a repair in one day's folder, by name.

    Raises:
        OSError: the folder is not there or cannot be read.
    """
    with os.scandir(record_dir / folder) as entries:
        paths = [folder / name for name in sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))]
    segments = [path for path in paths if parse_segment_name(path) is not None]
    return segments, [path for path in paths if path.suffix == TEMPORARY_SUFFIX]


def first_fresh_day(last_checkpoint_utc_us: int) -> date:
    """The oldest local date on which a file written since may be filed: folders go by local time, up to a day from UTC's date."""
    return to_datetime(last_checkpoint_utc_us).date() - timedelta(days=1)


def is_there(record_dir: Path, path: PurePosixPath) -> bool:
    """Whether a file exists; one that cannot be looked at does, as far as dropping its row is concerned."""
    try:
        (record_dir / require_inside(path)).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def remove(record_dir: Path, path: PurePosixPath) -> None:
    """Unlink a file and make that durable; done already is fine.

    Raises:
        OSError: the folder cannot be written.
    """
    target = record_dir / require_inside(path)
    target.unlink(missing_ok=True)
    try:
        fd = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _subfolders(record_dir: Path, folder: PurePosixPath, on_error: OnError) -> list[str]:
    try:
        with os.scandir(record_dir / folder) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError as exc:
        on_error(folder, exc)
        return []


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False
