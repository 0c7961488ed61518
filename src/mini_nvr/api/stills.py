"""GET /api/channel/{ch}/frame.jpg: one picture of the past, or the newest one."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from mini_nvr.api import live_still
from mini_nvr.api.byte_ranges import matches
from mini_nvr.api.caller import SignedIn, caller_of
from mini_nvr.api.channels import ChannelNumber, require_channel
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import binary, guarded
from mini_nvr.api.instants import parse_instant, show_instant
from mini_nvr.api.watching import LIVE_STILLS, STILLS
from mini_nvr.auth.audit import AuditAction
from mini_nvr.auth.sessions import Session
from mini_nvr.clock import US_PER_S

router = APIRouter(tags=["playback"])

TIME_HEADER: Final = "X-Frame-Time"
SETTLED_AFTER_S: Final = 120
"""What is shown for an instant longer ago than this stays the same, unless the footage is deleted."""

Width = Annotated[
    int | None, Query(ge=16, le=7680, description="Pixels; the height follows. The picture's own width without it.", examples=[320])
]


At = Annotated[
    str | None,
    Query(
        max_length=40,
        description="RFC 3339 with an offset, or milliseconds since 1970. Without it: the newest picture of the live stream.",
        examples=["2026-11-22T08:00:00+01:00", "1795330800000"],
    ),
]


@router.get(
    "/api/channel/{ch}/frame.jpg",
    summary="A still",
    response_class=Response,
    responses={
        **guarded(404),
        **binary("image/jpeg", "The picture; `X-Frame-Time` says when it was taken"),
        304: {"description": "The newest picture is still the one of `If-None-Match`."},
    },
)
async def frame(
    ch: ChannelNumber, request: Request, session: SignedIn, deps: Parts, at: At = None, width: Width = None
) -> Response:
    """The key frame at or before an instant; where there is no footage, 404 with the gap's cause.

    Without an instant, the newest key frame of the live stream; while the camera sends none, 404 with the cause.
    """
    address = caller_of(request).address
    if at is not None:
        return await run_in_threadpool(_recorded, deps, session, address, ch, parse_instant("at", at), width)
    await run_in_threadpool(require_channel, deps, session.user, ch)
    answer = await _newest(deps, ch, width, request.headers.get("if-none-match"))
    await run_in_threadpool(_note, deps, session, address, ch, LIVE_STILLS)
    return answer


def _recorded(deps: Deps, session: Session, address: str, channel: int, at_utc_us: int, width: int | None) -> Response:
    require_channel(deps, session.user, channel)
    still = deps.stills.still(channel, at_utc_us, width)
    settled = deps.clock.utc_us() - at_utc_us > SETTLED_AFTER_S * US_PER_S
    headers = {
        "cache-control": "private, max-age=3600" if settled else "no-store",
        TIME_HEADER: show_instant(still.utc_us, deps.settings.zone),
    }
    _note(deps, session, address, channel, STILLS, f" from {headers[TIME_HEADER]}")
    return Response(still.jpeg, media_type="image/jpeg", headers=headers)


async def _newest(deps: Deps, channel: int, width: int | None, known: str | None) -> Response:
    """Asked for each second or so: while the key frame is the same, nothing is decoded."""
    found = await live_still.newest_key_frame(deps, channel)
    etag = f'"{found.utc_us}-{width or 0}"'
    headers = {"cache-control": "private, no-cache", "etag": etag, TIME_HEADER: show_instant(found.utc_us, deps.settings.zone)}
    if matches(known, etag):
        return Response(status_code=304, headers=headers)
    return Response(await live_still.jpeg_of(found, width), media_type="image/jpeg", headers=headers)


def _note(deps: Deps, session: Session, address: str, channel: int, what: str, more: str = "") -> None:
    now = deps.clock.utc_us()
    if deps.watching.is_new(session.id, channel, what, now):
        deps.audit.record(now, AuditAction.WATCH, session.user, address, f"channel {channel}", what + more)
