"""What cleanup has deleted, in one line of the log for all of a while rather than one a file."""

import logging
from collections import Counter
from collections.abc import Sequence

from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.storage.policy import Deletion

LINE_EVERY_S = 60.0

_log = logging.getLogger(__name__)


def gigabytes(size_bytes: int) -> str:
    """`1.25 GB`, `340.0 MB`; units of 1024."""
    return f"{size_bytes / (1 << 30):.2f} GB" if size_bytes >= 1 << 30 else f"{size_bytes / (1 << 20):.1f} MB"


class Tally:
    """Totals since the service started, and what waits to be logged."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line_due_ns = 0
        self._reasons: Counter[str] = Counter()
        self._channels: set[int] = set()
        self._size_bytes = 0
        self.files = 0
        self.size_bytes = 0

    def add(self, deletions: Sequence[Deletion]) -> None:
        """These are gone."""
        size = sum(deletion.segment.size_bytes for deletion in deletions)
        self.files += len(deletions)
        self.size_bytes += size
        self._size_bytes += size
        self._reasons.update(deletion.reason or "deletion that was cut short" for deletion in deletions)
        self._channels |= {deletion.segment.channel for deletion in deletions}

    def flush_if_due(self) -> None:
        """Log what has gathered, the first time at once and then once a minute at most."""
        if self._reasons and self._clock.monotonic_ns() >= self._line_due_ns:
            self.flush()

    def flush(self) -> None:
        """Log what has gathered, if anything."""
        if not self._reasons:
            return
        self._line_due_ns = self._clock.monotonic_ns() + round(LINE_EVERY_S * NS_PER_S)
        why = ", ".join(f"{count} for the {reason}" for reason, count in self._reasons.most_common())
        channels = ", ".join(f"ch{number}" for number in sorted(self._channels))
        _log.info("deleted %d files, %s (%s): %s", self._reasons.total(), gigabytes(self._size_bytes), channels, why)
        self._reasons.clear()
        self._channels.clear()
        self._size_bytes = 0
