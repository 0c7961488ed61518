"""A channel's time line is footage or a gap with its cause (storage I10). Pure but for the callback that records a change."""

from collections.abc import Callable, Iterable

from mini_nvr.catalog.model import GapChange
from mini_nvr.errors import GapCause
from mini_nvr.recorder.status import LastGap
from mini_nvr.segment.model import GapNote

_MOST_NOTES = 16  # segment.model.SegmentHeader.gaps_before


class GapTracker:
    """The gaps of one channel since the recorder started; the event loop's only."""

    def __init__(self, channel: int, record: Callable[[GapChange], None]) -> None:
        self._channel = channel
        self._record = record
        self._open: GapChange | None = None
        self._notes: list[GapNote] = []
        self._before: tuple[GapChange | None, tuple[GapNote, ...]] | None = None  # the state before the last `footage`
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
        if self._open is not None:
            if self._open.cause is cause:
                return
            at_utc_us = max(at_utc_us, self._open.start_utc_us)
            self._close(at_utc_us)
        self._open = GapChange(self._channel, at_utc_us, None, cause, detail)
        self.count += 1
        self._tell(self._open)

    def footage(self, at_utc_us: int) -> tuple[GapNote, ...]:
        """Footage from here on; returns the gaps since the last footage, for the file that begins here."""
        self._before = (self._open, tuple(self._notes))
        if self._open is not None:
            self._close(max(at_utc_us, self._open.start_utc_us))
        notes, self._notes = tuple(self._notes[-_MOST_NOTES:]), []
        return notes

    def retract(self) -> None:
        """The footage that was announced last never came to be: the gap before it goes on."""
        if self._before is None:
            return
        self._open, notes = self._before
        self._notes = list(notes)
        self._before = None
        if self._open is not None:
            self._tell(self._open)

    def remember(self, notes: Iterable[GapNote]) -> None:
        """Gaps since the last footage from before this process, oldest first."""
        self._notes = [*notes, *self._notes]

    def _close(self, at_utc_us: int) -> None:
        assert self._open is not None  # noqa: S101  callers checked
        gap = GapChange(self._channel, self._open.start_utc_us, at_utc_us, self._open.cause, self._open.detail)
        self._open = None
        if at_utc_us > gap.start_utc_us:
            self._notes.append(GapNote(gap.start_utc_us, at_utc_us, gap.cause))
        self._tell(gap)

    def _tell(self, gap: GapChange) -> None:
        self.last = LastGap(gap.start_utc_us, gap.end_utc_us, gap.cause)
        self._record(gap)
