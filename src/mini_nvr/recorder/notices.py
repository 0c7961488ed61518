"""What has happened and stops no recording, but its owner should know of: a clock that was set, a catalog that was lost.

Each is told as it begins and when it is over, and shown as a warning meanwhile: for ten minutes at least, so that it is seen.
"""

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from mini_nvr.clock import NS_PER_S, Clock

SHOWN_S: Final = 600.0
_LOST: Final = "the catalog was damaged or gone (a damaged one is kept in DATA_DIR as catalog.db.damaged-*)"
CATALOG_LOST: Final = f"{_LOST}; it is being filled from the recordings, and nothing is deleted until that is done"
CATALOG_FILLED: Final = f"{_LOST}; it has been filled from the recordings"


class NoticeKind(StrEnum):
    """The values are shown and stable; of each, the last one is known."""

    CLOCK_SET = "system clock was set"
    CATALOG_LOST = "catalog was damaged or gone"


class Told(Protocol):
    """Who passes it on."""

    def __call__(self, kind: NoticeKind, detail: str, *, over: bool) -> None:
        """In words for people, and whether it is over."""


@dataclass(slots=True)
class _Notice:
    """until_ns: None while it lasts."""

    detail: str
    until_ns: int | None
    told: bool = False


class Notices:
    """`look` is called on the event loop, the rest from any thread."""

    def __init__(self, told: Told, clock: Clock) -> None:
        self._told = told
        self._clock = clock
        self._lock = threading.Lock()
        self._notices: dict[NoticeKind, _Notice] = {}
        self._counts = dict.fromkeys(NoticeKind, 0)

    def begin(self, kind: NoticeKind, detail: str) -> None:
        """It lasts until `end`."""
        with self._lock:
            self._notices[kind] = _Notice(detail, None)
            self._counts[kind] += 1

    def end(self, kind: NoticeKind, detail: str) -> None:
        """What lasted is over; nothing when nothing did. It is shown for a while yet."""
        with self._lock:
            notice = self._notices.get(kind)
            if notice is not None and notice.until_ns is None:
                notice.detail, notice.until_ns = detail, self._shown_until_ns()

    def happened(self, kind: NoticeKind, detail: str) -> None:
        """At once, and over with it."""
        with self._lock:
            self._notices[kind] = _Notice(detail, self._shown_until_ns())
            self._counts[kind] += 1

    def count(self, kind: NoticeKind) -> int:
        """How often, since the recorder started."""
        with self._lock:
            return self._counts[kind]

    @property
    def warning(self) -> str | None:
        """All that is shown now."""
        with self._lock:
            return "; ".join(notice.detail for notice in self._notices.values()) or None

    def look(self, *, heard: bool) -> None:
        """Tell what is new and what is over. heard: somebody listens; what nobody has heard of waits for that."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            over = {kind: one for kind, one in self._notices.items() if one.until_ns is not None and one.until_ns <= now_ns}
            self._notices = {kind: one for kind, one in self._notices.items() if kind not in over}
            new = {kind: one for kind, one in self._notices.items() if heard and not one.told}
            for one in new.values():
                one.told = True
        for kind, one in new.items():
            self._told(kind, one.detail, over=False)
        for kind, one in over.items():
            if one.told:
                self._told(kind, one.detail, over=True)

    def _shown_until_ns(self) -> int:
        return self._clock.monotonic_ns() + round(SHOWN_S * NS_PER_S)
