"""When to cut. Pure: media times and flags in, a decision out.

A part holds at most `MAX_PART_S` of video, so that a crash costs less than a second. Parts start at key frames; a GOP longer than
that is split evenly, shorter ones are gathered. A segment starts at a key frame and is closed before the next GOP would carry it
beyond its length.
"""

from enum import Enum

from mini_nvr.media.frame import VIDEO_CLOCK_HZ

MAX_PART = VIDEO_CLOCK_HZ * 4 // 5
_JITTER = VIDEO_CLOCK_HZ // 50  # time stamps of real cameras wobble by some milliseconds


class Cut(Enum):
    """What ends before the frame in question."""

    NONE = "the frame belongs to the part under way"
    PART = "a part ends"
    SEGMENT = "a segment ends, and the part with it"
    SKIP = "the frame cannot be decoded, nothing has started yet"


class Segmenter:
    """The cuts of one channel's current run; all times are 90 kHz ticks of presentation time."""

    def __init__(self, segment_duration_s: float) -> None:
        self._limit = round(segment_duration_s * VIDEO_CLOCK_HZ)
        self._segment_start = 0
        self._part_start = 0
        self._key = 0
        self._gop = 0  # length of the last whole GOP, 0 when none was seen
        self._step = MAX_PART  # how far apart parts are cut inside a GOP
        self._recording = False

    def stop(self) -> None:
        """Nothing is being recorded: the next key frame starts a segment."""
        self._recording = False
        self._gop = 0
        self._step = MAX_PART

    def decide(self, pts: int, is_key: bool, format_changed: bool) -> Cut:
        """What ends before this frame. format_changed: it cannot share a file with the frames before."""
        if not self._recording:
            return self._begin(pts) if is_key else Cut.SKIP
        if format_changed:
            if is_key:
                return self._begin(pts)
            self.stop()
            return Cut.SKIP
        return self._at_key(pts) if is_key else self._inside_gop(pts)

    def _begin(self, pts: int) -> Cut:
        self._recording = True
        self._segment_start = self._part_start = self._key = pts
        return Cut.SEGMENT

    def _at_key(self, pts: int) -> Cut:
        self._gop = max(pts - self._key, 1)
        self._step = self._gop // -(-self._gop // MAX_PART)
        self._key = pts
        if pts + self._gop - self._segment_start > self._limit + _JITTER:
            self._segment_start = self._part_start = pts
            return Cut.SEGMENT
        if pts + min(self._gop, MAX_PART) - self._part_start > MAX_PART + _JITTER:
            self._part_start = pts
            return Cut.PART
        return Cut.NONE

    def _inside_gop(self, pts: int) -> Cut:
        if self._part_start < self._key:  # short GOPs are being gathered
            return self._cut_part(pts) if pts - self._part_start >= MAX_PART else Cut.NONE
        if self._gop and abs(self._key + self._gop - pts) < _JITTER:
            return Cut.NONE  # the next key frame is about to cut
        due = (pts - self._key) // self._step > (self._part_start - self._key) // self._step
        return self._cut_part(pts) if due else Cut.NONE

    def _cut_part(self, pts: int) -> Cut:
        self._part_start = pts
        return Cut.PART
