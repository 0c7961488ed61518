"""A channel's time line is footage or a gap with its cause (storage I10). Pure but for the callback that records a change."""

from collections.abc import Callable, Iterable

from mini_nvr.catalog.model import GapChange
from mini_nvr.errors import GapCause
from mini_nvr.recorder.status import LastGap
from mini_nvr.segment.model import GapNote

_MOST_NOTES = 16  # segment.model.SegmentHeader.gaps_before
_DISK_CAUSES = frozenset({GapCause.DISK_FULL, GapCause.DISK_ERROR, GapCause.DISK_STALLED, GapCause.VOLUME_MISSING})


class GapTracker:
    """The gaps of one channel since the recorder started; the event loop's only.

    Footage is announced before it is written. That ends a gap of the camera at once; one of the disk ends when the disk has written
    (`written`): each attempt at a disk that refuses would be a recovery and a failure.
    """

    def __init__(self, channel: int, record: Callable[[GapChange], None]) -> None:
        self._channel = channel
        self._record = record
        self._open: GapChange | None = None
        self._notes: list[GapNote] = []
        self._before: tuple[GapChange | None, tuple[GapNote, ...]] | None = None  # the state before the last `footage`
        self._ends_utc_us: int | None = None  # of a gap of the disk, once footage is written
        self.last: LastGap | None = None
        self.count = 0  # of gaps begun

    @property
    def cause(self) -> GapCause | None:
        """Why there is no footage now; None while there is."""
        return self._open.cause if self._open else None

    @property
    def detail(self) -> str:
        return self._open.detail if self._open else ""

    def begin(self, at_utc_us: int, cause: GapCause, detail: str = "") -> None:
        """No footage from here on; inside a gap, another cause ends it and begins the next."""
        self._before = None
        self.written()
        if self._open is not None:
            if self._open.cause is cause:
                return
            at_utc_us = max(at_utc_us, self._open.start_utc_us)
            self._notes += _note(self._open, at_utc_us)
            self._close(at_utc_us)
        self._open = GapChange(self._channel, at_utc_us, None, cause, detail)
        self.count += 1
        self._tell(self._open)

    def footage(self, at_utc_us: int) -> tuple[GapNote, ...]:
        """Footage from here on; returns the gaps since the last footage, for the file that begins here."""
        self._before = (self._open, tuple(self._notes))
        notes = self._notes
        if self._open is not None:
            end_utc_us = max(at_utc_us, self._open.start_utc_us)
            notes = [*notes, *_note(self._open, end_utc_us)]
            if self._open.cause in _DISK_CAUSES:
                self._ends_utc_us = end_utc_us
            else:
                self._close(end_utc_us)
        self._notes = []
        return tuple(notes[-_MOST_NOTES:])

    def written(self) -> None:
        """The footage that was announced last is on the disk, a part of it at least."""
        if self._ends_utc_us is not None:
            end_utc_us, self._ends_utc_us = self._ends_utc_us, None
            self._close(end_utc_us)

    def retract(self) -> None:
        """The footage that was announced last never came to be: the gap before it goes on."""
        if self._before is None:
            return
        before, notes = self._before
        self._notes = list(notes)
        self._before = self._ends_utc_us = None
        if self._open is not before and before is not None:
            self._open = before
            self._tell(before)

    def remember(self, notes: Iterable[GapNote]) -> None:
        """Gaps since the last footage from before this process, oldest first."""
        self._notes = [*notes, *self._notes]

    def _close(self, end_utc_us: int) -> None:
        assert self._open is not None  # noqa: S101  callers checked
        gap, self._open = self._open, None
        self._tell(GapChange(self._channel, gap.start_utc_us, end_utc_us, gap.cause, gap.detail))

    def _tell(self, gap: GapChange) -> None:
        self.last = LastGap(gap.start_utc_us, gap.end_utc_us, gap.cause)
        self._record(gap)


def _note(gap: GapChange, end_utc_us: int) -> list[GapNote]:
    """What files say of a gap that ends here; nothing of one without length."""
    return [GapNote(gap.start_utc_us, end_utc_us, gap.cause)] if end_utc_us > gap.start_utc_us else []
