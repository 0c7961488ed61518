"""Why something cannot be played; the web service turns these into answers."""

from collections.abc import Sequence

from mini_nvr.errors import GapCause, MiniNvrError


class PlaybackError(MiniNvrError):
    """Footage could not be served."""


class NoFootage(PlaybackError):
    """There is no footage at that time. `cause`: what the catalog says of it; None when it says nothing."""

    def __init__(self, message: str, cause: GapCause | None = None) -> None:
        super().__init__(message)
        self.cause = cause


class NotPlayable(PlaybackError):
    """The footage is there, in a container that cannot be served like this (Matroska): download the files instead."""


class FormatChanges(PlaybackError):
    """The video's parameters change inside the range. `ranges`: (start, end) in UTC microseconds, each of one format."""

    def __init__(self, message: str, ranges: Sequence[tuple[int, int]]) -> None:
        super().__init__(message)
        self.ranges = tuple(ranges)


class FootageUnreadable(PlaybackError):
    """A file that the catalog names is gone or cannot be read."""


class RangeTooLong(PlaybackError):
    """More time was asked for than one answer may cover."""
