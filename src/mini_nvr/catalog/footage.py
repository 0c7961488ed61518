"""The recording folder as the catalog walks it: which files are segments, in which folders fresh ones may lie, how one is removed.

Nothing is followed out of the folder: a path that is not exactly one of ours is left alone.
"""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path, PurePosixPath

from mini_nvr.clock import to_datetime
from mini_nvr.errors import CatalogError
from mini_nvr.segment.names import parse_segment_name

TEMPORARY_SUFFIX = ".part"  # a repair that was cut short left it; the original is still there


def require_folder(record_dir: Path) -> None:
    """
    Raises:
        CatalogError: there is no such folder.
    """
    if not record_dir.is_dir():
        raise CatalogError(f"the recording folder {record_dir} is missing: mount it, or correct RECORD_DIR")


def require_inside(path: PurePosixPath) -> PurePosixPath:
    """`path`, when it cannot lead out of the recording folder.

    Raises:
        CatalogError: it is absolute or climbs.
    """
    if path.is_absolute() or ".." in path.parts:
        raise CatalogError(f"the catalog names {path}, which is outside the recording folder; run `mini-nvr rescan`")
    return path


def day_folders(record_dir: Path, since: date | None = None) -> Iterator[PurePosixPath]:
    """`chN/YYYY-MM-DD`, by channel and day, oldest first; from `since` on, the future included (a clock may have been wrong)."""
    for channel in sorted(_subfolders(record_dir), key=lambda name: (len(name), name)):
        if not channel.startswith("ch"):
            continue
        for day in sorted(_subfolders(record_dir / channel)):
            if _is_day(day) and (since is None or day >= since.isoformat()):
                yield PurePosixPath(channel, day)


def segment_paths(record_dir: Path, folder: PurePosixPath) -> list[PurePosixPath]:
    """The segments in one day's folder, by name."""
    return [path for path in _files(record_dir, folder) if parse_segment_name(path) is not None]


def leftovers(record_dir: Path, folder: PurePosixPath) -> list[PurePosixPath]:
    """Temporary files of a repair in one day's folder."""
    return [path for path in _files(record_dir, folder) if path.suffix == TEMPORARY_SUFFIX]


def first_fresh_day(last_checkpoint_utc_us: int) -> date:
    """The oldest local date on which a file written since may be filed: folders go by local time, up to a day from UTC's date."""
    return to_datetime(last_checkpoint_utc_us).date() - timedelta(days=1)


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


def _subfolders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _files(record_dir: Path, folder: PurePosixPath) -> list[PurePosixPath]:
    try:
        with os.scandir(record_dir / folder) as entries:
            return [folder / name for name in sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))]
    except FileNotFoundError:
        return []


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False
