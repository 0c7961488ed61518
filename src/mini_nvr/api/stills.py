"""GET /api/channel/{ch}/frame.jpg: one picture of the past."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from mini_nvr.api.caller import SignedIn
from mini_nvr.api.channels import ChannelNumber, require_channel
from mini_nvr.api.deps import Parts
from mini_nvr.api.documented import binary, guarded
from mini_nvr.api.instants import parse_instant, show_instant
from mini_nvr.api.timeline import Instant
from mini_nvr.clock import US_PER_S

router = APIRouter(tags=["playback"])

TIME_HEADER: Final = "X-Frame-Time"
SETTLED_AFTER_S: Final = 120
"""What is shown for an instant longer ago than this stays the same, unless the footage is deleted."""

Width = Annotated[
    int | None, Query(ge=16, le=7680, description="Pixels; the height follows. The picture's own width without it.", examples=[320])
]


@router.get(
    "/api/channel/{ch}/frame.jpg",
    summary="A still",
    response_class=Response,
    responses={**guarded(404), **binary("image/jpeg", "The picture; `X-Frame-Time` says when it was taken")},
)
def frame(ch: ChannelNumber, at: Instant, session: SignedIn, deps: Parts, width: Width = None) -> Response:
    """The key frame at or before an instant. Where there is no footage: 404 with the gap's cause."""
    require_channel(deps, session.user, ch)
    at_utc_us = parse_instant("at", at)
    still = deps.stills.still(ch, at_utc_us, width)
    settled = deps.clock.utc_us() - at_utc_us > SETTLED_AFTER_S * US_PER_S
    headers = {
        "cache-control": "private, max-age=3600" if settled else "no-store",
        TIME_HEADER: show_instant(still.utc_us, deps.settings.zone),
    }
    return Response(still.jpeg, media_type="image/jpeg", headers=headers)
