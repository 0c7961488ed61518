"""Frames of one track, as they come -> track parts with decoding times, durations and offsets. No I/O, no clock.

Recording and conversion cut where they want to; how long each frame lasts, and when it is decoded, is told here for both.
"""

from collections.abc import Sequence

from mini_nvr.media.decode_times import DecodeClock
from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, TrackPart

DEFAULT_FRAME_DURATION = VIDEO_CLOCK_HZ // 25  # where nothing tells, such as of a run that consists of a single frame


class VideoParts:
    """The video of one run, part by part; outlives segments, so that decoding times go on over a border."""

    def __init__(self, reorder_depth: int | None) -> None:
        self._clock = DecodeClock(reorder_depth)
        self._next_dts: int | None = None  # of the frame that followed the last part
        self._duration = DEFAULT_FRAME_DURATION

    def cut(
        self,
        shown: list[int],
        payloads: list[bytes],
        keys: list[bool],
        *,
        following: int | None,
        origin: int | None,
        last_duration: int = 0,
        end: int | None = None,
    ) -> tuple[TrackPart, int]:
        """A part of at least one frame, and the origin: `origin`, or where this part starts when it is the segment's first.

        shown: presentation times. following: that of the next frame, None at the end of the run. There `end` says where the last
        frame ends, or `last_duration` how long it lasts, where they are known.
        """
        self._clock.observe(shown)
        times = self._clock.push_all(shown if self._next_dts is None else shown[1:])
        if self._next_dts is not None:
            times.insert(0, self._next_dts)
        self._next_dts = self._clock.push(following) if following is not None else None
        until = self._next_dts if self._next_dts is not None else self._end(times[-1], last_duration, end)
        if origin is None:
            origin = min(times[0], *shown)
        durations = [later - earlier for earlier, later in zip(times, [*times[1:], until], strict=True)]
        self._duration = durations[-1]
        track = TrackPart(VIDEO_TRACK_ID, times[0] - origin, durations, payloads)
        track.keys = keys
        if shown != times:
            track.cts_offsets = [pts - dts for pts, dts in zip(shown, times, strict=True)]
        return track, origin

    def _end(self, last_dts: int, last_duration: int, end: int | None) -> int:
        """Where the last decoded frame ends; with reordering that is not the last shown."""
        if end is not None and not self._clock.reordering and end > last_dts:
            return end
        return last_dts + (last_duration or self._duration)


class AudioParts:
    """The audio track of one segment; times in samples.

    One frame stays behind, because its duration is known when the next one comes.
    """

    def __init__(self, sample_rate_hz: int, frame_samples: int) -> None:
        self._hz = sample_rate_hz
        self._frame_samples = frame_samples
        self._frames: list[tuple[bytes, int]] = []
        self._written_until: int | None = None

    def add(self, data: bytes, pts: int) -> None:
        """One encoded frame, in order of presentation."""
        self._frames.append((data, pts))

    def take(self, origin_90k: int, *, everything: bool) -> TrackPart | None:
        """What can be written now, or None. everything: the segment ends, the last frame lasts as long as its samples."""
        keep = 0 if everything else 1
        count = len(self._frames) - keep
        if count <= 0:
            return None
        frames, self._frames = self._frames[:count], self._frames[count:]
        origin = origin_90k * self._hz // VIDEO_CLOCK_HZ
        nominal = self._frame_samples or self._guess(frames)
        starts = self._increasing([pts - origin for _, pts in frames])
        following = self._frames[0][1] - origin if self._frames else starts[-1] + nominal
        ends = [*starts[1:], max(following, starts[-1] + 1)]
        self._written_until = ends[-1]
        durations = [end - start for start, end in zip(starts, ends, strict=True)]
        return TrackPart(AUDIO_TRACK_ID, starts[0], durations, [data for data, _ in frames])

    def _increasing(self, starts: Sequence[int]) -> list[int]:
        """Starts that never go back: behind what is written, each at least one sample after the one before."""
        floor = self._written_until if self._written_until is not None else 0
        fixed = []
        for start in starts:
            floor = max(start, floor)
            fixed.append(floor)
            floor += 1
        return fixed

    def _guess(self, frames: list[tuple[bytes, int]]) -> int:
        """G.711 frames: one byte is one sample."""
        return len(frames[-1][0])
