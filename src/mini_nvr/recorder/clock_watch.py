"""Notices a system clock that is set while the recorder runs: no footage is lost by it, but times are not what they seem.

Set back, it gives the same times twice; set ahead, it leaves some out. Files follow it from the next one on (`ingest.timestamps`),
which tells of each channel; this tells of the machine, and at once.
"""

import logging
from collections.abc import Callable
from typing import Final

from mini_nvr.clock import NS_PER_S, NS_PER_US, US_PER_S, Clock

_log = logging.getLogger(__name__)

LOOK_INTERVAL_S: Final = 1.0
STEP_US: Final = 1 * US_PER_S
"""Set by less it moves no file to where somebody would miss it. What slews does so by half a millisecond a second."""
READ_WITHIN_NS: Final = NS_PER_S // 10
"""Two clocks are read one after the other; where the processor was taken away in between they say nothing of each other."""


class ClockWatch:
    """On the event loop. told: in words for people."""

    def __init__(self, told: Callable[[str], None], clock: Clock) -> None:
        self._told = told
        self._clock = clock
        self._offset_us = self._read_offset_us()

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            await self._clock.sleep(LOOK_INTERVAL_S)
            self.look()

    def look(self) -> None:
        """Tell when it was set since the last look."""
        before_us, now_us = self._offset_us, self._read_offset_us()
        if now_us is None:
            return
        self._offset_us = now_us
        if before_us is not None and abs(now_us - before_us) >= STEP_US:
            said = words(now_us - before_us)
            _log.warning("%s", said)
            self._told(said)

    def _read_offset_us(self) -> int | None:
        """Wall clock less monotonic clock; None when they could not be read together."""
        before_ns = self._clock.monotonic_ns()
        utc_us = self._clock.utc_us()
        after_ns = self._clock.monotonic_ns()
        return utc_us - before_ns // NS_PER_US if after_ns - before_ns <= READ_WITHIN_NS else None


def words(step_us: int) -> str:
    """What is told of a step."""
    by_s = f"{abs(step_us) / US_PER_S:.0f} s"
    if step_us < 0:
        return f"the system clock was set back by {by_s}: footage of before and after bears the same times"
    return f"the system clock was set ahead by {by_s}: no footage bears the times between"
