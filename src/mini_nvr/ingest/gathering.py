"""Fewer and fuller wake-ups: with many cameras the event loop rests a little between two looks at its sockets.

Frames of 32 cameras come at 800 moments a second. Each one alone costs a wake-up of the process, a round of the loop and cold
caches, together more than reading the frame; several at once share all that. Network cards moderate their interrupts for the same
reason. The price is that a frame is seen up to one rest late, which its arrival time does not hide: the smallest delay of many
frames counts (`ingest.timestamps`). Somebody who watches live pays less of it, and a few cameras are cheap and are read at once.
"""

import asyncio
from collections.abc import Callable

from mini_nvr.clock import Clock

UNWATCHED_S = 0.04  # one frame of most cameras
WATCHED_S = 0.01
MIN_STREAMS = 8
_ROUNDS = 25  # between two questions how long to rest


def rest_s(streams: int, viewers: int) -> float:
    """How long to rest between two looks: so many streams are received, so many people watch live."""
    if streams < MIN_STREAMS:
        return 0.0
    return WATCHED_S if viewers else UNWATCHED_S


async def gather_reads(duration_s: Callable[[], float], clock: Clock, rest: Callable[[float], None]) -> None:
    """Until cancelled. duration_s: how long to rest, asked about once a second. rest: stops the loop's thread for that long."""
    while True:
        seconds = duration_s()
        if not seconds:
            await clock.sleep(1)
            continue
        for _ in range(_ROUNDS):
            rest(seconds)
            await asyncio.sleep(0)  # one round of the loop: whatever came meanwhile is read
