"""What the API asks of the rooms below, where a test wants to answer in their place."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from mini_nvr.live.protocol import StreamName
from mini_nvr.recorder.status import ChannelStatus

RecorderEvent = Mapping[str, Any]


class Recorder(Protocol):
    """The recorder process, reached over its sockets; every method raises `MiniNvrError` when it does not answer."""

    async def status(self) -> list[ChannelStatus]:
        """What each channel is doing."""

    def watch(self, channel: int, stream: StreamName) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The live messages of one stream, in the form that goes to the browser; ends or raises when the recorder stops."""

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[RecorderEvent]]:
        """What happens in the recorder, as it happens."""
