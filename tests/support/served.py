"""The web service on a real socket of this machine, in the test's own event loop."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from mini_nvr.services.certificate import Certificate
from mini_nvr.services.web import make_server
from tests.support.waiting import until
from tests.support.web import Browser, Web


@dataclass(frozen=True)
class Served:
    """Where it listens."""

    port: int
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def browser(self, **more: object) -> Browser:
        return Browser(base_url=self.url, timeout=60, **more)  # type: ignore[arg-type]  # what httpx takes

    async def exchange(self, request: bytes) -> bytes:
        """What comes back for raw bytes until the server closes; nothing normalizes them on the way."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            async with asyncio.timeout(60):
                return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def serving(web: Web, certificate: Certificate | None = None) -> AsyncIterator[Served]:
    """Listening, until the block ends."""
    server = make_server(web.deps, certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        yield Served(listener.getsockname()[1], "https" if certificate else "http")
    finally:
        web.deps.streams.end_all()
        server.should_exit = True
        async with asyncio.timeout(60):
            await task


def problem_in(answer: bytes, status: str, *fields: str) -> dict[str, Any]:
    """The problem (RFC 9457) that a raw answer holds. status: code and reason; fields: what its head has besides, in lower case."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").lower().split("\r\n")
    assert first == f"http/1.1 {status.lower()}"
    assert {"content-type: application/problem+json", *fields} <= set(lines)
    problem: dict[str, Any] = json.loads(body)
    assert problem["status"] == int(status.split(maxsplit=1)[0])
    assert problem["detail"]
    assert problem["remedy"]
    return problem


def cookies_of(browser: httpx.AsyncClient) -> str:
    """The value of a `Cookie` header."""
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
