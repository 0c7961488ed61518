"""The storage service's door for other processes: JSON lines over the Unix socket DATA_DIR/storage.sock, the owner's alone (0600).

A request is one line. `{"get": "status"}` is answered with one line, `{"status": {...}}`, and may be followed by another request.
`{"get": "events"}` is answered with a line for each thing that happens, until one of both sides ends the connection; a reader that
does not read loses the oldest. Nobody is waited for.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from mini_nvr.errors import MiniNvrError
from mini_nvr.unix_socket import LineServer, SocketInUse, address_in, send_line

SOCKET_NAME: Final = "storage.sock"
LINE_MAX_BYTES: Final = 1 << 20
IDLE_TIMEOUT_S: Final = 30.0
ANSWER_TIMEOUT_S: Final = 3.0
QUEUE_LENGTH: Final = 256

Event = Mapping[str, Any]


class StorageUnreachable(MiniNvrError):
    """The storage service does not answer, or its door could not be opened."""


class StorageDoor:
    """Everything on the event loop. status: called for each request, quick."""

    def __init__(self, status: Callable[[], Mapping[str, Any]]) -> None:
        self._status = status
        self._server = LineServer(self._serve, line_max_bytes=LINE_MAX_BYTES)
        self._listeners: set[asyncio.Queue[Event]] = set()

    async def start(self, data_dir: Path) -> None:
        """Listen.

        Raises:
            StorageUnreachable: another storage service is running, or the folder cannot be used.
        """
        try:
            await self._server.start(data_dir, SOCKET_NAME)
        except SocketInUse as exc:
            raise StorageUnreachable(f"another storage service is running on {data_dir}: stop it first") from exc
        except OSError as exc:
            raise StorageUnreachable(f"cannot open {data_dir / SOCKET_NAME} ({exc.strerror}): is DATA_DIR writable?") from exc

    async def stop(self) -> None:
        """End every connection and remove the socket; harmless when never started."""
        await self._server.stop()

    def publish(self, event: Event) -> None:
        """Tell all who listen; from the event loop."""
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    @property
    def listeners(self) -> int:
        """How many follow the events."""
        return len(self._listeners)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await self._answer(reader, writer):
            pass

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """False when the connection is to end."""
        async with asyncio.timeout(IDLE_TIMEOUT_S):
            line = await reader.readline()
        if not line:
            return False
        try:
            request = json.loads(line)
        except RecursionError as exc:
            raise ValueError("not a request") from exc
        if request == {"get": "status"}:
            await send_line(writer, {"status": self._status()})
            return True
        if request == {"get": "events"}:
            await self._tell(reader, writer)
            return False
        await send_line(writer, {"error": 'unknown request; known: {"get": "status"}, {"get": "events"}'})
        return False

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_LENGTH)
        self._listeners.add(queue)
        gone = asyncio.create_task(reader.read(1))
        try:
            await send_line(writer, {"listening": True})
            while not gone.done():
                told = asyncio.create_task(queue.get())
                await asyncio.wait({told, gone}, return_when=asyncio.FIRST_COMPLETED)
                if told.done():
                    await send_line(writer, told.result())
                else:
                    told.cancel()
        finally:
            gone.cancel()
            self._listeners.discard(queue)


async def request_status(data_dir: Path, *, timeout_s: float = ANSWER_TIMEOUT_S) -> dict[str, Any]:
    """Ask the running service how it stands.

    Raises:
        StorageUnreachable: it does not run, or does not answer in time.
    """
    async with _connected(data_dir, "status", timeout_s) as (first, _):
        found = first.get("status")
        if not isinstance(found, dict):
            raise StorageUnreachable("the storage service is of another version: restart it")
        return found


@asynccontextmanager
async def events(data_dir: Path) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """What happens in the storage service, each with its name under `event`; ends when the service does.

    Raises:
        StorageUnreachable: it does not run.
    """
    async with _connected(data_dir, "events", ANSWER_TIMEOUT_S) as (_, reader):
        yield _lines(reader)


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    while line := await _read(reader):
        yield line


@asynccontextmanager
async def _connected(data_dir: Path, what: str, timeout_s: float) -> AsyncIterator[tuple[dict[str, Any], asyncio.StreamReader]]:
    """The first line of the answer, and what follows it."""
    writer: asyncio.StreamWriter | None = None
    try:
        try:
            async with asyncio.timeout(timeout_s):
                with address_in(data_dir, SOCKET_NAME) as address:
                    reader, writer = await asyncio.open_unix_connection(address, limit=LINE_MAX_BYTES)
                await send_line(writer, {"get": what})
                first = await _read(reader)
        except (OSError, TimeoutError) as exc:
            raise StorageUnreachable(f"the storage service does not answer ({type(exc).__name__}): see its log") from exc
        yield first, reader
    finally:
        if writer is not None:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next line; empty at the end.

    Raises:
        StorageUnreachable: it is no JSON object.
    """
    try:
        line = await reader.readline()
        value = json.loads(line) if line else {}
    except (ValueError, RecursionError) as exc:
        raise StorageUnreachable("the storage service's answer is not JSON: restart it") from exc
    except OSError:
        return {}
    if not isinstance(value, dict):
        raise StorageUnreachable("the storage service's answer is not a JSON object: restart it")
    return value
