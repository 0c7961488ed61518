"""Headers of every answer (SECURITY S8): what a browser may do with it, and nothing about who made it."""

from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",  # Media Source Extensions play from blob: addresses
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_RAW: Final = tuple((name.encode(), value.encode()) for name, value in HEADERS.items())
_NAMES: Final = frozenset(name for name, _ in _RAW)
_NOT_KEPT: Final = (b"cache-control", b"no-store")
_STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


def with_headers(given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """A route's headers, as ASGI has them, and ours: `HEADERS` in place of its own of those names."""
    kept = [pair for pair in given if pair[0] not in _NAMES]
    kept += _RAW
    return kept if any(name == b"cache-control" for name, _ in kept) else [*kept, _NOT_KEPT]


class ResponseHeaders:
    """ASGI wrapper that adds `HEADERS`, and `Cache-Control: no-store` where a route did not decide otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] in _STARTS:
                message = {**message, "headers": with_headers(message.get("headers", ()))}
            await send(message)

        await self._app(scope, receive, send if scope["type"] == "lifespan" else send_with_headers)
