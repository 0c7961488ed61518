"""GET /api/events: what happens, as server-sent events (WHATWG HTML section 9.2)."""

import json
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from mini_nvr.api.caller import SignedIn
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import guarded
from mini_nvr.api.ports import RecorderEvent
from mini_nvr.auth.sessions import Session
from mini_nvr.clock import NS_PER_S

router = APIRouter(tags=["live"])

MEDIA_TYPE: Final = "text/event-stream"
BEAT_S: Final = 5.0
"""So often the stream tells the time, so that a reader that hears nothing for longer knows that the line is cut."""
RETRY_MS: Final = 2_000
EVENT: Final = {
    "type": "object",
    "description": "One event of the stream.",
    "properties": {"data": {"type": "string", "contentMediaType": "application/json"}},
    "required": ["data"],
}


@router.get(
    "/api/events",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses={
        **guarded(),
        200: {"description": "Server-sent events", "content": {MEDIA_TYPE: {"schema": EVENT}}},
    },
)
async def events(session: SignedIn, deps: Parts) -> StreamingResponse:
    """Each event is JSON with a key `event`.

    `recorder` (it runs or not), `channel` (its state; all of them at first), `gap` (one begins or ends), `segmentOpened`,
    `segmentSealed`, `deleted` (a file, by a user or by cleanup), `protected` (a range is protected or is no more), `storageAlarm`
    (a disk keeps footage from being written, a limit cannot be kept, the catalog takes no changes or is filled anew, the system
    clock was set; `over` when that has ended), `clock` (the recorder's, `utcUs`, every 5 seconds: silence for longer means that the
    line is cut), and `lost`: this reader was too slow and should ask anew for what it shows. Listening alone keeps no session
    alive; watching live does.
    """
    return StreamingResponse(_stream(deps, session), media_type=MEDIA_TYPE, headers={"x-accel-buffering": "no"})


async def _stream(deps: Deps, session: Session) -> AsyncIterator[str]:
    gauge = deps.instruments.listeners
    with deps.feed.listen() as listener, deps.streams.open(session.id, listener.close), gauge.track_inprogress():
        yield f"retry: {RETRY_MS}\n\n" + as_text({"event": "recorder", "running": deps.feed.recorder_running})
        told_ns = deps.clock.monotonic_ns()
        while not listener.closed:
            event = await listener.next(BEAT_S)
            if event is not None and _concerns(deps, session.user, event):
                yield as_text(event)
            if event is None or deps.clock.monotonic_ns() - told_ns >= BEAT_S * NS_PER_S:
                if not await run_in_threadpool(deps.accounts.session_alive, session.id, deps.clock.utc_us()):
                    break
                told_ns = deps.clock.monotonic_ns()
                yield as_text({"event": "clock", "utcUs": deps.clock.utc_us()})


def _concerns(deps: Deps, user: str, event: RecorderEvent) -> bool:
    """Events about a channel are for those who may watch it (SECURITY S3)."""
    channel = event.get("channel")
    return not isinstance(channel, int) or deps.accounts.may_watch(user, channel)


def as_text(event: RecorderEvent) -> str:
    """One event on the wire; JSON holds no line break."""
    return f"data: {json.dumps(dict(event), ensure_ascii=False, separators=(',', ':'))}\n\n"
