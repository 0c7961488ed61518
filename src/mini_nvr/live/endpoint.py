"""The recorder's door for viewers: DATA_DIR/live.sock, served on the recorder's event loop (`protocol` says what is spoken)."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import cast

from mini_nvr.live import protocol
from mini_nvr.live.hub import Watchable
from mini_nvr.live.protocol import REQUEST_MAX_BYTES, SOCKET_NAME, LiveError, Message, StreamName
from mini_nvr.live.viewer import ViewerQueue
from mini_nvr.unix_socket import ListeningSocket, SocketInUse

CONNECTIONS_MAX = 512
REQUEST_TIMEOUT_S = 5.0
WRITE_BUFFER_BYTES = 256 * 1024  # in front of the socket; what is more waits in the viewer's queue, where it can be cut back

_log = logging.getLogger(__name__)

FindStream = Callable[[int, StreamName], Watchable]
"""Raises LiveError, with the reason, when there is no such stream."""


class LiveEndpoint:
    """find: the hub of a stream. events: what `{"events": true}` listens to."""

    def __init__(self, find: FindStream, events: Watchable) -> None:
        self.find = find
        self.events = events
        self.connections: set[LiveServerConnection] = set()
        self._socket: ListeningSocket | None = None
        self._server: asyncio.Server | None = None

    async def start(self, data_dir: Path) -> None:
        """Listen; a socket left behind by a dead recorder is replaced.

        Raises:
            LiveError: another recorder listens there, or the folder cannot be used.
        """
        loop = asyncio.get_running_loop()
        try:
            self._socket = ListeningSocket(data_dir, SOCKET_NAME)
            self._server = await loop.create_unix_server(lambda: LiveServerConnection(self), sock=self._socket.socket)
        except SocketInUse as exc:
            raise LiveError(f"another recorder is running on {data_dir}: stop it, or give this one its own DATA_DIR") from exc
        except OSError as exc:
            raise LiveError(f"cannot open {data_dir / SOCKET_NAME} ({exc.strerror}): is DATA_DIR a writable folder?") from exc

    @property
    def fileno(self) -> int:
        """Of the listening socket, -1 before `start`."""
        return -1 if self._socket is None else self._socket.socket.fileno()

    async def stop(self) -> None:
        """End every connection, with what was written to it, and remove the socket; harmless when never started."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self.connections):
            connection.close()
        if self._socket is not None:
            self._socket.remove()
        await asyncio.sleep(0)


class LiveServerConnection(asyncio.Protocol):
    """One viewer or listener: a request line in, messages out until one of both sides ends it."""

    def __init__(self, endpoint: LiveEndpoint) -> None:
        self._endpoint = endpoint
        self._transport: asyncio.Transport | None = None
        self._timeout: asyncio.TimerHandle | None = None
        self._request = b""
        self._queue: ViewerQueue | None = None
        self._watched: Watchable | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """`asyncio.Protocol`"""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._queue = ViewerQueue(self._transport.writelines)
        self._endpoint.connections.add(self)
        if len(self._endpoint.connections) > CONNECTIONS_MAX:
            self._refuse("too many viewers")
        else:
            self._timeout = asyncio.get_running_loop().call_later(REQUEST_TIMEOUT_S, self.close)

    def data_received(self, data: bytes) -> None:
        """`asyncio.Protocol`; after the request, whatever comes is not for us."""
        if self._timeout is None:
            return
        self._request += data
        line, end, _ = self._request.partition(b"\n")
        if not end and len(self._request) <= REQUEST_MAX_BYTES:
            return
        self._timeout.cancel()
        self._timeout = None
        self._request = b""
        try:
            self._join(line)
        except LiveError as refusal:
            self._refuse(str(refusal))

    def eof_received(self) -> None:
        """`asyncio.Protocol`; a viewer that half closes is gone."""

    def connection_lost(self, exc: Exception | None) -> None:
        """`asyncio.Protocol`"""
        self._endpoint.connections.discard(self)
        if self._timeout is not None:
            self._timeout.cancel()
        if self._watched is not None and self._queue is not None:
            self._watched.leave(self._queue)
        self._watched = self._transport = None

    def pause_writing(self) -> None:
        """`asyncio.BaseProtocol`"""
        if self._queue is not None:
            self._queue.pause()

    def resume_writing(self) -> None:
        """`asyncio.BaseProtocol`"""
        if self._queue is not None:
            self._queue.resume()

    @property
    def queued_bytes(self) -> int:
        """What waits for this viewer, without what the transport has taken."""
        return self._queue.size_bytes if self._queue is not None else 0

    def close(self) -> None:
        """End the connection; what a viewer that does not read has not taken is thrown away."""
        transport = self._transport
        if transport is not None and transport.get_write_buffer_size():
            transport.abort()
        elif transport is not None:
            transport.close()

    def _join(self, line: bytes) -> None:
        if len(line) > REQUEST_MAX_BYTES:
            raise LiveError(f"the request is longer than {REQUEST_MAX_BYTES} bytes")
        wanted = protocol.read_request(line)
        watched = self._endpoint.events if wanted is None else self._endpoint.find(wanted.channel, wanted.stream)
        self._offer(protocol.event("accepted"))
        self._watched = watched
        if self._queue is not None:
            watched.join(self._queue)
            if wanted is not None and wanted.marked:
                self._offer(protocol.event("caughtUp"))

    def _refuse(self, reason: str) -> None:
        self._offer(protocol.event("refused", reason=reason))
        if self._transport is not None:
            self._transport.close()

    def _offer(self, message: Message) -> None:
        if self._queue is not None:
            self._queue.offer(message)
