"""Footage files by their catalog id: what playlists point to, and what a download takes."""

import hashlib
import os
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mini_nvr.api.byte_answer import byte_answer
from mini_nvr.api.caller import Caller, SignedIn, caller_of
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import binary, guarded
from mini_nvr.api.file_source import FileSource
from mini_nvr.api.problems import not_found
from mini_nvr.api.validation import DIGITS_ALONE
from mini_nvr.api.watching import PLAYBACK
from mini_nvr.auth.audit import AuditAction
from mini_nvr.auth.sessions import Session
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.playback_queries import segment_by_id
from mini_nvr.errors import CatalogError
from mini_nvr.playback.files import open_plain

router = APIRouter(tags=["playback"])

MEDIA_TYPES: Final = {"mp4": "video/mp4", "mkv": "video/x-matroska"}
IMMUTABLE: Final = "private, max-age=31536000, immutable"
REVALIDATED: Final = "private, no-cache"
NOT_KEPT: Final = "no-store"
"""Who kept a range of a growing file asks for the next with its tag (`If-Range`), which is another one by then, and gets all."""
HIGHEST_ID: Final = 2**53 - 1

Version = Annotated[
    str | None,
    Query(
        max_length=32,
        description="As playlists name it; with it, the answer may be cached for ever.",
        examples=["40f00417ac90b691"],
    ),
]
SegmentId = Annotated[
    int, PathParameter(alias="id", ge=1, le=HIGHEST_ID, description="The recording's `id`.", examples=[1]), DIGITS_ALONE
]


@router.api_route("/api/segments/{id}.mp4", methods=["HEAD"], include_in_schema=False)
@router.get(
    "/api/segments/{id}.mp4",
    summary="One file of footage",
    response_class=Response,
    responses={**guarded(404), **binary("video/mp4", "The file", ranges=True)},
)
async def segment_file(request: Request, *, segment_id: SegmentId, session: SignedIn, deps: Parts, v: Version = None) -> Response:
    """The file, whole or one range of it. Several ranges in one request are refused.

    A sealed file never changes. A growing one is served up to its last checkpoint: what is served is on the disk. Bytes that were
    served once stay as they are. Ids begin anew when a lost catalog is rebuilt, so only `v` makes an answer good for ever.
    """
    row = await run_in_threadpool(find_segment, deps, segment_id, session.user)
    version = version_of(row)
    if v is not None and v != version:
        raise not_found(f"recording {segment_id} is another one now", "ask for the playlist again")
    if request.method == "GET" and deps.watching.is_new(session.id, row.channel, PLAYBACK, deps.clock.utc_us()):
        await run_in_threadpool(_record, deps, session, caller_of(request), row)
    fd = await run_in_threadpool(open_footage, deps.record_dir, row)
    size = row.size_bytes if row.state is SegmentState.GROWING else os.fstat(fd).st_size
    sealed = row.state is SegmentState.SEALED
    return await byte_answer(
        request,
        FileSource(row.path.as_posix(), fd, sealed=sealed),
        size_bytes=size,
        etag=f'"{version}-{size}{"" if sealed else "-growing"}"',
        media_type=MEDIA_TYPES[row.container],
        headers={"cache-control": _cache_control(row, named=v is not None)},
    )


def _cache_control(row: SegmentRow, *, named: bool) -> str:
    """named: the address has the recording's version."""
    if row.state is SegmentState.GROWING:
        return NOT_KEPT
    return IMMUTABLE if named and row.state is SegmentState.SEALED else REVALIDATED


def _record(deps: Deps, session: Session, caller: Caller, row: SegmentRow) -> None:
    """Whoever plays a playlist has a record of it by now; this is for files that are asked for by themselves."""
    now = deps.clock.utc_us()
    deps.audit.record(now, AuditAction.WATCH, session.user, caller.address, f"channel {row.channel}", f"playback of {row.path}")


def version_of(row: SegmentRow) -> str:
    """Tells a recording from every other one that may have its id in another catalog."""
    text = f"{row.path} {row.start_utc_us} {row.run_id} {row.number}"
    return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()


def find_segment(deps: Deps, segment_id: int, user: str) -> SegmentRow:
    """A recording that this user may watch; called on a thread.

    Raises:
        Problem: 404, also for one that is being deleted or that belongs to a channel the user may not watch (SECURITY S3).
    """
    row = segment_by_id(deps.catalog, segment_id)
    if row is None or not deps.accounts.may_watch(user, row.channel):
        raise not_found(
            f"there is no recording {segment_id}", "it may have been deleted meanwhile: list the day's recordings again"
        )
    return row


def open_footage(record_dir: Path, row: SegmentRow) -> int:
    """A descriptor of a recording's file: a regular file inside the recording folder, reached through no link (SECURITY S1).

    Raises:
        Problem: 404, the file is not there, or something else is in its place.
    """
    try:
        return open_plain(record_dir, row.path)
    except (OSError, ValueError, CatalogError) as exc:
        raise not_found(
            f"the file of recording {row.id} cannot be read", "see that the recording disk is there; the log may say more"
        ) from exc
