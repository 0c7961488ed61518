"""The outermost layer: problems become answers, faults become a 500 that says nothing, and each request one line and one count.

The line holds the method, the path without its query, the status, the time and the sender; never a header or a body.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mini_nvr.api.byte_answer import ZERO_COPY
from mini_nvr.api.caller import maybe_caller
from mini_nvr.api.deps import Deps
from mini_nvr.api.problems import MEDIA_TYPE, Problem

CLOSE_S: Final = 1.0
NS_PER_MS: Final = 1_000_000
_PATH_CHARACTERS: Final = 300
_log = logging.getLogger("mini_nvr.access")


class _Exchange:
    """One request's answer as it goes out."""

    def __init__(self, send: Send, now_ns: int) -> None:
        self._send = send
        self.started_ns = now_ns
        self.status = 0
        self.sent_bytes = 0

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind.endswith("response.start"):
            self.status = message["status"]
        elif kind.endswith("response.body"):
            self.sent_bytes += len(message.get("body", b""))
        elif kind == ZERO_COPY:
            self.sent_bytes += message["count"]
        elif kind == "websocket.accept":
            self.status = 101
        elif kind == "websocket.close" and not self.status:
            self.status = 403
        await self._send(message)


class Edge:
    """ASGI wrapper around everything."""

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(send, self._deps.clock.monotonic_ns())
        try:
            await self._app(scope, receive, exchange.send)
        except Problem as problem:
            self._deps.instruments.refusals.labels(problem.kind).inc()
            await refuse(scope, receive, exchange, problem)
        except Exception:  # noqa: BLE001  whatever a route does, the caller gets an answer and the log the cause
            _log.exception("%s %s failed; please report this", scope.get("method", "WEBSOCKET"), scope["path"][:_PATH_CHARACTERS])
            await refuse(scope, receive, exchange, Problem("internal", "the log says more", "report it, with the log"))
        finally:
            self._note(scope, exchange)

    def _note(self, scope: Scope, exchange: _Exchange) -> None:
        method = scope.get("method", "WEBSOCKET")
        seconds = (self._deps.clock.monotonic_ns() - exchange.started_ns) / (1_000 * NS_PER_MS)
        route = getattr(scope.get("route"), "path", "none")
        instruments = self._deps.instruments
        instruments.requests.labels(method if route != "none" else "any", route, str(exchange.status)).inc()
        instruments.sent_bytes.inc(exchange.sent_bytes)
        if method == "GET" and route != "none":
            instruments.seconds.labels(route).observe(seconds)
        caller = maybe_caller(scope)
        level = logging.DEBUG if exchange.status < 400 and method in {"GET", "HEAD"} else logging.INFO
        _log.log(
            level,
            "%s %s %d %d B %.0f ms %s %s",
            method,
            scope["path"][:_PATH_CHARACTERS],
            exchange.status,
            exchange.sent_bytes,
            seconds * 1_000,
            caller.address if caller else "-",
            (caller and caller.user) or "-",
        )


async def refuse(scope: Scope, receive: Receive, exchange: _Exchange, problem: Problem) -> None:
    """Answer with a problem, if nothing was answered yet; the server breaks off an answer that is half out."""
    if exchange.status:
        return
    if scope["type"] == "http":
        await problem.response()(scope, _nothing, exchange.send)
    elif "websocket.http.response" in scope.get("extensions", {}):
        headers = [(b"content-type", MEDIA_TYPE.encode()), *((k.encode(), v.encode()) for k, v in problem.headers.items())]
        await exchange.send({"type": "websocket.http.response.start", "status": problem.status, "headers": headers})
        await exchange.send({"type": "websocket.http.response.body", "body": problem.body()})
        await _until_closed(receive)
    else:
        await exchange.send({"type": "websocket.close", "code": 1008, "reason": problem.kind})


async def _until_closed(receive: Receive) -> None:
    """uvicorn takes a refused upgrade for an unanswered one, an error in the log, until the connection is gone.

    It tells of the end twice: when it has written the answer, and when the connection is gone.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            for _ in range(2):
                while (await receive())["type"] != "websocket.disconnect":
                    pass


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
