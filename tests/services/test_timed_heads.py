"""Request heads that come too slowly, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mini_nvr.services.timed_heads import TimedHeads
from tests.support.served import Served, problem_in, serving
from tests.support.web import make_web

HEAD_S = 1.0
HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
ENOUGH_S = 60


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(TimedHeads, "head_s", HEAD_S)
    (tmp_path / "data").mkdir()
    web = make_web(tmp_path)
    async with serving(web) as listening:
        yield listening
    web.catalog.close()


async def trickle(served: Served, first: bytes) -> bytes:
    """What comes back while header fields come in, one every 50 ms, without an end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)

    async def write() -> None:
        writer.write(first)
        while not writer.is_closing():
            await asyncio.sleep(0.05)
            writer.write(b"X-More: 1\r\n")

    writing = asyncio.create_task(write())
    came = b""
    try:
        async with asyncio.timeout(ENOUGH_S):
            while chunk := await reader.read(4_096):
                came += chunk
    except ConnectionResetError:  # closed while bytes of ours were on their way
        pass
    finally:
        writing.cancel()
        writer.close()
    return came


@pytest.mark.parametrize("first", [b"", b"G", HEAD])
async def test_a_head_without_an_end_is_cut_off(served: Served, first: bytes) -> None:
    answer = await trickle(served, first)
    assert answer[:13] in {b"", b"HTTP/1.1 408 "}


async def test_a_silent_connection_is_closed_and_told_why(served: Served) -> None:
    problem = problem_in(await served.exchange(b""), "408 Request Timeout")
    assert problem["type"] == "/problems/too-slow"


async def test_a_second_head_without_an_end_is_cut_off(served: Served) -> None:
    answer = await trickle(served, HEAD + b"\r\n" + HEAD)
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_answers_are_not_cut_off_and_connections_are_kept(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    for _ in range(3):
        writer.write(HEAD + b"\r\n")
        async with asyncio.timeout(ENOUGH_S):
            assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(HEAD_S * 1.5)  # longer than a head may take, shorter than keep-alive
    writer.close()
