"""Protecting footage: cleanup never deletes it (storage I8), and neither does a user before the protection is taken away."""

from collections.abc import Callable, Iterable
from functools import partial
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
from mini_nvr.api.problems import Problem
from mini_nvr.api.recordings import no_such_path
from mini_nvr.auth.audit import AuditAction
from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.protecting import protect_file, protect_range
from mini_nvr.catalog.protection_list import write_protection_list
from mini_nvr.storage.volume import require_known_volume

router = APIRouter(tags=["recordings"])

LONGEST_PATH: Final = 300

PathQuery = Annotated[
    str,
    Query(min_length=1, max_length=LONGEST_PATH, description="A recording's `name`.", examples=["ch1/2026-11-22/080000+0100.mp4"]),
]


class Protection(Model):
    """One recording as it is now."""

    path: str = Field(description="Its `name`.")
    protected: bool = Field(description="Cleanup never deletes it.")


class RangeProtection(Model):
    """The recordings of a range as they are now."""

    files: int = Field(description="How many there are.")
    bytes: int = Field(description="What they take.")
    start: str | None = Field(description="Where the first of them begins, RFC 3339; null: there is none.")
    end: str | None = Field(description="Where the last of them ends.")
    protected: bool = Field(description="Whether cleanup keeps them now.")


@router.post("/api/recording/protect", summary="Protect a file", responses=unsafe(404))
async def protect_recording(path: PathQuery, caller: AnyCaller, session: SignedIn, deps: Parts) -> Protection:
    """Cleanup keeps the recording until the protection is taken away; one that is still being written may be protected too."""
    return await _change_file(deps, session.user, caller, path, protected=True)


@router.delete("/api/recording/protect", summary="End a file's protection", responses=unsafe(404))
async def unprotect_recording(path: PathQuery, caller: AnyCaller, session: SignedIn, deps: Parts) -> Protection:
    """The recording goes when its turn comes. It is not deleted by this."""
    return await _change_file(deps, session.user, caller, path, protected=False)


@router.post("/api/recordings/protect", summary="Protect the files of a range", responses=unsafe(404))
async def protect_recordings(
    channel: ChannelQuery, start: Instant, end: Instant, caller: AnyCaller, session: SignedIn, deps: Parts
) -> RangeProtection:
    """Protects every file of a channel with footage of [start, end), whole files as they are. What is recorded later is not."""
    return await _change_range(deps, session.user, caller, (channel, start, end), protected=True)


@router.delete("/api/recordings/protect", summary="End the protection of a range", responses=unsafe(404))
async def unprotect_recordings(
    channel: ChannelQuery, start: Instant, end: Instant, caller: AnyCaller, session: SignedIn, deps: Parts
) -> RangeProtection:
    """Takes the protection away from every file of a channel with footage of [start, end). Nothing is deleted by this."""
    return await _change_range(deps, session.user, caller, (channel, start, end), protected=False)


async def _change_file(deps: Deps, user: str, caller: Caller, path: str, *, protected: bool) -> Protection:
    row = await run_in_threadpool(_protect_file, deps, user, caller, path, protected)
    _publish(deps, [row], protected)
    return Protection(path=str(row.path), protected=row.protected)


def _protect_file(deps: Deps, user: str, caller: Caller, path: str, protected: bool) -> SegmentRow:
    """
    Raises:
        Problem: 404, there is no such recording for this user, or it is being deleted.
    """
    record = _recorder(deps, user, caller, path)
    try:
        row = _protect_one(deps, user, path, protected)
    except Problem as problem:
        record(AuditAction.REFUSED, f"{_action(protected)}: {problem.detail}")
        raise
    _write_down(deps, [row])
    record(_action(protected), f"channel {row.channel}")
    return row


def _protect_one(deps: Deps, user: str, path: str, protected: bool) -> SegmentRow:
    unknown = no_such_path()
    if "\0" in path or not path.isprintable():
        raise unknown
    name = PurePosixPath(path)
    found = deps.catalog.segment_at(name)
    if found is None or str(found.path) != path or not deps.accounts.may_watch(user, found.channel):
        raise unknown
    row = protect_file(deps.catalog, name, protected=protected)
    if row is None:
        raise unknown
    return row


async def _change_range(deps: Deps, user: str, caller: Caller, wanted: tuple[int, str, str], *, protected: bool) -> RangeProtection:
    rows = await run_in_threadpool(_protect_range, deps, user, caller, wanted, protected)
    _publish(deps, rows, protected)
    zone = deps.settings.zone
    return RangeProtection(
        files=len(rows),
        bytes=sum(row.size_bytes for row in rows),
        start=show_instant(rows[0].start_utc_us, zone) if rows else None,
        end=show_instant(max(row.end_utc_us for row in rows), zone) if rows else None,
        protected=protected,
    )


def _protect_range(deps: Deps, user: str, caller: Caller, wanted: tuple[int, str, str], protected: bool) -> list[SegmentRow]:
    channel, start, end = wanted
    record = _recorder(deps, user, caller, f"channel {channel}")
    try:
        require_channel(deps, user, channel)
        first, last = parse_range(start, end)
    except Problem as problem:
        record(AuditAction.REFUSED, f"{_action(protected)}: {problem.detail}")
        raise
    rows = protect_range(deps.catalog, channel, first, last, protected=protected)
    _write_down(deps, rows)
    shown = " to ".join(show_instant(moment, deps.settings.zone) for moment in (first, last))
    record(_action(protected), f"{shown}: {len(rows)} files, {sum(row.size_bytes for row in rows)} bytes")
    return rows


def _recorder(deps: Deps, user: str, caller: Caller, target: str) -> Callable[[str, str], None]:
    """What makes the audit record, of an action and its detail."""

    def record(action: str, detail: str) -> None:
        deps.audit.record(deps.clock.utc_us(), action, user, caller.address, target, detail)

    return record


def _publish(deps: Deps, rows: list[SegmentRow], protected: bool) -> None:
    if rows:
        start, end = rows[0].start_utc_us, max(row.end_utc_us for row in rows)
        fields = {"channel": rows[0].channel, "startUtcUs": start, "endUtcUs": end, "protected": protected}
        deps.feed.publish({"event": "protected", **fields})


def _action(protected: bool) -> str:
    return "protect" if protected else "end protection"


def _write_down(deps: Deps, rows: Iterable[SegmentRow]) -> None:
    """For the case that the catalog is lost; what goes wrong there is in the log."""
    verify = partial(require_known_volume, deps.record_dir, deps.settings.data_dir)
    write_protection_list(deps.catalog, deps.record_dir, verify, ended=[row.path for row in rows if not row.protected])
