"""Why a file is not converted, where the next attempt depends on it."""

from mini_nvr.errors import MiniNvrError


class ConversionError(MiniNvrError):
    """This time it did not work; the original is as it was, and is tried again."""


class Unconvertible(ConversionError):
    """What is in the file does not fit into our files as it is; only another release can change that."""


class ConversionStopped(ConversionError):
    """The service stops; nothing is wrong with the file."""
