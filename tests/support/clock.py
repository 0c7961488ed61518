"""A clock that moves only when a test says so."""

import asyncio
import heapq
import itertools

from mini_nvr.clock import NS_PER_S, NS_PER_US, US_PER_S


class FakeClock:
    """Monotonic and wall time driven by hand; sleepers wake in the order of their deadlines."""

    def __init__(self, utc_us: int = 1_772_371_800 * US_PER_S) -> None:
        self._monotonic_ns = 1_000 * NS_PER_S
        self._wall_offset_us = utc_us - self._monotonic_ns // NS_PER_US
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def utc_us(self) -> int:
        return self._monotonic_ns // NS_PER_US + self._wall_offset_us

    async def sleep(self, seconds: float) -> None:
        """Suspend until `advance` has passed the deadline; a sleep of nothing only yields."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        deadline_ns = self._monotonic_ns + round(seconds * NS_PER_S)
        heapq.heappush(self._sleepers, (deadline_ns, next(self._order), future))
        await future

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks and wake who waited for it; they run when the test next awaits."""
        self._monotonic_ns += round(seconds * NS_PER_S)
        while self._sleepers and self._sleepers[0][0] <= self._monotonic_ns:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock, as an administrator or NTP does; the monotonic clock goes on."""
        self._wall_offset_us += round(seconds * US_PER_S)

    @property
    def sleepers(self) -> int:
        """How many tasks are asleep."""
        return sum(not future.done() for _, _, future in self._sleepers)
