"""Answers made of bytes that lie somewhere: whole, one range of them, or only their headers (RFC 9110 sections 13 and 14)."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mini_nvr.api.byte_ranges import Span, Unsatisfiable, applies, matches, parse_range
from mini_nvr.api.problems import Problem


class ByteSource(Protocol):
    """Where the bytes come from; `close` is called exactly once, whatever happens."""

    def read(self, span: Span) -> AsyncIterator[bytes]:
        """The bytes of a span in large chunks; fewer than that when something broke: the connection ends then."""

    async def close(self) -> None:
        """Nothing more will be read."""


class _Stream(StreamingResponse):
    """Closes its source at the end, also when the client went away before the first byte."""

    def __init__(self, source: ByteSource, span: Span, status: int, headers: Mapping[str, str], media_type: str) -> None:
        super().__init__(source.read(span), status, headers, media_type)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._source.close()


async def byte_answer(
    request: Request, source: ByteSource, *, size_bytes: int, etag: str, media_type: str, headers: Mapping[str, str]
) -> Response:
    """200, 206, 304, or the headers alone for HEAD, which ignores ranges. The source belongs to the answer from now on.

    Raises:
        Problem: 416.
    """
    common = {"etag": etag, "accept-ranges": "bytes", **headers}
    answer: Response | None = None
    try:
        if matches(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=common)
        if request.method == "HEAD":
            return Response(headers=common | {"content-length": str(size_bytes)}, media_type=media_type)
        part = _wanted(request, etag, size_bytes)
        span = part or Span(0, size_bytes, size_bytes)
        if part is not None:
            common["content-range"] = part.content_range
        common["content-length"] = str(span.length)
        answer = _Stream(source, span, 206 if part else 200, common, media_type)
        return answer
    finally:
        if answer is None:
            await source.close()


def _wanted(request: Request, etag: str, size_bytes: int) -> Span | None:
    if not applies(request.headers.get("if-range"), etag):
        return None
    try:
        return parse_range(request.headers.get("range"), size_bytes)
    except Unsatisfiable as exc:
        raise Problem(
            "range-not-satisfiable",
            str(exc),
            "ask for one range inside the size",
            headers={"content-range": f"bytes */{size_bytes}"},
        ) from exc
