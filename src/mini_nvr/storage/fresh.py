"""Files that were created a moment ago: they take space, but the catalog learns of them at the next checkpoint only.

Each channel's newest folders are looked at, and those of now, and read again only when their time stamp has changed: a look at
sixteen channels is fifty `stat`s. What was once found in the catalog is not asked for again.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePosixPath

from mini_nvr.clock import Clock, to_datetime
from mini_nvr.segment.names import parse_segment_name

_NEWEST = 3
"""Day folders of a channel: today's, yesterday's while its last file is being sealed, and one for a clock that is set. Folders of
days to come, which such a clock left, do not hide those of now."""


@dataclass(slots=True)
class _Listing:
    """A folder's names. A change within one tick of the file system's clock leaves no trace: read once more after each change."""

    changed_ns: int = -1
    settled: bool = False
    names: frozenset[str] = frozenset()

    def refresh(self, folder: Path) -> bool:
        """Whether the names were read anew.

        Raises:
            OSError: the folder is gone or cannot be read.
        """
        changed_ns = folder.stat().st_mtime_ns
        if changed_ns == self.changed_ns and self.settled:
            return False
        self.settled = changed_ns == self.changed_ns
        self.changed_ns = changed_ns
        with os.scandir(folder) as entries:
            self.names = frozenset(entry.name for entry in entries)
        return True


@dataclass(slots=True)
class _Day:
    listing: _Listing = field(default_factory=_Listing)
    known: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)


class FreshFiles:
    """The files of a recording folder that nobody has found in the catalog yet."""

    def __init__(self, record_dir: Path, clock: Clock) -> None:
        self._record_dir = record_dir
        self._clock = clock
        self._root = _Listing()
        self._channels: dict[str, _Listing] = {}
        self._days: dict[PurePosixPath, _Day] = {}

    def look(self) -> set[PurePosixPath]:
        """Paths under the recording folder, most of which the catalog may know when this is called for the first time.

        A folder that cannot be read keeps what was last seen in it (storage I11).
        """
        with suppress(OSError):
            if self._root.refresh(self._record_dir):
                self._channels = {name: self._channels.get(name, _Listing()) for name in self._root.names if _is_channel(name)}
        today = to_datetime(self._clock.utc_us()).date()
        now = {(today + timedelta(days=days)).isoformat() for days in (-1, 0, 1)}  # wherever local time stands
        watched = {
            PurePosixPath(channel, day)
            for channel, listing in self._channels.items()
            for day in self._newest(channel, listing, now)
        }
        self._days = {folder: self._days.get(folder, _Day()) for folder in watched}
        for folder, day in self._days.items():
            self._refresh(folder, day)
        return {folder / name for folder, day in self._days.items() for name in day.fresh}

    def confirm(self, known: Iterable[PurePosixPath]) -> None:
        """The catalog has these."""
        for path in known:
            day = self._days.get(path.parent)
            if day is not None and path.name in day.fresh:
                day.fresh.remove(path.name)
                day.known.add(path.name)

    def _newest(self, channel: str, listing: _Listing, now: set[str]) -> set[str]:
        with suppress(OSError):
            listing.refresh(self._record_dir / channel)
        newest = sorted((name for name in listing.names if name[:4].isdecimal()), reverse=True)[:_NEWEST]
        return {*newest, *(now & listing.names)}

    def _refresh(self, folder: PurePosixPath, day: _Day) -> None:
        with suppress(OSError):
            if day.listing.refresh(self._record_dir / folder):
                day.known &= day.listing.names
                day.fresh = {name for name in day.listing.names - day.known if parse_segment_name(folder / name) is not None}


def _is_channel(name: str) -> bool:
    return name.startswith("ch") and name[2:].isdecimal()
