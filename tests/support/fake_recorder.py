"""A recorder that says what a test put into it, in the place of the one behind the sockets."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from mini_nvr.live import protocol
from mini_nvr.live.client import RecorderNotRunning
from mini_nvr.live.protocol import StreamName
from mini_nvr.recorder.status import ChannelStatus


class FakeRecorder:
    """`rows`: what `status` tells, None while it does not run. `messages`: what each viewer gets, then silence until `end`.

    `marks`: behind the messages, for viewers that ask for one.
    """

    def __init__(self) -> None:
        self.rows: list[ChannelStatus] | None = None
        self.messages: Sequence[bytes] | None = None
        self.marks = True
        self.watched: list[tuple[int, StreamName]] = []
        self.watching = 0
        self.told: asyncio.Queue[Mapping[str, Any]] | None = None
        self.ended = asyncio.Event()

    async def status(self) -> list[ChannelStatus]:
        if self.rows is None:
            raise RecorderNotRunning("the recorder is not running")
        return self.rows

    @asynccontextmanager
    async def watch(self, channel: int, stream: StreamName, *, marked: bool = False) -> AsyncIterator[AsyncIterator[bytes]]:
        if self.messages is None:
            raise RecorderNotRunning("the recorder is not running")
        self.watched.append((channel, stream))
        self.watching += 1
        try:
            yield self._send([*self.messages, protocol.event("caughtUp").body] if marked and self.marks else self.messages)
        finally:
            self.watching -= 1

    async def _send(self, messages: Sequence[bytes]) -> AsyncIterator[bytes]:
        for message in messages:
            yield message
        await self.ended.wait()

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Mapping[str, Any]]]:
        if self.told is None:
            raise RecorderNotRunning("the recorder is not running")
        yield self._tell(self.told)

    async def _tell(self, told: asyncio.Queue[Mapping[str, Any]]) -> AsyncIterator[Mapping[str, Any]]:
        while True:
            yield await told.get()
