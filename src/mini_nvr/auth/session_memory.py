"""Sessions that were looked up lately, so that a request need not ask the database for what it has just told.

A copy is believed only while the whole catalog is unchanged (`ChangeMark`): whoever ends a session, changes a password or shuts an
account out writes there, in this process or another, and the very next request asks anew (SECURITY S13). Only what time alone
decides, idleness and age, is judged from the copy. Configured accounts and the secret key change with a restart alone.
"""

import threading
from typing import Final, NamedTuple

from mini_nvr.auth.people import Person
from mini_nvr.catalog.account_rows import SessionRow
from mini_nvr.catalog.change_mark import Mark

MOST: Final = 1_000


class Looked(NamedTuple):
    """What the catalog said of a valid session."""

    row: SessionRow
    person: Person


class SessionMemory:
    """Copies of one state of the catalog, by session id; bounded, and safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._looked: dict[str, Looked] = {}

    def __contains__(self, session_id: str) -> bool:
        """Whether there is a copy, of whatever state; spares asking for the present one."""
        return session_id in self._looked

    def get(self, session_id: str, mark: Mark | None) -> Looked | None:
        """The copy, if it is of this state."""
        with self._lock:
            return self._looked.get(session_id) if mark is not None and mark == self._mark else None

    def put(self, session_id: str, looked: Looked, mark: Mark | None) -> None:
        """Keep what was read after `mark` was taken. A change since then makes it an old copy at once, which nobody believes."""
        if mark is None:
            return
        with self._lock:
            if mark != self._mark or len(self._looked) >= MOST:
                self._mark, self._looked = mark, {}
            self._looked[session_id] = looked
