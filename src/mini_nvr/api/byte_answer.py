"""Answers made of bytes that lie somewhere: whole, one range of them, or only their headers (RFC 9110 sections 13 and 14)."""

import logging
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mini_nvr.api.byte_ranges import Span, Unsatisfiable, applies, matches, parse_range
from mini_nvr.api.problems import Problem
from mini_nvr.playback.files import Stretch

ZERO_COPY: Final = "http.response.zerocopysend"
"""An extension of ASGI: the server has the kernel copy from a file."""
COPY_BYTES: Final = 8 << 20
"""In one go: so much more than was sent may be counted for a client that leaves."""

_log = logging.getLogger(__name__)


class ByteSource(Protocol):
    """Where the bytes come from; `close` is called exactly once, whatever happens."""

    def read(self, span: Span) -> AsyncIterator[bytes]:
        """The bytes of a span in large chunks; fewer than that when something broke: the connection ends then."""

    def pieces(self, span: Span) -> AsyncIterator[bytes | Stretch]:
        """The same, but of files only where the bytes lie; a stretch stays open until the next piece is asked for."""

    async def close(self) -> None:
        """Nothing more will be read."""


class _Stream(StreamingResponse):
    """Closes its source at the end, also when the client went away before the first byte."""

    def __init__(self, source: ByteSource, span: Span, status: int, headers: Mapping[str, str], media_type: str) -> None:
        super().__init__(source.read(span), status, headers, media_type)
        self._source = source
        self._span = span
        self._server_copies = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._server_copies = ZERO_COPY in (scope.get("extensions") or {})
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._source.close()

    async def stream_response(self, send: Send) -> None:
        """Left unfinished when bytes are missing: the server ends the connection then, and the client knows."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        source, left = self._source, self._span.length
        async for piece in source.pieces(self._span) if self._server_copies else source.read(self._span):
            if isinstance(piece, Stretch):
                left -= await _send_stretch(piece, send)
            else:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                left -= len(piece)
        if not left:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_stretch(of: Stretch, send: Send) -> int:
    """Have the server copy it; how many bytes were sent."""
    for low in range(of.start, of.end, COPY_BYTES):
        count = min(COPY_BYTES, of.end - low)
        try:
            await send({"type": ZERO_COPY, "file": of.fd, "offset": low, "count": count, "more_body": True})
        except OSError as exc:
            _log.error("%s cannot be read behind byte %d: %s", of.name, low, exc.strerror)  # noqa: TRY400  the cause says it all
            return low - of.start
    return of.end - of.start


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
