"""Takes away day folders that stayed empty.

Who deletes the last file of a day removes its folder, too. It stays when a kill comes in between, when it was that very day and the
service ended with it, or when somebody else took the files away.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import tzinfo
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from mini_nvr.catalog.footage import day_folders
from mini_nvr.clock import NS_PER_S, NS_PER_US, US_PER_S, Clock
from mini_nvr.errors import CatalogError
from mini_nvr.storage.unlink import first_day_in_use, remove_empty_day

FOLDERS_A_LOOK: Final = 64
"""A few reads of a disk at a time: an archive of years is gone through in some hours."""
AT_REST_US: Final = 3600 * US_PER_S
"""A folder that was changed less than this ago may have been made for a file that is just being copied into it."""
REST_S: Final = 86_400.0
"""Between two passes."""


class EmptyDays:
    """One recording folder's; `look` is called on one thread, when the folder is the known volume (storage I7)."""

    def __init__(self, record_dir: Path, zone: tzinfo, clock: Clock, interval_s: float) -> None:
        self._record_dir = record_dir
        self._zone = zone
        self._clock = clock
        self._interval_s = interval_s
        self._due_ns = clock.monotonic_ns()
        self._pass: Iterator[PurePosixPath] | None = None

    def look(self) -> None:
        """Go on with the pass, when it is time: the first one begins at once. What cannot be looked at is left to the next one."""
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._due_ns:
            return
        self._pass = self._pass or day_folders(self._record_dir, lambda folder, error: None)
        some: list[PurePosixPath] = []
        with suppress(CatalogError):
            some = list(islice(self._pass, FOLDERS_A_LOOK))
        today = first_day_in_use(self._clock.utc_us(), self._zone)
        for folder in some:
            if self._has_long_been_empty(folder):
                remove_empty_day(self._record_dir, folder, today)
        done = len(some) < FOLDERS_A_LOOK
        if done:
            self._pass = None
        self._due_ns = now_ns + round((REST_S if done else self._interval_s) * NS_PER_S)

    def _has_long_been_empty(self, folder: PurePosixPath) -> bool:
        path = self._record_dir / folder
        try:
            changed_us = path.lstat().st_mtime_ns // NS_PER_US
            if abs(self._clock.utc_us() - changed_us) < AT_REST_US:
                return False
            with os.scandir(path) as entries:
                return next(entries, None) is None
        except OSError:
            return False
