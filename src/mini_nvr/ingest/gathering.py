"""Fewer and fuller wake-ups: with many cameras the event loop rests a little between two looks at its sockets.

Frames of 32 cameras come at 800 moments a second. Each one alone costs a wake-up of the process, a round of the loop and cold
caches, together more than reading the frame; several at once share all that. Network cards moderate their interrupts for the same
reason. The price is that a frame is seen up to `INTERVAL_S` late, which its arrival time does not hide: the smallest delay of many
frames counts (`ingest.timestamps`). A few cameras are cheap anyway and are read at once.
"""

import asyncio
from collections.abc import Callable

from mini_nvr.clock import Clock

INTERVAL_S = 0.02
MIN_STREAMS = 8
_ROUNDS = 50  # between two questions how many streams there are


async def gather_reads(streams: Callable[[], int], clock: Clock, block: Callable[[float], None]) -> None:
    """Until cancelled. streams: how many are being received. block: stops the thread of the loop (`clock.block`)."""
    while True:
        if streams() < MIN_STREAMS:
            await clock.sleep(1)
            continue
        for _ in range(_ROUNDS):
            block(INTERVAL_S)
            await asyncio.sleep(0)  # one round of the loop: whatever came meanwhile is read
