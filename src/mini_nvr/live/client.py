"""Watching from another process: what the web service uses to pass live pictures and news on.

    async with watch(data_dir, 3, "main") as messages:
        async for message in messages:
            await websocket.send_bytes(message)

The iterator ends when the recorder ends, however it does; whoever wants to go on opens it again. Backpressure works: as long as
nobody takes messages, the recorder's queue for this viewer fills up and is cut back to key frames.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mini_nvr.live.protocol import (
    EVENTS_REQUEST,
    LENGTH,
    MESSAGE_MAX_BYTES,
    SOCKET_NAME,
    LiveError,
    StreamName,
    read_json,
    watch_request,
)
from mini_nvr.unix_socket import address_in

OPEN_TIMEOUT_S = 5.0
READ_BUFFER_BYTES = 256 * 1024


class RecorderNotRunning(LiveError):
    """Nobody answers at the live socket."""


class WatchRefused(LiveError):
    """The recorder has no such stream, or takes no more viewers; the message says which."""


@asynccontextmanager
async def watch(data_dir: Path, channel: int, stream: StreamName, *, marked: bool = False) -> AsyncIterator[AsyncIterator[bytes]]:
    """The messages of a stream (`protocol`), without their lengths.

    marked: the event `caughtUp` stands behind the frames that the recorder had already.

    Raises:
        RecorderNotRunning: nobody listens.
        WatchRefused: the recorder knows no such stream.
        LiveError: it listens, but we may not ask or it makes no sense.
    """
    reader, writer = await _open(data_dir, watch_request(channel, stream, marked=marked))
    try:
        yield _messages(reader)
    finally:
        writer.close()


@asynccontextmanager
async def events(data_dir: Path) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """What happens in the recorder, each with its name under `event`; first a `channel` event for each channel.

    Raises:
        RecorderNotRunning: nobody listens.
        LiveError: it listens, but we may not ask or it makes no sense.
    """
    reader, writer = await _open(data_dir, EVENTS_REQUEST)
    try:
        yield _events(reader)
    finally:
        writer.close()


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while (message := await _read(reader)) is not None:
        yield message


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    async for message in _messages(reader):
        yield read_json(message)


async def _read(reader: asyncio.StreamReader) -> bytes | None:
    """The next message; None when the recorder is gone, be it in the middle of one."""
    try:
        (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if size > MESSAGE_MAX_BYTES:
            raise LiveError(f"the recorder announces a message of {size} bytes")
        return await reader.readexactly(size)
    except (asyncio.IncompleteReadError, OSError):
        return None


async def _open(data_dir: Path, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            return await _ask(data_dir, request)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as exc:
        raise RecorderNotRunning("the recorder is not running: start it with `mini-nvr run`") from exc
    except TimeoutError as exc:
        raise LiveError(f"the recorder did not answer within {OPEN_TIMEOUT_S:g} s: see its log") from exc
    except PermissionError as exc:
        raise LiveError(f"no permission for {data_dir / SOCKET_NAME}: run this as the user that runs the recorder") from exc
    except OSError as exc:
        raise LiveError(f"the recorder could not be asked for live pictures ({exc})") from exc


async def _ask(data_dir: Path, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, ask, and read the first message, which says whether more will follow."""
    with address_in(data_dir, SOCKET_NAME) as address:
        reader, writer = await asyncio.open_unix_connection(address, limit=READ_BUFFER_BYTES)
    try:
        writer.write(request)
        _require_accepted(await _read(reader))
    except BaseException:
        writer.close()
        raise
    return reader, writer


def _require_accepted(answer: bytes | None) -> None:
    if answer is None:
        raise RecorderNotRunning("the recorder ended while it was asked: try again")
    fields = read_json(answer)
    if fields.get("event") != "accepted":
        raise WatchRefused(str(fields.get("reason", "the recorder refused without a reason")))
