"""Audit records of who watched which channel when; players ask often, so one record stands for some minutes of the same."""

import threading
from collections import OrderedDict
from typing import Final

from mini_nvr.clock import US_PER_S

EVERY_US: Final = 600 * US_PER_S
MOST: Final = 1_000
PLAYBACK: Final = "playback"
"""Playlists and the files that they name are one thing to watch."""
STILLS: Final = "stills"
LIVE_STILLS: Final = "live stills"


class WatchNotes:
    """Remembers what was recorded lately, bounded; safe to call from threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._noted: OrderedDict[tuple[str, int, str], int] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, session_id: str, channel: int, what: str, now_utc_us: int) -> bool:
        """Whether this deserves a record: the first time, and again when some minutes have passed."""
        key = (session_id, channel, what)
        with self._lock:
            last = self._noted.get(key)
            if last is not None and 0 <= now_utc_us - last < EVERY_US:
                return False
            self._noted[key] = now_utc_us
            self._noted.move_to_end(key)
            if len(self._noted) > self._most:
                self._noted.popitem(last=False)
            return True

    def __len__(self) -> int:
        return len(self._noted)
