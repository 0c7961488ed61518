"""Why a file is not converted, where the next attempt depends on it."""

from typing import Final

from mini_nvr.errors import MiniNvrError

MJPEG_SAID: Final = "holds mjpeg video"
"""What is remembered of MJPEG that nobody asked to be encoded, and, below, once the owner did."""
MJPEG_WISH: Final = "to become H.264, as its owner wishes"


class ConversionError(MiniNvrError):
    """This time it did not work; the original is as it was, and is tried again."""


class Unconvertible(ConversionError):
    """What is in the file does not fit into our files as it is; only another release can change that."""


class ConversionStopped(ConversionError):
    """The service stops; nothing is wrong with the file."""
