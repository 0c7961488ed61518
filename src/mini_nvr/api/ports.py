"""What the API asks of the rooms below, where a test wants to answer in their place."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from mini_nvr.live.protocol import StreamName
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.storage.door import StorageUnreachable

RecorderEvent = Mapping[str, Any]


class Recorder(Protocol):
    """The recorder process, reached over its sockets; every method raises `MiniNvrError` when it does not answer."""

    async def status(self) -> list[ChannelStatus]:
        """What each channel is doing."""

    def watch(self, channel: int, stream: StreamName, *, marked: bool = False) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The live messages of one stream, in the form that goes to the browser; ends or raises when the recorder stops.

        marked: the event `caughtUp` stands behind the frames that the recorder had already.
        """

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[RecorderEvent]]:
        """What happens in the recorder, as it happens."""


class Storage(Protocol):
    """The storage service, reached over its socket; every method raises `MiniNvrError` when it does not answer."""

    async def status(self) -> Mapping[str, Any]:
        """How it stands, as `services.storage` says it:

        alarms: those that hold, each with `kind`, `message`, `since_utc_us`.
        usedBytes, aheadBytes: what footage takes, growing files included, and what is kept free for it; null at the very start.
        deletedFiles, deletedBytes: by cleanup, since the service started.
        convertedFiles, conversionFailures: files, and failed attempts, since it started.
        conversionsWaiting: files that the round under way has before it; unconvertedFiles: those that wait for another attempt.
        converting: the path of the file under way, or null.
        """

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Mapping[str, Any]]]:
        """What happens in it, as it happens: `deleted`, `storageAlarm`."""


class NoStorage:
    """In the place of a storage service where there is none."""

    async def status(self) -> Mapping[str, Any]:
        raise StorageUnreachable("there is no storage service")

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Mapping[str, Any]]]:
        raise StorageUnreachable("there is no storage service")
