"""Time stamps that run at another pace than time: noticed, and what to bend the time line by. Pure.

Encoders that count frames stamp 25 a second whatever the sensor delivers: 21 at night, 29.97 all day. Their media time leaves the
wall by seconds a minute, which the 500 ppm that files' starts may follow, meant for crystals, never catch up with.

All lags are arrival - media time of the least delayed frame, monotonic nanoseconds: they rise while the stamps run slow and fall
while they run fast. Networks make lags rise and fall back to where they were, and clocks that are set move them once. So the pace
is wrong when the lag is farther from its level than such things bring it, and has moved on for three beats. Stamps that run at less
than half or more than twice the pace are left to `timestamps`, which bridges them.
"""

from mini_nvr.clock import NS_PER_S

DRIFT_PPM = 500  # a clock's
FIRST_BEAT_NS = 2 * NS_PER_S  # tells the level at which a connection begins
BEAT_NS = 10 * NS_PER_S
MAX_LATE_NS = 3 * NS_PER_S  # more than what waits in a camera while its network is crowded
MAX_EARLY_NS = 1 * NS_PER_S
_MOVES = 3
_MOVE_PPM = DRIFT_PPM + 100
_RETURN_NS = 60 * NS_PER_S  # how soon an error is taken back
_TRUSTED_NS = NS_PER_S // 10  # with an error below this and a pace like a clock's the stamps are trusted again
_MOVE_RANGE_PPM = (-1_000_000, 500_000)  # of stamps between twice and half the pace of time
_BEND_RANGE_PPM = (-500_000, 1_000_000)
_PPM = 1_000_000


class Pace:
    """The pace of one connection's time stamps.

    bend_ppm: how much faster than its stamps say the media time has to run, 0 while the stamps are trusted.
    """

    def __init__(self, arrival_ns: int) -> None:
        self.bend_ppm = 0
        self.is_wrong = False
        self._began_ns = arrival_ns
        self._ends_ns = arrival_ns + FIRST_BEAT_NS
        self._border_ns = arrival_ns
        self._least_ns: int | None = None  # smallest lag of this beat
        self._before_ns: int | None = None  # of the one before
        self._level_ns = 0  # the lag at which the files' times are right
        self._moves = 0  # beats in a row in which the lag rose, negative: in which it fell

    def observe(self, lag_ns: int, arrival_ns: int) -> int | None:
        """Count one frame; at the end of each beat in which the pace is or was wrong, the smallest lag: `bend_ppm` is new."""
        if self._least_ns is None or lag_ns < self._least_ns:
            self._least_ns = lag_ns
        if arrival_ns < self._ends_ns:
            return None
        least_ns, was_wrong = self._least_ns, self.is_wrong
        self._beat(least_ns, arrival_ns - self._began_ns)
        self._began_ns, self._ends_ns, self._least_ns = arrival_ns, arrival_ns + BEAT_NS, None
        self._before_ns = least_ns
        return least_ns if self.is_wrong or was_wrong else None

    def jumped(self) -> None:
        """The stamps jumped and were bridged: their lag before says nothing of the one after."""
        self._least_ns = None
        self._moves = 0

    def border(self, least_ns: int) -> None:
        """A file begins, and its start has followed the smallest lag as far as `timestamps.next_start` lets it."""
        limit_ns = (self._began_ns - self._border_ns) * DRIFT_PPM // _PPM
        self._border_ns = self._began_ns
        self._level_ns += max(-limit_ns, min(limit_ns, least_ns - self._level_ns))

    def _beat(self, least_ns: int, elapsed_ns: int) -> None:
        if self._before_ns is None:
            self._level_ns = least_ns
            return
        moved_ppm = (least_ns - self._before_ns) * _PPM // elapsed_ns
        error_ns = least_ns - self._level_ns
        is_bendable = _MOVE_RANGE_PPM[0] <= moved_ppm <= _MOVE_RANGE_PPM[1]
        if not self.is_wrong and is_bendable:
            self._count(moved_ppm)
            late, early = self._moves >= _MOVES, self._moves <= -_MOVES
            self.is_wrong = (late and error_ns > MAX_LATE_NS) or (early and error_ns < -MAX_EARLY_NS)
        if self.is_wrong and not is_bendable:
            self._trust()
        elif self.is_wrong:
            self._steer(moved_ppm, error_ns)

    def _steer(self, moved_ppm: int, error_ns: int) -> None:
        """Keep the lag where it is, and take the error back slowly."""
        steady_ppm = self.bend_ppm + moved_ppm  # with so much it would not have moved
        if abs(steady_ppm) < DRIFT_PPM and abs(error_ns) < _TRUSTED_NS:
            self._trust()
            return
        low, high = _BEND_RANGE_PPM
        self.bend_ppm = min(max(steady_ppm + error_ns * _PPM // _RETURN_NS, low), high)

    def _trust(self) -> None:
        self.is_wrong, self.bend_ppm, self._moves = False, 0, 0

    def _count(self, moved_ppm: int) -> None:
        if abs(moved_ppm) < _MOVE_PPM:
            self._moves = 0
        elif moved_ppm > 0:
            self._moves = max(self._moves, 0) + 1
        else:
            self._moves = min(self._moves, 0) - 1
