"""Room for what is written besides recordings: a converted copy needs space before the original goes (storage I6).

    with rooms.reserve(size_bytes) as room:
        if room.wait(timeout_s):
            ...

Cleanup makes the room ahead as it does for growing files, and the reservation holds it until it is given back.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Reservation:
    """Some bytes that somebody wants to write, to a channel's folder or (None) to none. Any thread."""

    def __init__(self, size_bytes: int, channel: int | None, release: Callable[["Reservation"], None]) -> None:
        self.size_bytes = size_bytes
        self.channel = channel
        self._release = release
        self._granted = threading.Event()

    @property
    def granted(self) -> bool:
        """The room is there."""
        return self._granted.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until the room is there; False when it is not by then."""
        return self._granted.wait(timeout_s)

    def grant(self) -> None:
        self._granted.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._release(self)


class RoomBook:
    """All reservations. on_change: called when one is made, on that thread, so that cleanup looks at once."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._held: list[Reservation] = []
        self._on_change = on_change

    def reserve(self, size_bytes: int, channel: int | None = None) -> Reservation:
        """Ask for room; to be used as a context, whose end gives it back. channel: whose own limit it counts towards, too."""
        made = Reservation(size_bytes, channel, self._give_back)
        with self._lock:
            self._held.append(made)
        self._on_change()
        return made

    def wanted(self) -> list[Reservation]:
        """All that hold now, granted or not."""
        with self._lock:
            return list(self._held)

    def _give_back(self, reservation: Reservation) -> None:
        with self._lock:
            self._held.remove(reservation)
