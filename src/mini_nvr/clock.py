"""The only place that reads clocks or waits for time to pass.

Wall instants are integers: microseconds since 1970-01-01T00:00:00Z without leap seconds (POSIX time), named `*_utc_us`. Durations
and arrival times come from the monotonic clock, named `*_ns`, and mean nothing outside the process. Code that decides takes an
instant as an argument; code that acts takes a `Clock`, so that tests drive time by hand.
"""

import asyncio
import select
import time
from datetime import UTC, datetime, tzinfo
from typing import Protocol

MS_PER_S = 1_000
US_PER_S = 1_000_000
NS_PER_S = 1_000_000_000
NS_PER_US = 1_000


class Clock(Protocol):
    """Two clocks and a way to wait; `SystemClock` in the product, a fake one in tests."""

    def monotonic_ns(self) -> int:
        """Nanoseconds on a clock that never steps; the epoch is arbitrary."""

    def utc_us(self) -> int:
        """Wall clock, microseconds since the Unix epoch; may step when the system clock is set."""

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for that long on the monotonic clock."""


class SystemClock:
    """The machine's own clocks."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def utc_us(self) -> int:
        return time.time_ns() // NS_PER_US

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def block(seconds: float) -> None:
    """Stop the calling thread for that long; other threads go on."""
    time.sleep(seconds)


def block_until_ready(seconds: float, descriptors: select.poll) -> bool:
    """`block`, but no longer than until one of the descriptors is ready; whether one is."""
    return bool(descriptors.poll(seconds * MS_PER_S))


def to_datetime(utc_us: int, zone: tzinfo = UTC) -> datetime:
    """An aware datetime for a wall instant, exact to the microsecond."""
    seconds, microseconds = divmod(utc_us, US_PER_S)
    return datetime.fromtimestamp(seconds, zone).replace(microsecond=microseconds)


def to_utc_us(moment: datetime) -> int:
    """The wall instant of an aware datetime.

    Raises:
        ValueError: the datetime carries no zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * US_PER_S + delta.microseconds
