"""When the oldest footage will have to go, if everything goes on as it does. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

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
