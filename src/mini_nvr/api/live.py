"""WS /api/channel/{ch}/live: live pictures, passed on from the recorder as they come (`live.protocol`)."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Final

from fastapi import APIRouter, WebSocket
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from mini_nvr.api.caller import caller_of, signed_in
from mini_nvr.api.channels import require_channel
from mini_nvr.api.deps import Deps, deps_of
from mini_nvr.api.problems import invalid, not_found
from mini_nvr.auth.audit import AuditAction
from mini_nvr.errors import MiniNvrError
from mini_nvr.live.protocol import STREAMS, StreamName

router = APIRouter()

CHECK_SESSION_S: Final = 2.0
"""An indexed read each, 0.3 ms of processor time: nothing next to what a viewer costs."""
CLOSED_SIGNED_OUT: Final = 1008
CLOSED_TRY_AGAIN: Final = 1013


@router.websocket("/api/channel/{ch}/live")
async def live(websocket: WebSocket) -> None:
    """Binary messages: header, init, then parts of one frame each, from the last key frame on.

    Closed with 1013 when the recorder is gone or takes no more viewers (try again), 1008 when the session ended.
    """
    deps, session = deps_of(websocket), signed_in(websocket)
    channel, stream = await run_in_threadpool(_wanted, deps, session.user, websocket)
    over = asyncio.Event()
    with deps.streams.open(session.id, over.set), deps.instruments.viewers.labels(str(channel), stream).track_inprogress():
        if deps.watching.is_new(session.id, channel, f"live {stream}", deps.clock.utc_us()):
            address = caller_of(websocket).address
            await run_in_threadpool(
                deps.audit.record,
                deps.clock.utc_us(),
                AuditAction.WATCH,
                session.user,
                address,
                f"channel {channel}",
                f"live {stream}",
            )
        await websocket.accept()
        code = await _until_over(deps, websocket, session.id, over, _relay(deps, websocket, channel, stream))
    with suppress(RuntimeError, WebSocketDisconnect):
        await websocket.close(code)


def _wanted(deps: Deps, user: str, websocket: WebSocket) -> tuple[int, StreamName]:
    """The channel and the stream of the address.

    Raises:
        Problem: 400 or 404.
    """
    text = websocket.path_params["ch"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 3):
        raise invalid("ch", "not a channel's number", "a number from 1")
    channel = require_channel(deps, user, int(text))
    asked = websocket.query_params.get("stream", "main")
    stream = next((name for name in STREAMS if name == asked), None)
    if stream is None:
        raise invalid("stream", "no such stream", " or ".join(STREAMS))
    settings = deps.channel(channel)
    if settings is None or not settings.enabled:
        raise not_found(f"channel {channel} is not connected", "look at /api/live")
    if stream == "sub" and settings.sub_url is None:
        raise not_found(f"channel {channel} has no sub stream", "watch the main stream, or set its sub stream's URL")
    return channel, stream


async def _relay(deps: Deps, websocket: WebSocket, channel: int, stream: StreamName) -> None:
    """Pass messages on until the recorder ends. A reader that is slow holds up its own connection to the recorder alone."""
    with suppress(MiniNvrError):
        async with deps.recorder.watch(channel, stream) as messages:
            async for message in messages:
                await websocket.send_bytes(message)


async def _until_over(
    deps: Deps, websocket: WebSocket, session_id: str, over: asyncio.Event, relay: Coroutine[object, object, None]
) -> int:
    """Run the relay until it, the viewer, the session or the service ends; nothing is left running."""
    relaying = asyncio.ensure_future(relay)
    watchers = [
        asyncio.ensure_future(_until_gone(websocket)),
        asyncio.ensure_future(_until_signed_out(deps, session_id, over)),
    ]
    try:
        await asyncio.wait([relaying, *watchers], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (relaying, *watchers):
            task.cancel()
        await asyncio.gather(relaying, *watchers, return_exceptions=True)
    if relaying.cancelled():
        return CLOSED_SIGNED_OUT
    error = relaying.exception()
    if error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError):
        raise error
    return CLOSED_TRY_AGAIN


async def _until_gone(websocket: WebSocket) -> None:
    """Until the viewer closes; what it sends means nothing."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _until_signed_out(deps: Deps, session_id: str, over: asyncio.Event) -> None:
    """Ends of this process come at once, those of another (`mini-nvr user reset`) and expiry within CHECK_SESSION_S."""
    while not over.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(CHECK_SESSION_S):
                await over.wait()
        if not await run_in_threadpool(deps.accounts.session_alive, session_id, deps.clock.utc_us(), touch=True):
            return
