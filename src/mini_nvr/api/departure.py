"""Has the client gone? Asked by threads that work for minutes on one answer.

with watched(request) as client:
    await run_in_threadpool(work, client.require)
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.requests import ClientDisconnect, Request

CLIENT_CLOSED_REQUEST: Final = 499
"""For the log, as nginx has it: nobody gets this answer."""


class Client:
    """Who waits for an answer. `require` may be called on any thread."""

    def __init__(self) -> None:
        self.gone = threading.Event()

    def require(self) -> None:
        """
        Raises:
            ClientDisconnect: nobody waits any more.
        """
        if self.gone.is_set():
            raise ClientDisconnect


@contextmanager
def watched(request: Request) -> Iterator[Client]:
    """The client of a request whose body nobody reads any more, looked after on the event loop inside of the block."""
    client = Client()
    listening = asyncio.create_task(_listen(request, client))
    try:
        yield client
    finally:
        listening.cancel()


async def _listen(request: Request, client: Client) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass  # an empty body comes first
    client.gone.set()
