"""How long to wait before the next attempt to reach a camera. Pure.

Rules: 1, 2, 5, 10, 30 s and jitter; at once after a clean end; a camera that was silent costs its 10 s of listening already, so it
is asked again after 1 s; a refused password waits 5 minutes, because cameras lock the account after five to seven refusals in half
an hour. A camera that was unreachable and can be reached again is asked at once (`ingest.session` looks each second).
"""

from dataclasses import dataclass

from mini_nvr.errors import GapCause

LADDER_S = (1.0, 2.0, 5.0, 10.0, 30.0)
JITTER = 0.2  # of the delay, either way
WRONG_PASSWORD_S = 300.0
HEALTHY_S = 5.0  # a connection that delivered frames for that long starts the ladder anew
_LISTENED_ALREADY = frozenset({GapCause.STREAM_STALLED, GapCause.NO_KEY_FRAME})


@dataclass(frozen=True, slots=True)
class Ending:
    """How one connection ended. cause None: the camera ended it properly. delivered_s: how long frames came.

    hung_up: the camera took the connection and broke it off, so it can be reached: no news that it still can.
    """

    cause: GapCause | None
    delivered_s: float
    hung_up: bool = False


class Backoff:
    """The ladder of one camera."""

    def __init__(self) -> None:
        self._step = 0

    def reset(self) -> None:
        """The camera came back to the network: start from the shortest delay."""
        self._step = 0

    def after(self, ending: Ending, jitter: float) -> float:
        """Seconds to wait; `jitter` is a random number in [-1, 1]."""
        if ending.cause is GapCause.WRONG_PASSWORD:
            return WRONG_PASSWORD_S * (1 + JITTER * abs(jitter))
        if ending.delivered_s >= HEALTHY_S:
            self._step = 0
            if ending.cause is None:
                return 0.0
        if ending.cause in _LISTENED_ALREADY:
            return LADDER_S[0]
        delay = LADDER_S[self._step] * (1 + JITTER * jitter)
        self._step = min(self._step + 1, len(LADDER_S) - 1)
        return delay
