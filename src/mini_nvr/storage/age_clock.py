"""The wall clock as far as it is believed when footage is deleted for its age.

A clock that is set forward by mistake would make all footage too old at once, and what is deleted does not come back when the clock
does. So a step forward counts only when it has lasted for an hour; a step back counts at once, as it deletes nothing.
"""

import logging

from mini_nvr.clock import NS_PER_S, NS_PER_US, US_PER_S, Clock

TOLERANCE_US = 60 * US_PER_S
BELIEVED_AFTER_S = 3_600

_log = logging.getLogger(__name__)


class AgeClock:
    """Begins with what the wall clock says at the start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._utc_us = clock.utc_us()
        self._at_ns = clock.monotonic_ns()
        self._ahead_since_ns: int | None = None

    def utc_us(self) -> int:
        """The instant to reckon ages from."""
        wall, now_ns = self._clock.utc_us(), self._clock.monotonic_ns()
        expected = self._utc_us + (now_ns - self._at_ns) // NS_PER_US
        if wall > expected + TOLERANCE_US and not self._is_believed(wall - expected, now_ns):
            return expected
        self._utc_us, self._at_ns, self._ahead_since_ns = wall, now_ns, None
        return wall

    def _is_believed(self, ahead_us: int, now_ns: int) -> bool:
        if self._ahead_since_ns is None:
            self._ahead_since_ns = now_ns
            hours = ahead_us / US_PER_S / 3_600
            _log.warning(
                "the clock was set forward by %.1f h: footage is not deleted for its age until that has lasted an hour", hours
            )
        return now_ns - self._ahead_since_ns >= BELIEVED_AFTER_S * NS_PER_S
