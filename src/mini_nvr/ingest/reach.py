"""Whether anything listens at a camera's address: one TCP connection, opened and closed, nothing sent."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

CONNECT_TIMEOUT_S = 1.0


def tcp_reachable(host: str, port: int) -> Callable[[], Awaitable[bool]]:
    """A function that looks once; it never raises.

    A name server that does not answer keeps a thread busy for longer than a look takes, and threads that resolve names are few: a
    look goes on waiting for the name that the one before has asked for.
    """
    naming: asyncio.Task[list[str]] | None = None

    async def look() -> bool:
        nonlocal naming
        if naming is None:
            naming = asyncio.create_task(_addresses(host, port), name="camera's address")
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                addresses = await asyncio.shield(naming)
                naming = None
                return await _any_listens(addresses, port)
        except TimeoutError:
            return False

    return look


async def _addresses(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]


async def _any_listens(addresses: list[str], port: int) -> bool:
    for address in addresses:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(address, port)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return True
    return False
