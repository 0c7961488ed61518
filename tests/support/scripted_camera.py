"""An RTSP server on the loopback that says exactly what a test tells it to say."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """What the client sent; header names in lower case."""

    method: str
    uri: str
    headers: dict[str, str]


class HangUp(Exception):
    """Raised by a script to close the connection."""


class Reset(HangUp):
    """Raised by a script to break the connection."""


Script = Callable[[Request], bytes]
"""From a request to the bytes to send back, b"" for silence."""


def answer(request: Request, *headers: str, status: str = "200 OK", body: bytes = b"") -> bytes:
    """An ordinary answer to a request."""
    lines = [f"RTSP/1.0 {status}", f"CSeq: {request.headers['cseq']}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def packet(channel: int, content: bytes) -> bytes:
    """One interleaved packet."""
    return b"$" + bytes((channel,)) + len(content).to_bytes(2) + content


@dataclass
class ScriptedCamera:
    """A running camera: its port, all requests so far, and what else the client sent."""

    script: Script
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    writer: asyncio.StreamWriter | None = None
    connections: int = 0

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def send(self, data: bytes) -> None:
        """Send something that nobody asked for."""
        assert self.writer is not None
        self.writer.write(data)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connections += 1
        try:
            while True:
                await self._one(reader, writer)
        except Reset:
            writer.transport.abort()
        except (HangUp, asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        if first == b"$":
            head = await reader.readexactly(3)
            self.packets.append(await reader.readexactly(int.from_bytes(head[1:])))
            return
        head = first + await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"RTSP/"):
            self.answers.append(head)
            return
        start, *lines = head.decode().strip().split("\r\n")
        method, uri, _ = start.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        request = Request(method, uri, headers)
        self.requests.append(request)
        writer.write(self.script(request))


@asynccontextmanager
async def scripted_camera(script: Script) -> AsyncIterator[ScriptedCamera]:
    """Run one on a free port."""
    camera = ScriptedCamera(script)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await camera.serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    camera.port = server.sockets[0].getsockname()[1]
    try:
        yield camera
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if camera.writer is not None:
            camera.writer.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
