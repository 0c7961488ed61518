"""Unix sockets in a folder whose path may be long, open to nobody but their owner; and JSON lines over them.

`sockaddr_un.sun_path` holds 107 bytes at most (unix(7)) and DATA_DIR may be longer, so a socket is reached through its folder's
descriptor: `/proc/self/fd/N/name`. The doors of the services (`recorder.control`, `live.endpoint`, `storage.door`) listen here.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mini_nvr.errors import MiniNvrError

BACKLOG = 64
CONNECTIONS_MAX = 32

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class SocketInUse(MiniNvrError):
    """Somebody listens at that socket already."""


class ListeningSocket:
    """A listening socket, and the folder that it stands in.

    Raises:
        SocketInUse: another process listens there.
        OSError: the folder cannot be used.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        self._folder_fd = open_folder(folder)
        try:
            self.socket = _listen(self._folder_fd, name)
        except BaseException:
            os.close(self._folder_fd)
            raise

    def remove(self) -> None:
        """Remove the socket's file, once its server is closed; harmless when it was done."""
        if self._folder_fd < 0:
            return
        with contextlib.suppress(OSError):
            os.unlink(self._name, dir_fd=self._folder_fd)
        os.close(self._folder_fd)
        self._folder_fd = -1


class LineServer:
    """Serves each connection to a socket in a task of its own, on the event loop.

    serve: all that is said on one connection. What it raises because the other side is slow, gone or sends a line without end
        (TimeoutError, OSError, ValueError) ends that connection, nothing else.
    """

    def __init__(self, serve: Serve, *, line_max_bytes: int) -> None:
        self._serve = serve
        self._line_max_bytes = line_max_bytes
        self._socket: ListeningSocket | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, folder: Path, name: str) -> None:
        """Listen; a socket left behind by a dead process is replaced.

        Raises:
            SocketInUse: another process listens there.
            OSError: the folder cannot be used.
        """
        self._socket = ListeningSocket(folder, name)
        self._server = await asyncio.start_unix_server(self._connected, sock=self._socket.socket, limit=self._line_max_bytes)

    @property
    def fileno(self) -> int:
        """Of the listening socket, -1 before `start`."""
        return -1 if self._socket is None else self._socket.socket.fileno()

    async def stop(self) -> None:
        """End every connection and remove the socket; harmless when never started."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._server = None
        if self._socket is not None:
            self._socket.remove()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("connections are served by tasks")
        self._connections.add(task)
        try:
            if len(self._connections) > CONNECTIONS_MAX:
                await send_line(writer, {"error": "too many connections"})
            else:
                await self._serve(reader, writer)
        except (TimeoutError, OSError, ValueError):
            pass
        except asyncio.CancelledError:
            pass  # `stop` is waiting for this task; asyncio would log a cancelled connection as an error
        finally:
            self._connections.discard(task)
            writer.close()


async def send_line(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    """One JSON object on a line; returns when the other side keeps up."""
    writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    await writer.drain()


@contextlib.contextmanager
def address_in(folder: Path, name: str) -> Iterator[str]:
    """The address to connect to while the context lasts.

    Raises:
        OSError: the folder cannot be opened.
    """
    descriptor = open_folder(folder)
    try:
        yield _address(descriptor, name)
    finally:
        os.close(descriptor)


def open_folder(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _address(folder_fd: int, name: str) -> str:
    return f"/proc/self/fd/{folder_fd}/{name}"


def _listen(folder_fd: int, name: str) -> socket.socket:
    _remove_stale(folder_fd, name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), 0o600)  # before bind: Linux gives the socket file this mode, so it is never open to others
        listener.bind(_address(folder_fd, name))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _remove_stale(folder_fd: int, name: str) -> None:
    """A socket that a dead process left behind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        try:
            client.connect(_address(folder_fd, name))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            os.unlink(name, dir_fd=folder_fd)
            return
        except BlockingIOError:
            pass  # its queue of connections is full: somebody listens
    raise SocketInUse(f"somebody listens at {name} already")
