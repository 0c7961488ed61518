"""One stream of events for every listening browser: what the recorder tells, and what the web service does itself.

There is one connection to the recorder however many browsers listen. A browser that reads too slowly loses the oldest events and is
told that it did, so that it asks anew.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from mini_nvr.api.ports import Recorder, RecorderEvent, Storage
from mini_nvr.clock import Clock
from mini_nvr.errors import MiniNvrError

QUEUE_LENGTH: Final = 256
RECONNECT_S: Final = 1.0

_log = logging.getLogger(__name__)


class Listener:
    """One browser's queue; lives on the event loop."""

    def __init__(self, length: int = QUEUE_LENGTH) -> None:
        self._queue: deque[RecorderEvent] = deque(maxlen=length)
        self._waiting = asyncio.Event()
        self._lost = 0
        self.closed = False

    def close(self) -> None:
        """Let `next` return at once, and no more wait."""
        self.closed = True
        self._waiting.set()

    def put(self, event: RecorderEvent) -> None:
        if len(self._queue) == self._queue.maxlen:
            self._lost += 1
        self._queue.append(event)
        self._waiting.set()

    async def next(self, timeout_s: float) -> RecorderEvent | None:
        """The next event; None when none came in time."""
        if self._lost:
            lost, self._lost = self._lost, 0
            return {"event": "lost", "count": lost}
        if not self._queue and not self.closed:
            self._waiting.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._waiting.wait()
            except TimeoutError:
                return None
        return self._queue.popleft() if self._queue else None


class EventFeed:
    """The hub between the recorder's events and the listeners. All methods are called on the event loop."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._states: dict[int, RecorderEvent] = {}
        self.recorder_running = False

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """A queue that holds each channel's state as it was told last, and receives what is published from now on."""
        listener = Listener()
        for event in self._states.values():
            listener.put(event)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def publish(self, event: RecorderEvent) -> None:
        """Give an event to every listener."""
        channel = event.get("channel")
        if event.get("event") == "channel" and isinstance(channel, int):
            self._states[channel] = event
        for listener in self._listeners:
            listener.put(event)

    async def follow(self, recorder: Recorder, clock: Clock) -> None:
        """Pass the recorder's events on until cancelled; says when the recorder goes and comes back."""
        while True:
            try:
                async with recorder.events() as events:
                    self._tell_running(running=True)
                    await self._pass_on(events)
            except MiniNvrError as exc:
                if self.recorder_running:
                    _log.warning("the recorder's events ended: %s", exc)
            self._tell_running(running=False)
            await clock.sleep(RECONNECT_S)

    async def follow_storage(self, storage: Storage, clock: Clock) -> None:
        """Pass the storage service's events on until cancelled: what it deletes, and its alarms."""
        while True:
            with suppress(MiniNvrError):
                async with storage.events() as events:
                    await self._pass_on(events)
            await clock.sleep(RECONNECT_S)

    async def _pass_on(self, events: AsyncIterator[RecorderEvent]) -> None:
        async for event in events:
            self.publish(event)

    def _tell_running(self, *, running: bool) -> None:
        if running != self.recorder_running:
            self.recorder_running = running
            self._states.clear()
            self.publish({"event": "recorder", "running": running})
