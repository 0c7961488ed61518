"""When a service that died is started again. Pure: the loop that acts on it is in `processes`."""

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Quick for an accident, patient with a service that keeps dying.

    delays_s: the wait before the first restart, the second one in a row, and so on; the last one repeats.
    short_life_s: a service that died younger than this moves on to the next delay.
    healthy_life_s: one that reached this age starts over at the first delay. Between the two ages the delay stays.
    """

    delays_s: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
    short_life_s: float = 30.0
    healthy_life_s: float = 60.0

    def next_level(self, level: int | None, lived_s: float) -> int:
        """The index into `delays_s` after a life of `lived_s`; `level` is the one used before it, None at the first death."""
        if level is None or lived_s >= self.healthy_life_s:
            return 0
        if lived_s < self.short_life_s:
            return min(level + 1, len(self.delays_s) - 1)
        return level


def describe_exit(return_code: int) -> str:
    """`exit status 1`, or `signal SIGKILL` for the negative codes of `subprocess`."""
    if return_code >= 0:
        return f"exit status {return_code}"
    try:
        return f"signal {signal.Signals(-return_code).name}"
    except ValueError:
        return f"signal {-return_code}"
