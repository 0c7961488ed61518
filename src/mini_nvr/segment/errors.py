"""What may be wrong with a footage file, finer than `SegmentError`, where a caller acts on the difference."""

from mini_nvr.errors import SegmentError


class EmptySegment(SegmentError):
    """A file of ours that holds no whole part, so nothing in it can be played: the caller removes it."""
