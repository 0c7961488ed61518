"""GET /api/channel/{ch}/frame.jpg: one picture of the past, or the newest one."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from mini_nvr.api.byte_ranges import matches
from mini_nvr.api.caller import SignedIn, caller_of
from mini_nvr.api.channels import ChannelNumber, require_channel
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import binary, guarded
from mini_nvr.api.instants import parse_instant, show_instant
from mini_nvr.api.problems import not_found
from mini_nvr.api.validation import DIGITS_ALONE
from mini_nvr.api.watching import LIVE_STILLS, STILLS
from mini_nvr.auth.audit import AuditAction
from mini_nvr.auth.sessions import Session
from mini_nvr.clock import US_PER_S

router = APIRouter(tags=["playback"])

TIME_HEADER: Final = "X-Frame-Time"
NEWEST_HEADER: Final = "X-Newest-Frame-Time"
SETTLED_AFTER_S: Final = 120
"""What is shown for an instant longer ago than this stays the same, unless the footage is deleted."""

Width = Annotated[
    int | None,
    Query(ge=16, le=7680, description="Pixels; the height follows. The picture's own width without it.", examples=[320]),
    DIGITS_ALONE,
]

At = Annotated[
    str | None,
    Query(
        max_length=40,
        description="RFC 3339 with an offset, or milliseconds since 1970. Without it: the newest picture of the live stream.",
        examples=["2026-11-22T08:00:00+01:00", "1795330800000"],
    ),
]


_SAYS: Final = (
    "The picture; `X-Frame-Time` says when it was taken. For the newest one, `X-Newest-Frame-Time` is the time of the newest frame "
    "that the camera sent; it is later where there was too much to decode."
)


@router.get(
    "/api/channel/{ch}/frame.jpg",
    summary="A still",
    response_class=Response,
    responses={
        **guarded(404),
        **binary("image/jpeg", _SAYS),
        304: {"description": "The newest picture is still the one of `If-None-Match`."},
    },
)
async def frame(
    ch: ChannelNumber, request: Request, session: SignedIn, deps: Parts, at: At = None, width: Width = None
) -> Response:
    """The key frame at or before an instant; where there is no footage, 404 with the gap's cause.

    Without an instant, the newest picture of the live stream, made once for all who ask within the same second; while the camera
    sends none, 404 with the cause.
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
    """Asked for each second or so; while nothing newer came, nothing is decoded or sent."""
    settings = deps.channel(channel)
    if settings is None or not settings.enabled:
        raise not_found(f"channel {channel} is not connected", "ask for a picture of the past with `at`")
    still = await deps.live_stills.newest(deps.recorder, deps.clock, channel, width)
    etag = f'"{still.utc_us}-{width or 0}"'
    headers = {
        "cache-control": "private, no-cache",
        "etag": etag,
        TIME_HEADER: show_instant(still.utc_us, deps.settings.zone),
        NEWEST_HEADER: show_instant(still.newest_utc_us, deps.settings.zone),
    }
    if matches(known, etag):
        return Response(status_code=304, headers=headers)
    return Response(still.jpeg, media_type="image/jpeg", headers=headers)


def _note(deps: Deps, session: Session, address: str, channel: int, what: str, more: str = "") -> None:
    now = deps.clock.utc_us()
    if deps.watching.is_new(session.id, channel, what, now):
        deps.audit.record(now, AuditAction.WATCH, session.user, address, f"channel {channel}", what + more)
