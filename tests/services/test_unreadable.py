"""Bytes that are no HTTP, over real sockets: one problem, one line of the log."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.served import Served, problem_in, serving
from tests.support.web import make_web

CHUNKED = b"Host: nvr\r\nTransfer-Encoding: chunked\r\n\r\n"
NO_CHUNK = b"zz\r\n"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    (tmp_path / "data").mkdir()
    web = make_web(tmp_path)
    async with serving(web) as listening:
        yield listening
    web.catalog.close()


@pytest.mark.parametrize(
    "raw",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: nvr\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /api/login HTTP/1.1\r\nHost: nvr\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/login HTTP/1.1\r\nContent-Type: application/json\r\n" + CHUNKED + NO_CHUNK,
    ],
)
async def test_what_is_no_request_is_answered_with_a_problem(served: Served, raw: bytes) -> None:
    problem = problem_in(await served.exchange(raw), "400 Bad Request", "cache-control: no-store", "connection: close")
    assert problem["type"] == "/problems/invalid-request"


@pytest.mark.parametrize("path", [b"/healthz", b"/api/config"])
async def test_what_comes_after_an_answer_ends_the_connection_and_fills_no_log(
    served: Served, path: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET " + path + b" HTTP/1.1\r\n" + CHUNKED)
    async with asyncio.timeout(60):
        answer = await reader.readuntil(b"\r\n\r\n")
        with caplog.at_level(logging.WARNING):
            writer.write(NO_CHUNK)
            answer += await reader.read()
    writer.close()
    assert answer.count(b"HTTP/1.1 ") == 1
    assert [record.getMessage() for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR] == []
