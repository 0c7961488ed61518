"""GET /api/channel/{ch}/playlist.m3u8: HLS out of the files, by byte range."""

from fastapi import APIRouter, Response

from mini_nvr.api.caller import AnyCaller, SignedIn
from mini_nvr.api.channels import ChannelNumber, require_channel
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import guarded
from mini_nvr.api.instants import Instant, parse_instant, parse_range
from mini_nvr.api.media import version_of
from mini_nvr.auth.audit import AuditAction
from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.playback_queries import playable_segments
from mini_nvr.playback.hls import Uri
from mini_nvr.playback.playlist import playlist

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
    ch: ChannelNumber, start: Instant, caller: AnyCaller, session: SignedIn, deps: Parts, end: Instant | None = None
) -> Response:
    """The footage between two instants, at most 25 hours; without `end`, a live playlist that grows at each checkpoint."""
    require_channel(deps, session.user, ch)
    if end is None:
        first, last = parse_instant("start", start), None
    else:
        first, last = parse_range(start, end)
    now = deps.clock.utc_us()
    if deps.watching.is_new(session.id, ch, "playback", now):
        deps.audit.record(now, AuditAction.WATCH, session.user, caller.address, f"channel {ch}", f"playback from {start}")
    uri = segment_uri if last is None or last > now else versioned_uri(deps, ch, first, last)
    text = playlist(deps.catalog, ch, first, last, now_utc_us=now, uri=uri)
    return Response(text, media_type=MEDIA_TYPE, headers={"cache-control": "private, no-cache"})


def segment_uri(segment_id: int) -> str:
    """The address of a file, from the root of the server."""
    return f"/api/segments/{segment_id}.mp4"


def versioned_uri(deps: Deps, channel: int, start_utc_us: int, end_utc_us: int) -> Uri:
    """Addresses whose answers may be cached for ever. Not for playlists that grow: a file keeps its address while it is listed."""
    rows = playable_segments(deps.catalog, channel, start_utc_us, end_utc_us)
    versions = {row.id: version_of(row) for row in rows if row.state is SegmentState.SEALED}

    def uri(segment_id: int) -> str:
        version = versions.get(segment_id)
        return segment_uri(segment_id) + (f"?v={version}" if version is not None else "")

    return uri
