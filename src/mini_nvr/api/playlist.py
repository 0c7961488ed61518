"""GET /api/channel/{ch}/playlist.m3u8: HLS out of the files, by byte range."""

from fastapi import APIRouter, Response
from starlette.responses import StreamingResponse

from mini_nvr.api.caller import AnyCaller, SignedIn
from mini_nvr.api.channels import ChannelNumber, require_channel
from mini_nvr.api.deps import Parts
from mini_nvr.api.documented import guarded
from mini_nvr.api.instants import Instant, OptionalInstant, parse_instant, parse_range
from mini_nvr.api.media import version_of
from mini_nvr.api.watching import PLAYBACK
from mini_nvr.auth.audit import AuditAction
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.playback.playlist import playlist_text

router = APIRouter(tags=["playback"])

MEDIA_TYPE = "application/vnd.apple.mpegurl"


@router.get(
    "/api/channel/{ch}/playlist.m3u8",
    summary="HLS playlist",
    response_class=Response,
    responses={
        **guarded(404),
        200: {"description": "The playlist (RFC 8216)", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
    },
)
def media_playlist(
    ch: ChannelNumber, start: Instant, caller: AnyCaller, session: SignedIn, deps: Parts, end: OptionalInstant = None
) -> Response:
    """The footage between two instants, of any length; without `end`, a live playlist that grows at each checkpoint."""
    require_channel(deps, session.user, ch)
    if end is None:
        first, last = parse_instant("start", start), None
    else:
        first, last = parse_range(start, end)
    now = deps.clock.utc_us()
    if deps.watching.is_new(session.id, ch, PLAYBACK, now):
        deps.audit.record(now, AuditAction.WATCH, session.user, caller.address, f"channel {ch}", f"playback from {start}")
    growing = last is None or last > now
    text = playlist_text(deps.catalog, ch, first, last, now_utc_us=now, uri=growing_uri if growing else versioned_uri)
    answer = Response if isinstance(text, str) else StreamingResponse
    return answer(text, media_type=MEDIA_TYPE, headers={"cache-control": "private, no-cache"})


def growing_uri(row: SegmentRow) -> str:
    """The address of a file, from the root of the server: the same while the file is listed."""
    return f"/api/segments/{row.id}.mp4"


def versioned_uri(row: SegmentRow) -> str:
    """An address whose answer may be cached for ever, once the file is sealed. Not for playlists that grow."""
    return growing_uri(row) + (f"?v={version_of(row)}" if row.state is SegmentState.SEALED else "")
