"""The days and files of a channel, and the deletion of one file (SECURITY S1, storage I4)."""

import logging
import os
import stat
import threading
from pathlib import PurePosixPath
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mini_nvr.api.caller import AnyCaller, Caller, SignedIn
from mini_nvr.api.channels import ChannelNumber, OptionalChannel, require_channel
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import Model, as_json, guarded, unsafe
from mini_nvr.api.instants import parse_date, show_instant
from mini_nvr.api.problems import Problem, not_found
from mini_nvr.auth.audit import AuditAction
from mini_nvr.catalog import footage
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.playback_queries import playable_segments
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.days import dates, day_bounds

router = APIRouter(tags=["recordings"])

LONGEST_PATH: Final = 300
_TIME_OF_DAY: Final = slice(11, 19)  # of an RFC 3339 text
_UNITS: Final = ("B", "KB", "MB", "GB", "TB")
_deleting = threading.Lock()  # two who delete the same file: one finds it, the other is told that it is gone

log = logging.getLogger(__name__)


class Dates(Model):
    """Days with footage."""

    dates: list[str] = Field(description="YYYY-MM-DD in the configured time zone, newest first.", examples=[["2026-11-22"]])


class Recording(Model):
    """One file of footage."""

    id: int = Field(description="For `/api/segments/{id}.mp4`.")
    name: str = Field(description="Path under RECORD_DIR.", examples=["ch1/2026-11-22/080000+0100.mp4"])
    start_time: str = Field(description="Local HH:MM:SS.", examples=["08:00:00"])
    datetime: str = Field(description="Start, RFC 3339 with offset.")
    start: int = Field(description="Start, milliseconds since 1970.")
    end: int = Field(description="End, milliseconds since 1970; while it grows, of what is on the disk.")
    size: str = Field(description="For people.", examples=["120.4 MB"])
    bytes: int
    duration: float | None = Field(description="Seconds; null while it grows.")
    live: bool = Field(description="It is being written.")
    container: str
    codec: str | None = Field(description="RFC 6381 codec strings.", examples=["avc1.640028,mp4a.40.2"])
    protected: bool


class Recordings(Model):
    """The files of one day, oldest first."""

    recordings: list[Recording]


class Deleted(Model):
    """What was deleted."""

    message: str
    path: str


@router.get("/api/dates", summary="Days with footage", responses=guarded(404))
def list_dates(session: SignedIn, deps: Parts, channel: OptionalChannel = None) -> Dates:
    """The days on which a channel, or any channel, has footage."""
    if channel is not None:
        require_channel(deps, session.user, channel)
    return Dates(dates=dates(deps.catalog, channel, deps.settings.zone))


@router.get("/api/channel/{ch}/recordings", summary="The files of a day", response_model=Recordings, responses=guarded(404))
def list_recordings(
    ch: ChannelNumber,
    date: Annotated[str, Query(description="YYYY-MM-DD in the configured time zone.", examples=["2026-11-22"])],
    session: SignedIn,
    deps: Parts,
) -> Response:
    """Every file with footage of that day; the first one may have begun on the day before."""
    require_channel(deps, session.user, ch)
    start, end = day_bounds(parse_date("date", date), deps.settings.zone)
    rows = playable_segments(deps.catalog, ch, start, end) if start < end else []
    return as_json(Recordings(recordings=[_show(deps, row) for row in rows]))


def _show(deps: Deps, row: SegmentRow) -> Recording:
    growing = row.state is SegmentState.GROWING
    shown = show_instant(row.start_utc_us, deps.settings.zone)
    return Recording(
        id=row.id,
        name=str(row.path),
        start_time=shown[_TIME_OF_DAY],
        datetime=shown,
        start=row.start_utc_us // 1000,
        end=row.end_utc_us // 1000,
        size=size_text(row.size_bytes),
        bytes=row.size_bytes,
        duration=None if growing else row.duration_us / US_PER_S,
        live=growing,
        container=row.container,
        codec=",".join(codec for codec in (row.video_codec, row.audio_codec) if codec) or None,
        protected=row.protected,
    )


def size_text(size_bytes: int) -> str:
    """`1.5 GB`; units of 1024."""
    value = float(size_bytes)
    for unit in _UNITS[:-1]:
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} {_UNITS[-1]}"


@router.delete("/api/recording", summary="Delete a file", responses=unsafe(404, 409))
async def delete_recording(
    path: Annotated[
        str,
        Query(
            min_length=1, max_length=LONGEST_PATH, description="A recording's `name`.", examples=["ch1/2026-11-22/080000+0100.mp4"]
        ),
    ],
    caller: AnyCaller,
    session: SignedIn,
    deps: Parts,
) -> Deleted:
    """Deletes a recording for good. One that is being written, or that is protected, stays."""
    row = await run_in_threadpool(_delete, deps, session.user, caller, path)
    deps.feed.publish({"event": "deleted", "channel": row.channel, "id": row.id, "path": path})
    return Deleted(message="Deleted", path=path)


def _delete(deps: Deps, user: str, caller: Caller, path: str) -> SegmentRow:
    def record(action: AuditAction, detail: str) -> None:
        deps.audit.record(deps.clock.utc_us(), action, user, caller.address, path, detail)

    try:
        with _deleting:
            row = _find(deps, user, path)
            _remove(deps, row)
    except Problem as problem:
        record(AuditAction.REFUSED, f"delete: {problem.detail}")
        raise
    record(AuditAction.DELETE, f"channel {row.channel}, {row.size_bytes} bytes")
    return row


def _find(deps: Deps, user: str, path: str) -> SegmentRow:
    """The recording whose catalog path is exactly `path`; no other path leads to a file (SECURITY S1).

    Raises:
        Problem: 404; 409 while it is live or protected.
    """
    unknown = not_found("no recording has this path", "send a `name` out of /api/channel/{ch}/recordings")
    if "\0" in path or not path.isprintable():
        raise unknown
    row = deps.catalog.segment_at(PurePosixPath(path))
    if row is None or str(row.path) != path or row.state is SegmentState.DELETING:
        raise unknown
    if not deps.accounts.may_watch(user, row.channel):
        raise unknown
    if row.state is SegmentState.GROWING:
        raise Problem("live", "this recording is still being written", "delete it when it is complete")
    if row.protected:
        raise Problem("protected", "this recording is protected", "take the protection away first")
    if not _is_plain_file_inside(deps, row):
        raise not_found("this recording's file is not a plain file in the recording folder", "see what happened to the folder")
    return row


def _remove(deps: Deps, row: SegmentRow) -> None:
    """Storage I4: mark, unlink, sync the folder, drop the row; what a crash leaves is finished at the next start.

    Raises:
        Problem: 409, it was protected meanwhile; 503, the disk refuses.
    """
    if not deps.catalog.mark_deleting([row.id]):
        raise Problem("protected", "this recording was protected meanwhile", "take the protection away first")
    try:
        footage.remove(deps.record_dir, row.path)
    except OSError as exc:
        log.error("%s cannot be deleted: %s", row.path, exc.strerror)  # noqa: TRY400  the cause says it all
        raise Problem("unavailable", "the disk refuses to delete the file", "see the log; the next start tries again") from exc
    deps.catalog.forget([row.id], detail="by a user")


def _is_plain_file_inside(deps: Deps, row: SegmentRow) -> bool:
    """No link on the way and nothing but a regular file; a file that is gone already may be forgotten."""
    try:
        root = deps.record_dir.resolve(strict=True)
        target = root / row.path
        if target.parent.resolve(strict=True) != target.parent or not target.is_relative_to(root):
            return False
        return stat.S_ISREG(os.lstat(target).st_mode)
    except FileNotFoundError:
        return True
    except OSError:
        return False
