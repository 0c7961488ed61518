"""What the owner has to do something about: each alarm once when it comes and once when it is over."""

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mini_nvr.clock import Clock

_log = logging.getLogger(__name__)


class AlarmKind(StrEnum):
    """Kinds of alarms; at most one of each at a time. The values are shown and stable."""

    PROTECTED_FILLS_LIMIT = "protected footage exceeds the limit"
    LIMIT_UNREACHABLE = "limit cannot be kept"
    LIMIT_ABOVE_VOLUME = "limit is larger than the volume"
    VOLUME = "recording folder missing"
    DELETION_REFUSED = "files cannot be deleted"
    CATALOG = "catalog cannot be used"
    REBUILD = "catalog is being rebuilt"
    CONVERSION = "files cannot be converted"


@dataclass(frozen=True, slots=True)
class Alarm:
    """kind: one of `AlarmKind`. message: cause and remedy, for people."""

    kind: str
    message: str
    since_utc_us: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class AlarmBoard:
    """The alarms that hold now. May be used from any thread.

    told: called with an alarm and whether it is over, for events; on the caller's thread.
    """

    def __init__(self, clock: Clock, told: Callable[[Alarm, bool], None] = lambda alarm, over: None) -> None:
        self._clock = clock
        self._told = told
        self._lock = threading.Lock()
        self._alarms: dict[AlarmKind, Alarm] = {}

    def current(self) -> list[Alarm]:
        """Those that hold, oldest first."""
        with self._lock:
            return list(self._alarms.values())

    def set(self, kind: AlarmKind, message: str | None) -> None:
        """Raise an alarm, give it another message, or (None) end it; nothing that is known already is told again."""
        with self._lock:
            before = self._alarms.get(kind)
            if message is None:
                self._alarms.pop(kind, None)
            elif before is None:
                self._alarms[kind] = Alarm(kind, message, self._clock.utc_us())
            else:
                self._alarms[kind] = Alarm(kind, message, before.since_utc_us)
            now = self._alarms.get(kind)
        if before is None and now is not None:
            _log.error("alarm: %s: %s", kind, message)
            self._told(now, False)
        elif before is not None and now is None:
            _log.warning("alarm over: %s", kind)
            self._told(before, True)
