"""Looking whether a camera is there."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mini_nvr.ingest import reach
from mini_nvr.ingest.reach import tcp_reachable


async def test_something_that_listens_is_reachable() -> None:
    greeted: list[bytes] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeted.append(await reader.read())
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        look = tcp_reachable("127.0.0.1", server.sockets[0].getsockname()[1])
        assert await until_true(look)
    assert all(said == b"" for said in greeted)


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid", "a" * 70 + ".invalid"])
async def test_nothing_there_is_not(host: str, unused_tcp_port: int) -> None:
    assert not await tcp_reachable(host, unused_tcp_port)()


async def test_a_name_server_that_does_not_answer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    answered = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def resolve(host: object, port: object, **hints: int) -> list[tuple[object, ...]]:
        asked.append(host)
        await answered.wait()
        return []

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    monkeypatch.setattr(reach, "CONNECT_TIMEOUT_S", 0.02)
    look = tcp_reachable("camera.example", 554)
    assert [await look() for _ in range(4)] == [False] * 4
    assert asked == ["camera.example"]
    answered.set()
    await asyncio.sleep(0)
    monkeypatch.setattr(reach, "CONNECT_TIMEOUT_S", 60)
    assert not await look()
    assert not await look()
    assert len(asked) == 2


async def until_true(look: Callable[[], Awaitable[bool]]) -> bool:
    """A look has a second, which a busy machine may need for something else."""
    for _ in range(30):
        if await look():
            return True
    return False
