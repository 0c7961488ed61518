"""More connections than the web service keeps, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mini_nvr.services.bounded import Bounded
from tests.support.served import Served, serving
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
    head, _, body = (await served.exchange(REQUEST)).partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"http/1.1 503 service unavailable"
    assert {b"content-type: application/problem+json", b"connection: close", b"x-content-type-options: nosniff"} <= set(lines)
    problem = json.loads(body)
    assert (problem["type"], problem["status"]) == ("/problems/busy", 503)
    assert problem["remedy"]
    assert "3 connections are open" in caplog.text
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
