"""When the oldest footage will have to go, and how far back it will reach, if everything goes on as it does. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.storage.limits import DAY_US, Limits


@dataclass(frozen=True, slots=True)
class Rates:
    """How the footage stands and grows.

    used: bytes by channel. per_day: bytes a day by channel, of those that are recorded.
    room: bytes until all footage together reaches a limit; None when there is none.
    """

    used: Mapping[int, int]
    per_day: Mapping[int, int]
    room: int | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Days; at most one is known. days_kept: how far back footage reaches when there is no room left."""

    days_until_full: float | None
    days_kept: float | None


_ALMOST_FULL: Final = 0.02
"""Share of the room that is left when clean-up has begun to delete the oldest footage, or is about to."""


def forecast(rates: Rates, limits: Limits, protected: Mapping[int, int], keep_days: float | None = None) -> Forecast:
    """When it is full, or how much time it holds once it is.

    protected: bytes by channel, of those in use; they stay and hold no time. keep_days: footage that is older goes, so it may never
    be full. A channel that reaches its own limit takes no more room.
    """
    used, guarded = sum(rates.used.values()), sum(protected.values())
    per_day = {channel: rate for channel, rate in rates.per_day.items() if rate > 0}
    own = {channel: most for channel in per_day if (most := limits.max_bytes_of(channel)) is not None}
    kept = None
    if rates.room is not None and per_day:
        free = {channel: max(0, most - protected.get(channel, 0)) for channel, most in own.items()}
        kept = _days_to_fill(max(0, used + rates.room - guarded), per_day, free)
        if kept is None:  # each channel reaches its own limit first
            kept = max(free[channel] / rate for channel, rate in per_day.items())
    if keep_days is not None and (rates.room is None or kept is None or keep_days <= kept):
        return Forecast(None, keep_days)
    if rates.room is None or kept is None:
        return Forecast(None, None)
    left = {channel: max(0, most - rates.used.get(channel, 0)) for channel, most in own.items()}
    until = _days_to_fill(rates.room, per_day, left)
    if until is None or rates.room <= _ALMOST_FULL * (used + rates.room):
        return Forecast(None, round(kept, 1))
    return Forecast(round(until, 1), None)


def _days_to_fill(room: int, per_day: Mapping[int, int], most: Mapping[int, int]) -> float | None:
    """Until all channels together have written `room` bytes, each of them `most` at the most; None: they never have."""
    writing = dict(per_day)
    for channel in sorted(most, key=lambda one: most[one] / per_day[one]):
        if most[channel] * sum(writing.values()) > room * writing[channel]:
            break  # the room ends before this channel is at its limit
        room -= most[channel]
        del writing[channel]
    return room / sum(writing.values()) if writing else None


def oldest_goes_at(oldest: Mapping[int, SegmentRow], rates: Rates, limits: Limits, now_utc_us: int) -> int | None:
    """The instant of the next deletion; None when nothing that may go ever has to.

    oldest: the segment of each channel that would go first.
    """
    instants = [now_utc_us + wait for wait in (_for_all(rates),) if wait is not None and oldest]
    for channel, segment in oldest.items():
        keep_us = limits.keep_us_of(channel)
        if keep_us is not None:
            instants.append(segment.end_utc_us + keep_us)
        wait_us = _for_channel(channel, rates, limits)
        if wait_us is not None:
            instants.append(now_utc_us + wait_us)
    return max(now_utc_us, min(instants)) if instants else None


def _for_all(rates: Rates) -> int | None:
    if rates.room is None:
        return None
    return _until_full(rates.room, sum(rates.per_day.values()))


def _for_channel(channel: int, rates: Rates, limits: Limits) -> int | None:
    limit = limits.max_bytes_of(channel)
    if limit is None:
        return None
    return _until_full(limit - rates.used.get(channel, 0), rates.per_day.get(channel, 0))


def _until_full(room: int, per_day: int) -> int | None:
    """Microseconds; None when it never is."""
    if room <= 0:
        return 0
    return room * DAY_US // per_day if per_day > 0 else None
