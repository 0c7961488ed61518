"""GET /api/storage: what the footage takes, and for how long it lasts; from counters, not from a walk over the disk."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from pydantic import Field

from mini_nvr.api.caller import SignedIn
from mini_nvr.api.config import BYTES_PER_GB
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import Model, guarded
from mini_nvr.api.instants import show_instant
from mini_nvr.catalog.usage import ChannelUsage, usage_per_channel

router = APIRouter(tags=["system"])

_ALMOST_FULL: Final = 0.02
"""Share of the room that is left when clean-up has begun to delete the oldest footage, or is about to."""


class ChannelStorage(Model):
    """What one channel takes."""

    channel: int
    bytes: int
    oldest: str | None = Field(description="Where its footage begins, RFC 3339.")
    newest: str | None
    bytes_per_day: int = Field(description="Of unbroken recording, over the last week with footage.")


class Storage(Model):
    """GB are 2^30 bytes. Of the two forecasts, one is null; both are while nothing is known of the rate."""

    used_gb: float = Field(alias="usedGB", description="All footage.")
    max_gb: float | None = Field(alias="maxGB", description="The most that footage may take; null: no limit.")
    free_gb: float | None = Field(alias="freeGB", description="On the volume; null: it is not there.")
    per_channel: list[ChannelStorage]
    days_until_full: float | None = Field(description="Until the oldest footage has to go.")
    days_kept: float | None = Field(description="How far back footage reaches when it is full.")


@dataclass(frozen=True, slots=True)
class Forecast:
    """Days; see `Storage`."""

    days_until_full: float | None
    days_kept: float | None


@router.get("/api/storage", summary="Space", responses=guarded())
def storage(session: SignedIn, deps: Parts) -> Storage:
    """Space used and left, and what that means in days."""
    usage = usage_per_channel(deps.catalog)
    used, free = sum(one.size_bytes for one in usage), free_bytes(deps)
    recorded = {channel.number for channel in deps.settings.channels if channel.enabled}
    rate = sum(one.bytes_per_day for one in usage if one.channel in recorded)
    limit = deps.settings.max_storage_bytes
    coming = forecast(used, room_bytes(used, limit, free, deps.settings.min_free_bytes or 0), rate)
    return Storage(
        usedGB=_gigabytes(used),
        maxGB=None if limit is None else _gigabytes(limit),
        freeGB=None if free is None else _gigabytes(free),
        per_channel=_per_channel(deps, session.user, usage),
        days_until_full=coming.days_until_full,
        days_kept=coming.days_kept,
    )


def room_bytes(used: int, limit: int | None, free: int | None, keep_free: int) -> int | None:
    """How much more footage there is room for; None while neither a limit nor the volume says so."""
    rooms = [] if limit is None else [limit - used]
    if free is not None:
        rooms.append(free - keep_free)
    return max(0, min(rooms)) if rooms else None


def forecast(used: int, room: int | None, bytes_per_day: int) -> Forecast:
    """When it is full, or how much time it holds once it is."""
    if room is None or bytes_per_day <= 0:
        return Forecast(None, None)
    if room <= _ALMOST_FULL * (used + room):
        return Forecast(None, round((used + room) / bytes_per_day, 1))
    return Forecast(round(room / bytes_per_day, 1), None)


def free_bytes(deps: Deps) -> int | None:
    """What the volume of the recordings has left for us; None when the folder is not there."""
    try:
        volume = os.statvfs(deps.record_dir)
    except OSError:
        return None
    return volume.f_bavail * volume.f_frsize


def _per_channel(deps: Deps, user: str, usage: Sequence[ChannelUsage]) -> list[ChannelStorage]:
    zone = deps.settings.zone
    return [
        ChannelStorage(
            channel=one.channel,
            bytes=one.size_bytes,
            oldest=show_instant(one.oldest_utc_us, zone),
            newest=show_instant(one.newest_utc_us, zone),
            bytes_per_day=one.bytes_per_day,
        )
        for one in usage
        if deps.accounts.may_watch(user, one.channel)
    ]


def _gigabytes(size_bytes: int) -> float:
    return round(size_bytes / BYTES_PER_GB, 3)
