"""Fewer and fuller wake-ups: while nobody waits for them, frames are gathered before they are read.

Frames of 32 cameras come at 800 moments a second. Each one alone costs a wake-up of the process, a round of the loop and cold
caches, together more than reading the frame; several at once share all that. Network cards moderate their interrupts for the same
reason. So the event loop rests between two looks at its sockets. The price is that a frame is seen up to one rest late: a crash
costs that much more footage, and whoever watches live, asks something or waits for a camera's answers is not made to pay it.
"""

import asyncio
import select
from collections.abc import Callable, Iterable

from mini_nvr.clock import NS_PER_S, Clock, block_until_ready

UNHURRIED_S = 0.1  # with a part of 0.8 s and a frame, less than the second that a crash may cost
HURRIED_S = 0.01
MIN_STREAMS = 8  # fewer are read at once while somebody waits
KNOCK_NS = NS_PER_S // 5  # from connecting to being answered, or to being counted as a viewer
_SPREAD = 0.25
_GOLDEN = 0.618034


def rest_s(streams: int, *, hurried: bool) -> float:
    """How long to rest between two looks: so many streams are recorded; hurried: somebody waits for what comes."""
    if not hurried:
        return UNHURRIED_S if streams else 0.0
    return HURRIED_S if streams >= MIN_STREAMS else 0.0


async def gather_reads(duration_s: Callable[[], float], clock: Clock, rest: Callable[[float], None]) -> None:
    """Until cancelled. duration_s: how long to rest at most, asked each round. rest: stops the loop's thread for that long.

    Rests differ, so that looks never fall into step with the frames of a camera: what is seen the least late tells when frames come
    (`ingest.timestamps`), and over some rounds that is hardly late at all.
    """
    phase = 0.0
    while True:
        seconds = duration_s()
        if seconds:
            phase = (phase + _GOLDEN) % 1
            rest(seconds * (1 - _SPREAD * phase))
            await asyncio.sleep(0)  # one round of the loop: whatever came meanwhile is read
        else:
            await clock.sleep(1)


class Doorbell:
    """A rest that ends when somebody connects to one of the listening sockets, which are given as descriptors."""

    def __init__(self, listeners: Iterable[int], clock: Clock) -> None:
        self._monotonic_ns = clock.monotonic_ns
        self._hurried_until_ns = 0
        self._poll = select.poll()
        for listener in listeners:
            self._poll.register(listener, select.POLLIN)

    @property
    def rang_lately(self) -> bool:
        return self._monotonic_ns() < self._hurried_until_ns

    def rest(self, seconds: float) -> None:
        """Stop the calling thread for that long, or until somebody knocks."""
        if block_until_ready(seconds, self._poll):
            self._hurried_until_ns = self._monotonic_ns() + KNOCK_NS
