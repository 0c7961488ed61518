"""How many exports may be under way at once, so that a few users cannot take all threads and memory.

A long one is planned for seconds to minutes, so of those there are fewer, and short ones never wait behind them. Who finds no room
is told at once when to come back. Lives on the event loop.
"""

from typing import Final

from mini_nvr.api.problems import Problem

MOST: Final = 16
MOST_LONG_PLANS: Final = 2
LONG_FILES: Final = 1_000  # some two seconds to plan
RETRY_AFTER_S: Final = 10


class ExportSlots:
    """Counts exports that are planned or read, and long ones that are planned."""

    def __init__(self) -> None:
        self.open = 0
        self.long_plans = 0

    def take(self) -> None:
        """
        Raises:
            Problem: 503 with Retry-After.
        """
        if self.open >= MOST:
            raise _busy(f"{MOST} exports are under way")
        self.open += 1

    def give_back(self) -> None:
        self.open -= 1

    def take_long_plan(self) -> None:
        """
        Raises:
            Problem: 503 with Retry-After.
        """
        if self.long_plans >= MOST_LONG_PLANS:
            raise _busy(f"{MOST_LONG_PLANS} long exports are being planned")
        self.long_plans += 1

    def give_back_long_plan(self) -> None:
        self.long_plans -= 1


def _busy(detail: str) -> Problem:
    return Problem("busy", detail, "try again in a moment, or ask for a shorter range", headers={"retry-after": str(RETRY_AFTER_S)})
