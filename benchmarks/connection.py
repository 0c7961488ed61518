"""A client of the web service that costs next to nothing: what a benchmark measures with it is the server and the kernel."""

import socket
import time
from typing import NamedTuple

from benchmarks.downloads import Served
from benchmarks.program import HOST
from benchmarks.waiting import BenchmarkFailed

_RECEIVE_BYTES = 1 << 20


class Answer(NamedTuple):
    """What came back, and after how many milliseconds the last byte was there."""

    status: int
    body: bytes
    ms: float


class Connection:
    """One kept-alive HTTP/1.1 connection, without a parser of its own."""

    def __init__(self, served: Served) -> None:
        self._socket = socket.create_connection((HOST, served.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._fields = "".join(f"{name}: {value}\r\n" for name, value in {"Host": HOST, **served.headers}.items())

    def ask(self, path: str) -> Answer:
        request = f"GET {path} HTTP/1.1\r\n{self._fields}\r\n".encode()
        began = time.perf_counter()
        self._socket.sendall(request)
        came = self._receive()
        while (end_of_head := came.find(b"\r\n\r\n")) < 0:
            came += self._receive()
        head = came[:end_of_head].lower()
        due = end_of_head + 4 + int(head.partition(b"content-length:")[2].split(maxsplit=1)[0])
        while len(came) < due:
            came += self._receive()
        return Answer(int(head.split(maxsplit=2)[1]), bytes(came[end_of_head + 4 :]), (time.perf_counter() - began) * 1000)

    def _receive(self) -> bytearray:
        chunk = self._socket.recv(_RECEIVE_BYTES)
        if not chunk:
            raise BenchmarkFailed("the web service closed the connection")
        return bytearray(chunk)

    def close(self) -> None:
        self._socket.close()
