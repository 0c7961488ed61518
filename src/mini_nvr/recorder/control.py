"""The recorder's door for other processes: one JSON line in, one JSON line out, over the Unix socket DATA_DIR/recorder.sock.

The socket is the owner's alone (0600). A request is `{"get": "status"}`; the answer is `{"status": [...]}` or `{"error": "..."}`.
A connection may carry several requests.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mini_nvr.errors import MiniNvrError
from mini_nvr.recorder.status import ChannelStatus, StatusError
from mini_nvr.unix_socket import LineServer, SocketInUse, address_in, send_line

SOCKET_NAME: Final = "recorder.sock"
REQUEST_MAX_BYTES: Final = 4_096
ANSWER_MAX_BYTES: Final = 4 * 1024 * 1024
IDLE_TIMEOUT_S: Final = 30.0
ANSWER_TIMEOUT_S: Final = 3.0


class ControlError(MiniNvrError):
    """The control socket could not be opened, or the recorder's answer makes no sense."""


class RecorderNotRunning(ControlError):
    """Nobody answers at the control socket."""


class ControlServer:
    """Answers requests on the recorder's event loop; `provider` is called for each one and must be quick."""

    def __init__(self, provider: Callable[[], list[ChannelStatus]], *, idle_timeout_s: float = IDLE_TIMEOUT_S) -> None:
        self._provider = provider
        self._idle_timeout_s = idle_timeout_s
        self._server = LineServer(self._serve, line_max_bytes=REQUEST_MAX_BYTES)

    async def start(self, data_dir: Path) -> None:
        """Listen.

        Raises:
            ControlError: another recorder listens there, or the folder cannot be used.
        """
        try:
            await self._server.start(data_dir, SOCKET_NAME)
        except SocketInUse as exc:
            raise ControlError(f"another recorder is running on {data_dir}: stop it, or give this one its own DATA_DIR") from exc
        except OSError as exc:
            raise ControlError(f"cannot open {data_dir / SOCKET_NAME} ({exc.strerror}): is DATA_DIR a writable folder?") from exc

    @property
    def fileno(self) -> int:
        """Of the listening socket, -1 before `start`."""
        return self._server.fileno

    async def stop(self) -> None:
        """End every connection and remove the socket; harmless when never started."""
        await self._server.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await self._answer_one(reader, writer):
            pass

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """False when the connection is to end."""
        async with asyncio.timeout(self._idle_timeout_s):
            try:
                line = await reader.readline()
            except ValueError:  # longer than the reader's limit
                await send_line(writer, {"error": f"the request is longer than {REQUEST_MAX_BYTES} bytes"})
                return False
            if not line:
                return False
            await send_line(writer, self._answer(line))
            return True

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return {"error": "the request is not JSON"}
        if request != {"get": "status"}:
            return {"error": 'unknown request; known: {"get": "status"}'}
        return {"status": [channel.to_json() for channel in self._provider()]}


async def request_status(data_dir: Path, *, timeout_s: float = ANSWER_TIMEOUT_S) -> list[ChannelStatus]:
    """Ask the running recorder what each channel is doing.

    Raises:
        RecorderNotRunning: nobody listens.
        ControlError: it listens, but we may not ask or its answer makes no sense.
    """
    try:
        async with asyncio.timeout(timeout_s):
            answer = await _ask(data_dir, {"get": "status"})
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as exc:
        raise RecorderNotRunning("the recorder is not running: start it with `mini-nvr run`") from exc
    except TimeoutError as exc:
        raise ControlError(f"the recorder did not answer within {timeout_s:g} s: see its log") from exc
    except PermissionError as exc:
        raise ControlError(f"no permission for {data_dir / SOCKET_NAME}: run this as the user that runs the recorder") from exc
    except (OSError, ValueError) as exc:
        raise ControlError(f"the recorder's answer could not be read ({exc})") from exc
    return _channels(answer)


def _channels(answer: object) -> list[ChannelStatus]:
    rows = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        reason = answer.get("error", "no status in it") if isinstance(answer, dict) else "not a JSON object"
        raise ControlError(f"the recorder's answer makes no sense: {reason}")
    try:
        return [ChannelStatus.from_json(row) for row in rows]
    except StatusError as exc:
        raise ControlError(f"the recorder is of another version: {exc}; restart it") from exc


async def _ask(data_dir: Path, request: dict[str, str]) -> object:
    with address_in(data_dir, SOCKET_NAME) as address:
        reader, writer = await asyncio.open_unix_connection(address, limit=ANSWER_MAX_BYTES)
    try:
        await send_line(writer, request)
        return json.loads(await reader.readline())
    finally:
        writer.close()
