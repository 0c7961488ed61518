"""A bare RTSP client that says exactly what a test tells it to, and reads answers and interleaved packets one by one."""

import asyncio
import contextlib
from typing import NamedTuple, Self

PATIENCE_S = 10.0


class Answer(NamedTuple):
    """Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: str


class Packet(NamedTuple):
    """One interleaved packet."""

    channel: int
    data: bytes


class Dialogue:
    """One TCP connection. `request` skips packets that come before the answer, and keeps them for `packet`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, base: str) -> None:
        self.reader = reader
        self.writer = writer
        self.base = base
        self._cseq = 0
        self._session = ""
        self._waiting: list[Packet] = []

    @classmethod
    async def open(cls, port: int, path: str) -> Self:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer, f"rtsp://127.0.0.1:{port}/{path}")

    async def request(self, method: str, url: str | None = None, **headers: str) -> Answer:
        """Send one request, by default for the camera itself; keyword `Transport` becomes the header."""
        self._cseq += 1
        lines = [f"{method} {url or self.base} RTSP/1.0", f"CSeq: {self._cseq}"]
        if self._session and "Session" not in headers:
            lines.append(f"Session: {self._session}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(PATIENCE_S):
            while isinstance(item := await self._read(), Packet):
                self._waiting.append(item)
        assert item.headers["cseq"] == str(self._cseq)
        self._session = item.headers.get("session", self._session).partition(";")[0]
        return item

    async def set_up(self, track: int) -> Answer:
        """SETUP on the channel pair 2n, 2n + 1."""
        transport = f"RTP/AVP/TCP;unicast;interleaved={2 * track}-{2 * track + 1}"
        return await self.request("SETUP", f"{self.base}/trackID={track}", Transport=transport)

    async def packet(self) -> Packet:
        """The next interleaved packet."""
        if self._waiting:
            return self._waiting.pop(0)
        async with asyncio.timeout(PATIENCE_S):
            item = await self._read()
        assert isinstance(item, Packet)
        return item

    async def at_end(self) -> bool:
        """True once the server has closed the connection; what it still sends is thrown away."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.reader.read(65536):
                pass
        return True

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):  # the other side may have reset it
            await self.writer.wait_closed()

    async def _read(self) -> Answer | Packet:
        first = await self.reader.readexactly(1)
        if first == b"$":
            channel, high, low = await self.reader.readexactly(3)
            return Packet(channel, await self.reader.readexactly(high << 8 | low))
        head = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
        status_line, *lines = head.strip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(status_line.split()[1]), headers, body.decode("latin-1"))
