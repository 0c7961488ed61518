"""Finds the files below the recording folder that are to be converted, and what a crash left of earlier conversions; by name alone.

No link is followed, and what has any other name is left alone.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Final

from mini_nvr.segment.names import parse_foreign_name, parse_segment_name

TEMPORARY_SUFFIX: Final = ".converting"
"""Of a result that is not complete yet. Not the one of a repair: a recorder that starts meanwhile must not remove it."""


@dataclass(frozen=True, slots=True)
class Lately:
    """Where something may have changed: days from this one on, and folders changed since (POSIX time, nanoseconds)."""

    day: date
    changed_ns: int


def originals(record_dir: Path, lately: Lately | None = None) -> Iterator[PurePosixPath]:
    """Our Matroska files and other products' footage, the newest first, as far as names tell.

    lately: only what may be new; None for everything.
    """
    flat: dict[str, list[PurePosixPath]] = {}
    for name in _names(record_dir, folders=False):
        foreign = parse_foreign_name(PurePosixPath(name))
        if foreign is not None:
            flat.setdefault(foreign.local.date().isoformat(), []).append(PurePosixPath(name))
    folders: dict[str, list[PurePosixPath]] = {}
    for folder in _day_folders(record_dir):
        folders.setdefault(folder.name, []).append(folder)
    for day in sorted({*flat, *folders}, reverse=True):
        found = [path for path in flat.get(day, ()) if _may_be_new(record_dir, day, lately)]
        for folder in folders.get(day, ()):
            if _may_be_new(record_dir / folder, day, lately):
                found += [path for path in _files(record_dir, folder) if is_original(path)]
        yield from sorted(found, key=_time_of_day, reverse=True)


def leftovers(record_dir: Path) -> Iterator[PurePosixPath]:
    """Results that were not completed: their originals are still there."""
    for folder in _day_folders(record_dir):
        for path in _files(record_dir, folder):
            if path.suffix == TEMPORARY_SUFFIX and parse_segment_name(path.with_suffix("")) is not None:
                yield path


def is_original(path: PurePosixPath) -> bool:
    """Whether a file with this path, relative to the recording folder, is to be converted."""
    own = parse_segment_name(path)
    return parse_foreign_name(path) is not None if own is None else own.container == "mkv"


def _may_be_new(folder: Path, day: str, lately: Lately | None) -> bool:
    if lately is None or day >= lately.day.isoformat():
        return True
    try:
        return folder.stat().st_mtime_ns >= lately.changed_ns
    except OSError:
        return False


def _day_folders(record_dir: Path) -> Iterator[PurePosixPath]:
    for channel in _names(record_dir, folders=True):
        if channel[:2].lower() == "ch" and channel[2:].isdecimal():
            for day in _names(record_dir / channel, folders=True):
                yield PurePosixPath(channel, day)


def _files(record_dir: Path, folder: PurePosixPath) -> list[PurePosixPath]:
    return [folder / name for name in _names(record_dir / folder, folders=False)]


def _names(folder: Path, *, folders: bool) -> list[str]:
    """Folders or files in a folder; nothing when it cannot be read, which others report (storage I11)."""
    with suppress(OSError), os.scandir(folder) as entries:
        wanted = [entry.name for entry in entries if _is(entry, folder=folders)]
        return sorted(wanted)
    return []


def _is(entry: "os.DirEntry[str]", *, folder: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) if folder else entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def _time_of_day(path: PurePosixPath) -> str:
    """HHMMSS, and then the rest, of both layouts."""
    return path.name.rpartition("_")[2] + path.as_posix()
