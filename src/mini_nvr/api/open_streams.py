"""Streams that stay open, by the session that opened them: they end with it (SECURITY S13), and with the service."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

End = Callable[[], None]


class OpenStreams:
    """Who is to be told of a session's end. `end` may be called from any thread, the rest on the event loop."""

    def __init__(self) -> None:
        self._ends: defaultdict[str, set[End]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.stopping = False

    @contextmanager
    def open(self, session_id: str, end: End) -> Iterator[None]:
        """Have `end` called, on the event loop, when the session or the service ends; at once when it is ending already."""
        self._loop = asyncio.get_running_loop()
        self._ends[session_id].add(end)
        if self.stopping:
            end()
        try:
            yield
        finally:
            self._ends[session_id].discard(end)
            if not self._ends[session_id]:
                del self._ends[session_id]

    def end(self, session_id: str) -> None:
        """A session is over."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_session, session_id)

    def end_all(self) -> None:
        """The service stops."""
        self.stopping = True
        for session_id in list(self._ends):
            self._end_session(session_id)

    def _end_session(self, session_id: str) -> None:
        for end in list(self._ends.get(session_id, ())):
            end()
