"""HTTP/1.1 connections and requests, bounded in number: while there are more, requests are refused and their connections end.

uvicorn has a limit of its own, which answers in plain text.
"""

import logging
from typing import Any, Final

from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from mini_nvr.api.problems import Problem
from mini_nvr.api.response_headers import ResponseHeaders

CONNECTIONS: Final = 512
_HEADERS: Final = {"connection": "close", "retry-after": "5"}
_log = logging.getLogger(__name__)


class Bounded(H11Protocol):
    """One connection; uvicorn makes and drives it.

    A request goes on when its connection has ended, until its work is done: requests are counted as well.
    """

    connections_max = CONNECTIONS

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._unbounded = self.app
        self.app = self._within_limit

    async def _within_limit(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        others = len(self.tasks) - 1
        if len(self.connections) < self.connections_max and others < self.connections_max:
            await self._unbounded(scope, receive, send)
            return
        _log.warning(
            "%d connections are open and %d other requests run (at most %d of each): a request was refused",
            len(self.connections),
            others,
            self.connections_max,
        )
        busy = Problem("busy", "there are too many connections or requests", "close some, or try again later", headers=_HEADERS)
        answer: Any = ResponseHeaders(busy.response())  # Starlette's types of the same protocol
        await answer(scope, receive, send)
