"""Decoding times for frames that carry presentation times only (RTP, RFC 3550 section 5.1). Pure.

Without reordering both are the same. With B-frames, the decoding time of the i-th frame in decoding order is the i-th smallest
presentation time: with a reorder depth of N frames that is known N frames late, so (i-N)-th smallest + N frame durations is used
instead, the same at a constant frame rate. The first frame then presents at its decoding time and later offsets are negative as
often as positive, which is what CMAF asks for (ISO/IEC 23000-19 clause 7.5.17, negative composition offsets, no edit list).
"""

from bisect import insort
from collections.abc import Sequence


class DecodeClock:
    """Decoding times of one run, in ticks of the presentation times; strictly increasing whatever the camera sends."""

    def __init__(self, reorder_depth: int | None) -> None:
        self._depth = reorder_depth or 0
        self._frame_duration = 0
        self._waiting: list[int] = []  # presentation times not yet turned into decoding times, sorted
        self._newest_pts: int | None = None
        self._last_dts: int | None = None
        self._early = 0

    @property
    def depth(self) -> int:
        """The reorder depth as far as it is known."""
        return self._depth

    @property
    def reordering(self) -> bool:
        return self._depth > 0

    def observe(self, pts: Sequence[int]) -> None:
        """Learn the depth (where the stream does not tell) and the frame duration from frames about to be pushed."""
        newest = self._newest_pts
        if not self._depth and (newest is None or pts[0] >= newest) and pts == sorted(pts):
            return  # in order, as most cameras send
        for position, time in enumerate(pts):
            if newest is not None and time < newest:
                overtaken = sum(1 for other in pts[:position] if other > time)
                self._depth = max(self._depth, overtaken, 1)
            newest = time if newest is None else max(newest, time)
        if self._depth and not self._frame_duration and len(pts) > 1:
            self._frame_duration = (max(pts) - min(pts)) // (len(pts) - 1)

    def push(self, pts: int) -> int:
        """The decoding time of the next frame in decoding order."""
        if self._newest_pts is None or pts > self._newest_pts:
            self._newest_pts = pts
        dts = self._reordered(pts) if self._depth else pts
        if self._last_dts is not None and dts <= self._last_dts:
            dts = self._last_dts + 1
        self._last_dts = dts
        return dts

    def push_all(self, pts: list[int]) -> list[int]:
        """The decoding times of the next frames in decoding order; without reordering, as good as free."""
        in_order = pts and (self._last_dts is None or pts[0] > self._last_dts) and pts == sorted(set(pts))
        if self._depth or not in_order:
            return [self.push(time) for time in pts]
        self._last_dts = pts[-1]
        if self._newest_pts is None or pts[-1] > self._newest_pts:
            self._newest_pts = pts[-1]
        return pts[:]

    def _reordered(self, pts: int) -> int:
        insort(self._waiting, pts)
        if len(self._waiting) <= self._depth:
            self._early += 1
            return self._waiting[0] + (self._early - 1) * self._frame_duration
        smallest = self._waiting[0]
        del self._waiting[: len(self._waiting) - self._depth]
        return smallest + self._depth * self._frame_duration
