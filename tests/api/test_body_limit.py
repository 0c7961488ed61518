"""Bodies of requests: how large and how slow they may be (SECURITY S17)."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from mini_nvr.api.body_limit import LIMIT_BYTES, BodyLimit
from mini_nvr.api.problems import Problem


class Route:
    """What stands behind the limit: reads the body."""

    def __init__(self) -> None:
        self.body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.body = (await receive())["body"]


def scope(stated: int | None = None) -> Scope:
    headers = [] if stated is None else [(b"content-length", str(stated).encode())]
    return {"type": "http", "method": "POST", "headers": headers}


def arriving(chunks: Sequence[bytes]) -> Receive:
    left = list(chunks)

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive


async def send(message: Message) -> None:
    raise AssertionError(message)


@pytest.mark.parametrize("stated", [True, False])
async def test_s17_a_body_of_the_limit_is_read_and_one_more_byte_is_refused(stated: bool) -> None:
    for size in (LIMIT_BYTES, LIMIT_BYTES + 1):
        route, half = Route(), size // 2
        asking = BodyLimit(route)(scope(size if stated else None), arriving([b"x" * half, b"x" * (size - half)]), send)
        if size == LIMIT_BYTES:
            await asking
            assert route.body == b"x" * size
            continue
        with pytest.raises(Problem, match="at most 65536 bytes"):
            await asking
        assert route.body is None


@pytest.mark.parametrize("stated", [b"65537", b"9" * 5_000, b"-1", b"1e3", b"x", b""])
async def test_s17_a_body_that_says_too_much_is_refused_unread(stated: bytes) -> None:
    async def unread() -> Message:
        raise AssertionError

    with pytest.raises(Problem, match="at most 65536 bytes"):
        await BodyLimit(Route())({**scope(), "headers": [(b"content-length", stated)]}, unread, send)


async def test_s17_a_body_that_never_ends_is_given_up() -> None:
    route = Route()

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Problem, match="took too long"):
        async with asyncio.timeout(60):
            await BodyLimit(route, timeout_s=0.01)(scope(10), never, send)
    assert route.body is None


async def test_s17_a_body_that_drips_has_no_longer_than_one_that_stands_still() -> None:
    route = Route()

    async def dripping() -> Message:
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"", "more_body": True}

    with pytest.raises(Problem, match="took too long"):
        async with asyncio.timeout(60):
            await BodyLimit(route, timeout_s=0.05)(scope(), dripping, send)
    assert route.body is None
