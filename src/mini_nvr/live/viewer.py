"""What waits for one viewer: bounded, and cut back to a key frame when the viewer is too slow. Nobody else waits for it.

Latency matters more than completeness here: a viewer that is behind goes on with a newer key frame as soon as there is one, and is
told how many parts it did not get.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from mini_nvr.clock import US_PER_S
from mini_nvr.live.protocol import KIND_HEADER, KIND_INIT, KIND_PART, Message, event

QUEUE_LIMIT_BYTES = 16 * 1024 * 1024  # above any cached GOP, which is the first thing that a viewer gets
MAX_BEHIND_US = 3 * US_PER_S


class Viewer(Protocol):
    """Whom a hub or an event board sends to."""

    def offer(self, message: Message) -> None:
        """Take a message without waiting and without raising."""


class ViewerQueue:
    """Implements `Viewer`. `write` takes pieces for the socket, which says `pause` when it is full and `resume` when it is not."""

    def __init__(self, write: Callable[[Iterable[bytes]], None], limit_bytes: int = QUEUE_LIMIT_BYTES) -> None:
        self._write = write
        self._limit_bytes = limit_bytes
        self._waiting: deque[Message] = deque()
        self._paused = False
        self._started = False  # a key frame was sent
        self._needs_key = True
        self._missed = 0
        self.size_bytes = 0

    def offer(self, message: Message) -> None:
        """`Viewer`"""
        if message.kind == KIND_PART and not self._admit(message):
            return
        if not self._paused:
            self._write(message.pieces)
            return
        self._append(message)
        if self.size_bytes > self._limit_bytes:
            self._cut_to_newest_key()

    def pause(self) -> None:
        """The socket is full."""
        self._paused = True

    def resume(self) -> None:
        """The socket takes bytes again; it may say `pause` while they are written."""
        self._paused = False
        while self._waiting and not self._paused:
            message = self._waiting.popleft()
            self.size_bytes -= message.size_bytes
            self._write(message.pieces)

    def _admit(self, part: Message) -> bool:
        """Whether the viewer gets this part."""
        if part.is_key:
            if self._behind_us(part) > MAX_BEHIND_US:
                self._drop_waiting()
            self._needs_key = False
            self._started = True
            if self._missed:
                self._tell_missed()
        elif self._needs_key:
            self._missed += self._started
        return not self._needs_key

    def _behind_us(self, newest: Message) -> int:
        """How long the oldest part that waits has been overtaken."""
        oldest = next((message.utc_us for message in self._waiting if message.kind == KIND_PART), newest.utc_us)
        return newest.utc_us - oldest

    def _cut_to_newest_key(self) -> None:
        """Keep what waits from the newest key frame on, if that makes it shorter, and otherwise wait for the next one."""
        kept: deque[Message] = deque()
        while self._waiting:
            message = self._waiting.pop()
            kept.appendleft(message)
            if message.is_key:
                break
        size = sum(message.size_bytes for message in kept)
        if not self._waiting or size > self._limit_bytes // 2:
            self._waiting.extend(kept)
            self._drop_waiting()
            self._needs_key = True
            if not self._missed:  # a listener, whom a key frame will never come to
                self._tell_missed()
            return
        self._drop_waiting()
        self._tell_missed()
        for message in kept:
            self._append(message)

    def _drop_waiting(self) -> None:
        """Forget all that waits but the newest header and init segment, without which the parts to come mean nothing."""
        dropped, self._waiting, self.size_bytes = self._waiting, deque(), 0
        self._missed += sum(message.kind == KIND_PART for message in dropped)
        newest = {message.kind: message for message in dropped}
        for kind in (KIND_HEADER, KIND_INIT):
            if kind in newest:
                self._append(newest[kind])

    def _tell_missed(self) -> None:
        told = event("skipped", parts=self._missed)
        self._missed = 0
        if self._paused:
            self._append(told)
        else:
            self._write(told.pieces)

    def _append(self, message: Message) -> None:
        self._waiting.append(message)
        self.size_bytes += message.size_bytes
