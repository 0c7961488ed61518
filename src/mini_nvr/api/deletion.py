"""The deletion of one file, or of all files inside a range (SECURITY S1, storage I4 and I8)."""

import logging
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from mini_nvr.api.caller import AnyCaller, Caller, SignedIn
from mini_nvr.api.channels import ChannelQuery, require_channel
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import Model, unsafe
from mini_nvr.api.instants import Instant, parse_range, show_instant
from mini_nvr.api.problems import Problem, not_found
from mini_nvr.api.recordings import no_such_path, require_few_files
from mini_nvr.auth.audit import AuditAction
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.errors import SegmentError
from mini_nvr.storage.deleter import CatalogBeingFilled, Deleter, Outcome
from mini_nvr.storage.policy import Deletion
from mini_nvr.storage.unlink import first_day_in_use, remove_empty_day
from mini_nvr.storage.volume import NotRecordedYet

router = APIRouter(tags=["recordings"])

LONGEST_PATH: Final = 300
BY_A_USER: Final = "by a user"
DISK_REFUSES: Final = "disk refuses"
GONE_ALREADY: Final = "gone already"
MOST_A_BATCH: Final = 32
_deleting = threading.Lock()  # two who delete the same file: one finds it, the other is told that it is gone

log = logging.getLogger(__name__)


class Deleted(Model):
    """What was deleted."""

    message: str = Field(description="For people.", examples=["Deleted"])
    path: str = Field(description="The recording's `name`.")


class Kept(Model):
    """A file of the range that is still there."""

    path: str = Field(description="The recording's `name`.")
    reason: str = Field(
        description="`live`, `protected`, `reaches out of the range`, `no plain file`, `disk refuses` or `gone already`.",
        examples=["protected"],
    )


class RangeDeleted(Model):
    """What became of the files of a range, oldest first."""

    deleted: list[str] = Field(description="Their paths under RECORD_DIR.")
    kept: list[Kept] = Field(description="What of the range is still there, and why.")
    bytes: int = Field(description="How much room the deleted files took.")


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


@router.delete("/api/recordings", summary="Delete the files inside a range", responses=unsafe(404))
async def delete_recordings(
    channel: ChannelQuery,
    start: Instant,
    end: Instant,
    caller: AnyCaller,
    session: SignedIn,
    deps: Parts,
) -> RangeDeleted:
    """Deletes, for good, every file that lies wholly inside [start, end).

    What is being written or protected stays, and so does a file that reaches out of the range. GET
    `/api/channel/{ch}/recordings?start=&end=` tells beforehand which files there are, and how large they are.
    """
    rows, kept = await run_in_threadpool(_delete_range, deps, session.user, caller, channel, (start, end))
    for row in rows:
        deps.feed.publish({"event": "deleted", "channel": row.channel, "id": row.id, "path": str(row.path)})
    return RangeDeleted(deleted=[str(row.path) for row in rows], kept=kept, bytes=sum(row.size_bytes for row in rows))


def _delete_range(
    deps: Deps, user: str, caller: Caller, channel: int, bounds: tuple[str, str]
) -> tuple[list[SegmentRow], list[Kept]]:
    """The files that are gone, and those that are not; what is refused or deletes nothing is recorded as well."""

    def record(action: AuditAction, detail: str) -> None:
        deps.audit.record(deps.clock.utc_us(), action, user, caller.address, f"channel {channel}", detail)

    try:
        require_channel(deps, user, channel)
        start, end = parse_range(*bounds)
        require_few_files(deps, channel, start, end)
    except Problem as problem:
        record(AuditAction.REFUSED, f"delete: {problem.detail}")
        raise
    rows = [row for row in deps.catalog.segments(channel, start, end) if row.state is not SegmentState.DELETING]
    reasons = {row.id: reason for row in rows if (reason := _reason_to_keep(deps, row, start, end))}
    deleted: list[SegmentRow] = []
    try:
        for some in _batches([row for row in rows if row.id not in reasons]):
            with _deleting:
                gone = _delete_batch(deps, some, reasons)
            deleted += gone
    finally:
        shown = " to ".join(show_instant(moment, deps.settings.zone) for moment in (start, end))
        if deleted:
            record(AuditAction.DELETE, f"{shown}: {len(deleted)} files, {sum(row.size_bytes for row in deleted)} bytes")
            _remove_empty_days(deps, deleted)
        else:
            record(AuditAction.REFUSED, f"delete: {shown}: none of {len(rows)} files")
    return deleted, [Kept(path=str(row.path), reason=reasons[row.id]) for row in rows if row.id in reasons]


def _batches(rows: list[SegmentRow]) -> Iterator[list[SegmentRow]]:
    """Few enough that neither the catalog nor the other one who deletes waits for long."""
    for first in range(0, len(rows), MOST_A_BATCH):
        yield rows[first : first + MOST_A_BATCH]


def _delete_batch(deps: Deps, rows: list[SegmentRow], reasons: dict[int, str]) -> list[SegmentRow]:
    """The rows whose files are gone now (storage I4); why the others stay is added to `reasons`.

    Raises:
        Problem: 503, the folder is not the known volume, or the catalog is being made anew.
    """
    outcome = _carry_out(deps, [Deletion(row, None) for row in rows])
    gone = {deletion.segment.id for deletion in outcome.deleted}
    refused = dict(outcome.refused)
    for path, error in refused.items():
        log.error("%s cannot be deleted: %s", path, error.strerror)
    for row in rows:
        if row.path in refused:
            reasons[row.id] = DISK_REFUSES
        elif row.id not in gone:
            reasons[row.id] = GONE_ALREADY if deps.catalog.segment_at(row.path) is None else "protected"
    return [row for row in rows if row.id in gone]


def _carry_out(deps: Deps, deletions: list[Deletion]) -> Outcome:
    """Raises Problem, as `_delete_batch`."""
    try:
        return Deleter(deps.catalog, deps.record_dir, asked=BY_A_USER).delete(deletions)
    except (NotRecordedYet, SegmentError) as exc:
        log.error("nothing is deleted: %s", exc)  # noqa: TRY400  the cause says it all
        cause = "the recording folder is not the disk that was recorded to, or cannot be written to"
        raise Problem("unavailable", cause, "see that the disk is mounted and well, then delete again") from exc
    except CatalogBeingFilled as exc:
        raise Problem("unavailable", str(exc), "try again later; the log says when it is done") from exc


def _remove_empty_days(deps: Deps, deleted: list[SegmentRow]) -> None:
    before = first_day_in_use(deps.clock.utc_us(), deps.settings.zone)
    for folder in {row.path.parent for row in deleted}:
        remove_empty_day(deps.record_dir, folder, before)


def _reason_to_keep(deps: Deps, row: SegmentRow, start: int, end: int) -> str | None:
    """Instants in answers are milliseconds, cut off: a file lies inside the range that is made of its own."""
    if row.state is SegmentState.GROWING:
        return "live"
    if row.protected:
        return "protected"
    if row.start_utc_us < start or row.end_utc_us // 1000 > end // 1000:
        return "reaches out of the range"
    return None if _is_plain_file_inside(deps, row) else "no plain file"


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
    unknown = no_such_path()
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
    """
    Raises:
        Problem: 404, cleanup was quicker; 409, it was protected meanwhile; 503, the disk refuses, or as `_delete_batch`.
    """
    reasons: dict[int, str] = {}
    if _delete_batch(deps, [row], reasons):
        _remove_empty_days(deps, [row])
    elif reasons[row.id] == GONE_ALREADY:
        raise no_such_path()
    elif reasons[row.id] == DISK_REFUSES:
        raise Problem("unavailable", "the disk refuses to delete the file", "see the log; it is tried again later")
    else:
        raise Problem("protected", "this recording was protected meanwhile", "take the protection away first")


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
