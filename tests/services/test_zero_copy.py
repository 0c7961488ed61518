"""Bytes of files from the kernel to a client, on both event loops: the product's (uvloop) and that of other tests."""

import asyncio
import errno
import fcntl
import gc
import os
import select
import socket
import sys
import termios
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop
from starlette.types import Message, Receive, Scope, Send

from mini_nvr.api.byte_answer import ZERO_COPY
from mini_nvr.services.zero_copy import ZeroCopy
from tests.support.self_signed import make_self_signed
from tests.support.waiting import until

App = Callable[[Scope, Receive, Send], Awaitable[None]]
Run = Callable[[Awaitable[None]], None]
SIZE = 6_000_000  # more than the sockets of both ends take
SOCKET_BYTES = 1 << 18
ENOUGH_S = 60
SIOCOUTQNSD = 0x894B
"""linux/sockios.h: bytes of a socket's queue that have not been sent; TIOCOUTQ counts those without an acknowledgement too."""
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    with asyncio.Runner(loop_factory=request.param) as runner:

        def within_time(scenario: Awaitable[None]) -> None:
            runner.run(asyncio.wait_for(scenario, 2 * ENOUGH_S))

        yield within_time


@pytest.fixture(scope="module")
def content() -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in range(SIZE // 4))


@pytest.fixture(scope="module")
def path(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("footage") / "file"
    made.write_bytes(content)
    return made


class Files:
    """An app that sends bytes and stretches (start, end) of a file as one body. failed: what sending raised."""

    def __init__(self, path: Path, pieces: list[bytes | tuple[int, int]], *, length: bool = True) -> None:
        self._path = path
        self._pieces = pieces
        self._length = sum(len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces) if length else None
        self.finished = 0
        self.failed: list[OSError] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/other":
            await self._start(send, 2)
            await send({"type": "http.response.body", "body": b"ok"})
            return
        assert ZERO_COPY in scope["extensions"]
        await self._start(send, self._length)
        with opened(self._path) as fd:
            try:
                for piece in self._pieces:
                    await send({**message(piece, fd), "more_body": True})
            except OSError as exc:
                self.failed.append(exc)
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        self.finished += 1

    async def _start(self, send: Send, length: int | None) -> None:
        headers = [] if length is None else [(b"content-length", str(length).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def message(piece: bytes | tuple[int, int], fd: int) -> Message:
    if isinstance(piece, bytes):
        return {"type": "http.response.body", "body": piece}
    return {"type": ZERO_COPY, "file": fd, "offset": piece[0], "count": piece[1] - piece[0]}


@contextmanager
def opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


@asynccontextmanager
async def serving(app: App, **more: Any) -> AsyncIterator[int]:
    """The port; the server ends with the block, without patience."""
    server = uvicorn.Server(
        uvicorn.Config(app, http=ZeroCopy, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=0, **more)
    )
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)  # connections have it from here
    task = asyncio.create_task(server._serve([listener]))  # noqa: SLF001  `serve` would take the signals of the test run
    try:
        await until(lambda: server.started)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, ENOUGH_S)


@asynccontextmanager
async def asked(port: int, request: bytes = GET) -> AsyncIterator[asyncio.StreamReader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
    try:
        writer.write(request)
        yield reader
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The body of one answer that tells its length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def files_behind(*descriptors: int) -> tuple[tuple[int, int], ...]:
    """What the numbers stand for. Raises: OSError, for nothing."""
    return tuple((found.st_dev, found.st_ino) for found in map(os.fstat, descriptors))


def nothing_moves(sending: int) -> bool:
    """Whether all that was sent has arrived, and the other end takes no more until its program reads."""
    unsent, unacknowledged = (
        int.from_bytes(fcntl.ioctl(sending, asked, bytes(4)), sys.byteorder) for asked in (SIOCOUTQNSD, termios.TIOCOUTQ)
    )
    return unsent == unacknowledged > 0 and not select.select([], [sending], [], 0)[1]


def test_bytes_and_stretches_come_in_their_order(run: Run, path: Path, content: bytes) -> None:
    """However full the transport's buffer is when a stretch's turn comes."""
    head, tail = bytes(1_000_000), b"the end"
    app = Files(path, [head, (5, SIZE - 3), b"between", (0, 1), (7, 7), (100, 200), tail])

    async def scenario() -> None:
        async with serving(app) as port, asked(port, GET + GET) as reader:
            for _ in range(2):  # on one connection
                body = await answer(reader)
                assert body == head + content[5 : SIZE - 3] + b"between" + content[:1] + content[100:200] + tail

    run(scenario())
    assert app.finished == 2


def test_an_answer_without_a_length_is_chunked(run: Run, path: Path, content: bytes) -> None:
    async def scenario() -> None:
        async with serving(Files(path, [(0, 1_000), b"x"], length=False)) as port, asked(port) as reader:
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readuntil(b"0\r\n\r\n") == b"3e8\r\n" + content[:1_000] + b"\r\n1\r\nx\r\n0\r\n\r\n"

    run(scenario())


def test_a_file_that_is_shorter_ends_the_connection(run: Run, path: Path, content: bytes) -> None:
    app = Files(path, [(SIZE - 1_000, SIZE + 1)])

    async def scenario() -> None:
        async with serving(app) as port, asked(port) as reader:
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.read(SIZE) == content[-1_000:]
            assert await reader.read() == b""

    run(scenario())
    assert [exc.errno for exc in app.failed] == [errno.ENODATA]


@pytest.mark.parametrize("leave", [methodcaller("abort"), methodcaller("write_eof")], ids=["abort", "eof"])
def test_a_client_that_leaves_ends_the_sending_and_leaves_nothing_open(
    run: Run, path: Path, leave: Callable[[asyncio.WriteTransport], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that only says so, and reads no more."""
    app, full, kernel = Files(path, [(0, SIZE)] * 20), threading.Event(), os.sendfile

    def note(*arguments: int) -> int:
        try:
            return kernel(*arguments)
        except BlockingIOError:
            full.set()
            raise

    monkeypatch.setattr(os, "sendfile", note)

    async def scenario() -> None:
        async with serving(app) as port:
            before = open_files()
            for number in range(3):
                full.clear()
                _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
                writer.write(GET)
                await until(full.is_set)
                leave(writer.transport)
                await until(lambda wanted=number + 1: app.finished == wanted)  # type: ignore[misc]  # it may go on: nothing is sent
                writer.transport.abort()
            await until(lambda: open_files() <= before)

    run(scenario())
    assert app.failed == []


def test_a_client_that_takes_nothing_and_says_goodbye_frees_the_sender(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket itself never tells: it stays full, and open in a second descriptor, when the transport has closed the first."""
    app, kernel, full = Files(path, [(0, SIZE)] * 20), os.sendfile, list[int]()

    def note(to: int, *arguments: int) -> int:
        try:
            return kernel(to, *arguments)
        except BlockingIOError:
            full.append(to)
            raise

    monkeypatch.setattr(os, "sendfile", note)

    async def scenario() -> None:
        async with serving(app) as port:
            before = open_files()
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(GET)
                await until(lambda: bool(full) and nothing_moves(full[-1]))
                client.shutdown(socket.SHUT_WR)
                await until(lambda: app.finished == 1)
            await until(lambda: open_files() <= before)

    run(scenario())
    assert app.failed == []


def test_slow_clients_hold_no_thread(run: Run, path: Path, content: bytes) -> None:
    async def scenario() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        async with serving(Files(path, [(0, SIZE)])) as port, asked(port) as slow, asked(port) as slower:
            await slow.readuntil(b"\r\n\r\n")
            await slower.readuntil(b"\r\n\r\n")
            async with asked(port) as quick:
                assert await answer(quick) == content
            assert await slow.readexactly(SIZE) == await slower.readexactly(SIZE) == content

    run(scenario())


def test_a_disk_that_stalls_holds_up_nobody_else(run: Run, path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    stalled, goes_on, kernel = threading.Event(), threading.Event(), os.sendfile

    def stall(*arguments: int) -> int:
        stalled.set()
        assert goes_on.wait(ENOUGH_S)
        return kernel(*arguments)

    monkeypatch.setattr(os, "sendfile", stall)

    async def scenario() -> None:
        async with serving(Files(path, [(0, SIZE)])) as port, asked(port) as reader:
            await reader.readuntil(b"\r\n\r\n")
            await until(stalled.is_set)
            async with asked(port, GET.replace(b"/ ", b"/other ")) as other:
                assert await answer(other) == b"ok"
            goes_on.set()
            assert await reader.readexactly(SIZE) == content

    run(scenario())


def test_a_server_that_stops_breaks_off(run: Run, path: Path) -> None:
    async def scenario() -> None:
        async with serving(Files(path, [(0, SIZE)])) as port:
            before = open_files()
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
            writer.write(GET)
            await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionResetError):
            assert len(await reader.read()) < SIZE
        writer.close()
        await until(lambda: open_files() < before)  # of which one listened

    run(scenario())


def test_what_a_thread_still_sends_stays_open_when_the_answer_is_broken_off(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the thread would write into whatever was opened under these numbers since."""
    stalled, goes_on, kernel = threading.Event(), threading.Event(), os.sendfile
    used, sent = list[tuple[tuple[int, int], ...]](), list[int]()

    def stall(to: int, file: int, offset: int, count: int) -> int:
        if not stalled.is_set():
            used.append(files_behind(to, file))
            stalled.set()
            assert goes_on.wait(ENOUGH_S)
            used.append(files_behind(to, file))
        with suppress(ConnectionError):
            sent.append(kernel(to, file, offset, count))
        return count

    monkeypatch.setattr(os, "sendfile", stall)

    async def scenario() -> None:
        async with serving(Files(path, [(0, 1_000)])) as port:
            before = open_files()
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            await until(stalled.is_set)
        goes_on.set()
        await until(lambda: bool(sent))
        writer.transport.abort()
        await until(lambda: open_files() < before)  # of which one listened

    run(scenario())
    assert used[0] == used[1]
    assert sent == [1_000]


def test_a_thread_that_fails_when_the_answer_is_broken_off_already_is_no_error(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled, goes_on = threading.Event(), threading.Event()
    told = list[dict[str, Any]]()

    def stall(*_arguments: int) -> int:
        stalled.set()
        assert goes_on.wait(ENOUGH_S)
        raise BrokenPipeError(errno.EPIPE, "the client has left")

    monkeypatch.setattr(os, "sendfile", stall)

    async def scenario() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        async with serving(Files(path, [(0, 1_000)])) as port:
            before = open_files()
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            await until(stalled.is_set)
        goes_on.set()
        writer.transport.abort()
        await until(lambda: open_files() < before)  # of which one listened
        gc.collect()

    run(scenario())
    assert told == []


def test_a_file_system_that_cannot_is_read(run: Run, path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: int) -> int:
        raise OSError(errno.EINVAL, "not on this file system")

    monkeypatch.setattr(os, "sendfile", refuse)

    async def scenario() -> None:
        async with serving(Files(path, [(1, SIZE)])) as port, asked(port) as reader:
            assert await answer(reader) == content[1:]

    run(scenario())


def test_a_disk_that_refuses_is_told_to_the_app(run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: int) -> int:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "sendfile", refuse)
    app = Files(path, [(0, SIZE)])

    async def scenario() -> None:
        async with serving(app) as port, asked(port) as reader:
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.read() == b""

    run(scenario())
    assert [exc.errno for exc in app.failed] == [errno.EIO]


def test_more_than_was_announced_is_an_error(run: Run, path: Path, content: bytes) -> None:
    async def too_much(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        with opened(path) as fd:
            await send({**message((0, 11), fd), "more_body": False})

    async def scenario() -> None:
        async with serving(too_much) as port, asked(port) as reader:
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.read() == b""

    run(scenario())


def test_under_tls_it_is_not_offered(run: Run, tmp_path: Path) -> None:
    pair, offered = make_self_signed(tmp_path), list[object]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        offered.append(scope.get("extensions"))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def scenario() -> None:
        async with serving(app, ssl_certfile=pair.chain, ssl_keyfile=pair.key) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=pair.trust())
            writer.write(GET)
            assert await answer(reader) == b"ok"
            writer.close()

    run(scenario())
    assert offered == [None]
