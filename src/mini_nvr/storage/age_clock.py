"""The wall clock as far as it is believed when footage is deleted for its age.

A clock that is set forward by mistake would make all footage too old at once, and what is deleted does not come back when the clock
does. So a step forward counts only when it has lasted for an hour; a step back counts at once, as it deletes nothing.

What the clock said before the start, the footage says: where the newest ends that was begun more than an hour ago. A clock that is
more than a day ahead of that either was set, or nothing was recorded for so long; it has to last for an hour, too. Footage that was
begun later says nothing: it has its time from the clock in question.
"""

import logging

from mini_nvr.clock import NS_PER_S, NS_PER_US, US_PER_S, Clock

TOLERANCE_US = 60 * US_PER_S
BELIEVED_AFTER_S = 3_600
SILENCE_US = (86_400 + BELIEVED_AFTER_S) * US_PER_S
"""How far behind the clock the footage may end at the start; more needs the hour."""

_log = logging.getLogger(__name__)


class AgeClock:
    """Begins with what the wall clock says when it is made; `begin` corrects that as soon as the footage is known."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made_utc_us = self._utc_us = clock.utc_us()
        self._at_ns = clock.monotonic_ns()
        self._ahead_since_ns: int | None = None
        self.begun = False

    @property
    def doubted(self) -> bool:
        """Whether the wall clock was not believed when it was last asked for."""
        return self._ahead_since_ns is not None

    @property
    def footage_before_utc_us(self) -> int:
        """Footage that was begun before this instant may be believed more than the clock."""
        return self._made_utc_us - BELIEVED_AFTER_S * US_PER_S

    def begin(self, footage_end_utc_us: int | None) -> None:
        """Where the newest footage ends that was begun before `footage_before_utc_us`; None when there is none."""
        self.begun = True
        if footage_end_utc_us is not None and self._made_utc_us - footage_end_utc_us > SILENCE_US:
            self._utc_us = min(self._utc_us, footage_end_utc_us)

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
                "the clock is %.1f h ahead: set forward, or nothing was recorded for so long; "
                "footage is not deleted for its age by it until that has lasted an hour",
                hours,
            )
        return now_ns - self._ahead_since_ns >= BELIEVED_AFTER_S * NS_PER_S
