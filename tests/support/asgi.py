"""Asking an ASGI app for a WebSocket, without sockets."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope


@dataclass
class Upgrade:
    """How an app answered; `status` of a refusal."""

    accepted: bool | None = None
    status: int | None = None
    body: bytes = b""
    messages: list[Message] = field(default_factory=list)


async def upgrade(app: ASGIApp, path: str, *, query: str = "", headers: Mapping[str, str] | None = None) -> Upgrade:
    """Ask for a WebSocket as uvicorn does, and disconnect as soon as it is accepted."""
    answer = Upgrade()
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})
    sent = {"host": "nvr.test", **(headers or {})}
    scope: Scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
        "client": ("198.51.100.9", 4711),
        "server": ("nvr.test", 80),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }

    async def send(message: Message) -> None:
        answer.messages.append(message)
        if message["type"] == "websocket.accept":
            answer.accepted = True
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
        elif message["type"] == "websocket.http.response.start":
            answer.accepted, answer.status = False, message["status"]
        elif message["type"] == "websocket.http.response.body":
            answer.body += message["body"]
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
        elif message["type"] == "websocket.close" and answer.accepted is None:
            answer.accepted, answer.status = False, 403
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})

    await app(scope, incoming.get, send)
    return answer
