"""GET /api/storage: what the footage takes, and for how long it lasts; from counters, not from a walk over the disk."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mini_nvr.api.caller import SignedIn
from mini_nvr.api.config import BYTES_PER_GB
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import Model, as_json, guarded
from mini_nvr.api.instants import show_instant
from mini_nvr.catalog.space import oldest_deletable, protected_bytes
from mini_nvr.catalog.usage import ChannelUsage, usage_per_channel
from mini_nvr.errors import MiniNvrError
from mini_nvr.storage.forecast import Rates, forecast, oldest_goes_at
from mini_nvr.storage.limits import limits_of

router = APIRouter(tags=["system"])


class ChannelStorage(Model):
    """What one channel takes."""

    channel: int = Field(description="Its number.")
    bytes: int = Field(description="All its footage.")
    oldest: str | None = Field(description="Where its footage begins, RFC 3339.")
    newest: str | None = Field(description="Where its footage ends, RFC 3339.")
    bytes_per_day: int = Field(description="Of unbroken recording, over the last week with footage.")
    protected_bytes: int = Field(description="Of `bytes`, what cleanup never deletes.")


class ChannelLimit(Model):
    """The limits of one channel alone; null: none."""

    channel: int = Field(description="Its number.")
    max_gb: float | None = Field(alias="maxGB", description="The most that its footage may take.")
    retention_days: float | None = Field(description="Its footage that is older goes.")


class StorageLimits(Model):
    """What cleanup keeps; null: no such limit."""

    max_gb: float | None = Field(alias="maxGB", description="The most that all footage may take.")
    min_free_gb: float | None = Field(alias="minFreeGB", description="To be kept free on the volume.")
    retention_days: float | None = Field(description="Footage that is older goes.")
    channels: list[ChannelLimit] = Field(description="Channels with limits of their own.")


class StorageAlarm(Model):
    """Something that the owner has to do something about."""

    kind: str = Field(description="Stable, for programs.", examples=["protected footage exceeds the limit"])
    message: str = Field(description="Cause and remedy.")
    since: str | None = Field(description="RFC 3339; null: not known.")


class Storage(Model):
    """GB are 2^30 bytes. Of the two forecasts, one is null; both are while nothing is known of the rate."""

    used_gb: float = Field(alias="usedGB", description="All footage.")
    max_gb: float | None = Field(alias="maxGB", description="The most that footage may take; null: no limit.")
    free_gb: float | None = Field(alias="freeGB", description="On the volume; null: it is not there.")
    per_channel: list[ChannelStorage] = Field(description="Those that the user may watch and that have footage.")
    days_until_full: float | None = Field(description="Until the oldest footage has to go.")
    days_kept: float | None = Field(description="How far back footage reaches when it is full.")
    protected_bytes: int = Field(description="What cleanup never deletes, of all footage.")
    oldest_goes_at: str | None = Field(
        description="When the next file is deleted if recording goes on as it does, RFC 3339; null: never, or nobody can tell."
    )
    limits: StorageLimits = Field(description="As they are set.")
    alarms: list[StorageAlarm] = Field(description="Those that hold now.")


@router.get("/api/storage", summary="Space", response_model=Storage, responses=guarded())
async def storage(session: SignedIn, deps: Parts) -> Response:
    """Space used and left, what that means in days, and what is wrong."""
    status = await storage_status(deps)
    return await run_in_threadpool(lambda: as_json(_storage(deps, session.user, status)))


async def storage_status(deps: Deps) -> Mapping[str, Any] | None:
    """What the storage service says; None while it does not answer."""
    try:
        return await deps.storage.status()
    except MiniNvrError:
        return None


def _storage(deps: Deps, user: str, status: Mapping[str, Any] | None) -> Storage:
    settings = deps.settings
    with deps.catalog.database.view():
        usage, guarded_bytes, oldest = (
            usage_per_channel(deps.catalog),
            protected_bytes(deps.catalog),
            oldest_deletable(deps.catalog),
        )
    used, free = sum(one.size_bytes for one in usage), free_bytes(deps)
    recorded = {channel.number for channel in settings.channels if channel.enabled}
    per_day = {one.channel: one.bytes_per_day for one in usage if one.channel in recorded}
    room = room_bytes(used, settings.max_storage_bytes, free, settings.min_free_bytes or 0)
    ahead = (status or {}).get("aheadBytes") or 0
    room = None if room is None else max(0, room - ahead)
    rates, limits = Rates({one.channel: one.size_bytes for one in usage}, per_day, room), limits_of(settings)
    coming = forecast(rates, limits, guarded_bytes, settings.retention_days)
    kept = settings.max_storage_bytes is not None or settings.min_free_bytes is not None
    goes_at = oldest_goes_at(oldest, rates if kept else replace(rates, room=None), limits, deps.clock.utc_us())
    return Storage(
        usedGB=_gigabytes(used),
        maxGB=_gigabytes_or_none(settings.max_storage_bytes),
        freeGB=_gigabytes_or_none(free),
        per_channel=_per_channel(deps, user, usage, guarded_bytes),
        days_until_full=coming.days_until_full,
        days_kept=coming.days_kept,
        protected_bytes=sum(guarded_bytes.values()),
        oldest_goes_at=None if goes_at is None else show_instant(goes_at, settings.zone),
        limits=_limits(deps, user),
        alarms=_alarms(deps, status),
    )


def _limits(deps: Deps, user: str) -> StorageLimits:
    settings = deps.settings
    return StorageLimits(
        maxGB=_gigabytes_or_none(settings.max_storage_bytes),
        minFreeGB=_gigabytes_or_none(settings.min_free_bytes),
        retention_days=settings.retention_days,
        channels=[
            ChannelLimit(channel=one.number, maxGB=_gigabytes_or_none(one.max_bytes), retention_days=one.retention_days)
            for one in settings.channels
            if (one.max_bytes is not None or one.retention_days is not None) and deps.accounts.may_watch(user, one.number)
        ],
    )


def _alarms(deps: Deps, status: Mapping[str, Any] | None) -> list[StorageAlarm]:
    """The service's own; that it does not answer is one where it has limits to keep."""
    if status is None:
        if not limits_of(deps.settings).any:
            return []
        message = "the storage service does not answer, so no limit is kept: see its log, or start it with `mini-nvr run`"
        return [StorageAlarm(kind="storage service not running", message=message, since=None)]
    zone = deps.settings.zone
    return [
        StorageAlarm(kind=alarm["kind"], message=alarm["message"], since=show_instant(alarm["since_utc_us"], zone))
        for alarm in status["alarms"]
    ]


def room_bytes(used: int, limit: int | None, free: int | None, keep_free: int) -> int | None:
    """How much more footage there is room for; None while neither a limit nor the volume says so."""
    rooms = [] if limit is None else [limit - used]
    if free is not None:
        rooms.append(free - keep_free)
    return max(0, min(rooms)) if rooms else None


def free_bytes(deps: Deps) -> int | None:
    """What the volume of the recordings has left for us; None when the folder is not there."""
    try:
        volume = os.statvfs(deps.record_dir)
    except OSError:
        return None
    return volume.f_bavail * volume.f_frsize


def _per_channel(deps: Deps, user: str, usage: Sequence[ChannelUsage], guarded_bytes: Mapping[int, int]) -> list[ChannelStorage]:
    zone = deps.settings.zone
    return [
        ChannelStorage(
            channel=one.channel,
            bytes=one.size_bytes,
            oldest=show_instant(one.oldest_utc_us, zone),
            newest=show_instant(one.newest_utc_us, zone),
            bytes_per_day=one.bytes_per_day,
            protected_bytes=guarded_bytes.get(one.channel, 0),
        )
        for one in usage
        if deps.accounts.may_watch(user, one.channel)
    ]


def _gigabytes(size_bytes: int) -> float:
    return round(size_bytes / BYTES_PER_GB, 3)


def _gigabytes_or_none(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else _gigabytes(size_bytes)
