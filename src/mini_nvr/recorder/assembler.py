"""Frames of one segment -> parts with decoding times, durations and offsets. No I/O, no clock.

Video frames wait in memory until a part is cut (at most about 0.8 s); the frame that causes the cut gives the last duration. Audio
goes with whatever video is written next; one audio frame stays behind, because its duration is known when the next one comes.
"""

from mini_nvr.media.decode_times import DecodeClock
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, Frame, VideoFormat
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart

DEFAULT_FRAME_DURATION = VIDEO_CLOCK_HZ // 25  # of a run that consists of a single frame


class VideoAssembler:
    """The video track of one run; outlives segments, so that decoding times go on over a border."""

    def __init__(self, video_format: VideoFormat | None) -> None:
        self.format = video_format
        self._clock = DecodeClock(video_format.reorder_depth if video_format else None)
        self._next_dts: int | None = None  # of the frame that caused the last cut
        self._duration = DEFAULT_FRAME_DURATION
        self.frames: list[Frame] = []

    @property
    def size_bytes(self) -> int:
        return sum(len(frame.data) for frame in self.frames)

    def cut(self, next_frame: Frame | None, origin: int | None) -> tuple[TrackPart, int]:
        """A part of all frames waiting, and the origin: `origin`, or where this part starts when it is the segment's first.

        next_frame: the frame that follows, None at the end of the run. There must be at least one frame waiting.
        """
        frames = self.frames
        self.frames = []
        shown = [frame.pts for frame in frames]
        self._clock.observe(shown)
        times = self._clock.push_all(shown if self._next_dts is None else shown[1:])
        if self._next_dts is not None:
            times.insert(0, self._next_dts)
        self._next_dts = self._clock.push(next_frame.pts) if next_frame else None
        end = self._next_dts if self._next_dts is not None else times[-1] + self._duration
        if origin is None:
            origin = min(times[0], *shown)
        durations = [later - earlier for earlier, later in zip(times, [*times[1:], end], strict=True)]
        self._duration = durations[-1]
        track = TrackPart(VIDEO_TRACK_ID, times[0] - origin, durations, [frame.data for frame in frames])
        track.keys = [frame.is_key for frame in frames]
        if shown != times:
            track.cts_offsets = [pts - dts for pts, dts in zip(shown, times, strict=True)]
        if any(frame.in_band_sets for frame in frames):
            track.in_band_sets = [frame.in_band_sets for frame in frames]
        return track, origin


class AudioAssembler:
    """The audio track of one segment; times in samples."""

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

    def _increasing(self, starts: list[int]) -> list[int]:
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


def part_of(video: TrackPart | None, audio: TrackPart | None) -> Part | None:
    """A part of the tracks that have something to write."""
    tracks = [track for track in (video, audio) if track is not None]
    return Part(tracks, starts_at_key=bool(video and video.keys and video.keys[0])) if tracks else None
