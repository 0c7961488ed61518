"""News of the recorder for whoever listens: channel states, gaps, segments. Nobody is waited for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mini_nvr.live import protocol
from mini_nvr.live.viewer import Viewer


class EventBoard:
    """Implements `live.hub.Watchable`; on the event loop.

    snapshot: what a new listener is told first, so that it needs no other source; each item as for `publish`.
    """

    def __init__(self, snapshot: Callable[[], Iterable[Mapping[str, Any]]]) -> None:
        self.listeners: list[Viewer] = []
        self._snapshot = snapshot

    def publish(self, name: str, fields: Mapping[str, Any]) -> None:
        """Tell all listeners; a listener that does not read loses what it has not read and is told so (`skipped`)."""
        if self.listeners:
            message = protocol.event(name, **fields)
            for listener in self.listeners:
                listener.offer(message)

    def join(self, viewer: Viewer) -> None:
        """`Watchable`"""
        for fields in self._snapshot():
            viewer.offer(protocol.event("channel", **fields))
        self.listeners.append(viewer)

    def leave(self, viewer: Viewer) -> None:
        """`Watchable`"""
        if viewer in self.listeners:
            self.listeners.remove(viewer)
