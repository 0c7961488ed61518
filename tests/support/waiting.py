"""Waiting for what another process or thread does: on the condition, with a deadline."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Return once `condition` holds.

    Raises:
        TimeoutError: it does not within `timeout_s`.
    """
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  the condition is another process's; nobody here can set an event
            await asyncio.sleep(0.01)
