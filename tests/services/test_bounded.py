"""More connections and requests than the web service keeps, over real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from mini_nvr.services.bounded import Bounded
from tests.support.served import Served, problem_in, serving
from tests.support.waiting import until
from tests.support.web import make_web

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(Bounded, "connections_max", 3)
    (tmp_path / "data").mkdir()
    web = make_web(tmp_path)
    async with serving(web) as listening:
        yield listening
    web.catalog.close()


async def test_a_request_on_one_too_many_is_refused_with_a_problem(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    others = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(2)]
    answer = await served.exchange(REQUEST)
    problem = problem_in(answer, "503 Service Unavailable", "connection: close", "x-content-type-options: nosniff")
    assert problem["type"] == "/problems/busy"
    assert "3 connections are open and 0 other requests run" in caplog.text
    for _, writer in others:
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(60):
        while not (await served.exchange(REQUEST)).startswith(b"HTTP/1.1 200 "):
            pass  # until the server has seen the others go


async def test_requests_within_the_limit_are_answered(served: Served) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    assert (await served.exchange(REQUEST)).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_requests_count_until_their_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for much and hangs up at once does not get more of it than others."""
    monkeypatch.setattr(Bounded, "connections_max", 2)
    begun: asyncio.Queue[None] = asyncio.Queue()
    work_done = asyncio.Event()
    async with working(begun, work_done) as (served, server):
        for _ in range(2):
            _, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(REQUEST.replace(b"/healthz", b"/work"))
            await begun.get()
            writer.close()
        await until(lambda: not server.server_state.connections)
        assert (await served.exchange(REQUEST)).startswith(b"HTTP/1.1 503 ")
        work_done.set()
        await until(lambda: not server.server_state.tasks)
        assert (await served.exchange(REQUEST)).startswith(b"HTTP/1.1 204 ")


@asynccontextmanager
async def working(begun: asyncio.Queue[None], done: asyncio.Event) -> AsyncIterator[tuple[Served, uvicorn.Server]]:
    """An application whose `/work` ends only when all of it is done."""

    async def app(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["path"] == "/work":
            begun.put_nowait(None)
            await done.wait()
        await send({"type": "http.response.start", "status": 204, "headers": [], "trailers": False})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    server = uvicorn.Server(uvicorn.Config(app, http=Bounded, lifespan="off", log_config=None))
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        yield Served(listener.getsockname()[1]), server
    finally:
        done.set()
        server.should_exit = True
        async with asyncio.timeout(60):
            await task
