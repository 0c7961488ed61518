"""Whether anything listens at a camera's address: one TCP connection, opened and closed, nothing sent."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

CONNECT_TIMEOUT_S = 1.0


def tcp_reachable(host: str, port: int) -> Callable[[], Awaitable[bool]]:
    """A function that looks once; it never raises."""

    async def look() -> bool:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True

    return look
