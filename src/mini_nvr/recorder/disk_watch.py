"""Notices a disk that falls behind or does not answer: what comes waits in memory, and its owner should know in time."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.errors import GapCause
from mini_nvr.recorder.pipeline import QUEUE_LIMIT_BYTES
from mini_nvr.recorder.status import ChannelStatus

_log = logging.getLogger(__name__)

LOOK_INTERVAL_S: Final = 1.0
BEHIND_S: Final = 5.0
"""Told from here on: longer than a disk takes to spin up its platters or to empty its cache, shorter than memory lasts."""
CAUGHT_UP_S: Final = 1.0
CALM_LOOKS: Final = 10
"""So often in a row must it have caught up: a disk that answers now and then is not told of each time."""


class Told(Protocol):
    """Who passes it on."""

    def __call__(self, detail: str, *, over: bool) -> None:
        """In words for people, and whether it is over."""


class DiskWatch:
    """On the event loop.

    behind_s: how long the oldest work that the disk has not done has waited.
    """

    def __init__(self, behind_s: Callable[[], float], told: Told, clock: Clock) -> None:
        self._behind_s = behind_s
        self._told = told
        self._clock = clock
        self._since_ns: int | None = None
        self._calm = 0

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            await self._clock.sleep(LOOK_INTERVAL_S)
            self.look()

    def look(self) -> None:
        """Tell when it begins and when it is over."""
        behind_s = self._behind_s()
        if self._since_ns is None:
            if behind_s >= BEHIND_S:
                self._begin(behind_s)
        else:
            self._calm = self._calm + 1 if behind_s < CAUGHT_UP_S else 0
            if self._calm >= CALM_LOOKS:
                self._end(self._since_ns)

    def shown_in(self, rows: list[ChannelStatus]) -> list[ChannelStatus]:
        """The channels' states, with this where a channel has no worse to say."""
        behind_s = round(self._behind_s(), 1)
        if self._since_ns is None or behind_s < CAUGHT_UP_S:
            return rows
        error = f"{GapCause.DISK_STALLED}: {words(behind_s)}"
        late = [replace(row, disk_behind_s=behind_s) for row in rows]
        return [replace(row, error=error) if row.status == "LIVE" and row.error is None else row for row in late]

    def _begin(self, behind_s: float) -> None:
        self._since_ns = self._clock.monotonic_ns() - round(behind_s * NS_PER_S)
        self._calm = 0
        _log.warning("%s; nothing is lost until %d MB of a channel wait", words(behind_s), QUEUE_LIMIT_BYTES >> 20)
        self._told(words(behind_s), over=False)

    def _end(self, since_ns: int) -> None:
        self._since_ns = None
        lasted_s = (self._clock.monotonic_ns() - since_ns) / NS_PER_S - (CALM_LOOKS - 1) * LOOK_INTERVAL_S
        said = f"the disk has caught up, after {lasted_s:.0f} s"
        _log.warning("%s", said)
        self._told(said, over=True)


def words(behind_s: float) -> str:
    """What is told while it lasts."""
    return f"the disk is {behind_s:.0f} s behind; what the cameras send waits in memory"
