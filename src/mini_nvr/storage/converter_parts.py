"""Frames of a whole file -> parts, with decoding times from the presentation times alone. No I/O, no clock.

A part ends before each key frame (short GOPs are gathered) and is at most about 0.8 s long, as those of a recording are.
"""

from typing import Final

from mini_nvr.media.decode_times import DecodeClock
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioFormat, VideoFormat
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.storage.converter_audio import AudioFrames
from mini_nvr.storage.converter_input import CodedVideo

MAX_PART: Final = VIDEO_CLOCK_HZ * 4 // 5
_GATHERED: Final = VIDEO_CLOCK_HZ * 2 // 5
_MAX_FRAMES: Final = 1_000  # of a part, for files whose time does not advance
_MAX_BYTES: Final = 32 << 20
_DEFAULT_DURATION: Final = VIDEO_CLOCK_HZ // 25


class PartCutter:
    """Takes the frames of one file in order. `origin_90k`: where the file's time line begins; known with the first part."""

    def __init__(self, video: VideoFormat, audio: AudioFormat | None) -> None:
        self.origin_90k: int | None = None
        self._clock = DecodeClock(video.reorder_depth)
        self._frames: list[CodedVideo] = []
        self._bytes = 0
        self._newest = 0
        self._next_dts: int | None = None
        self._duration = _DEFAULT_DURATION
        self._audio = audio
        self._sound: AudioFrames = []
        self._sound_until = 0

    def video(self, frame: CodedVideo) -> Part | None:
        """Take a frame; the part that ends before it, if one does."""
        part = self._cut(frame) if self._ends_before(frame) else None
        self._newest = frame.pts_90k if not self._frames else max(self._newest, frame.pts_90k)
        self._frames.append(frame)
        self._bytes += len(frame.data)
        return part

    def audio(self, frames: AudioFrames) -> None:
        """Take coded sound; it goes with whatever video is cut next."""
        self._sound += frames

    def last(self, end_90k: int | None = None) -> Part | None:
        """What is left at the end of the file.

        end_90k: when the last frame ends, on the source's time line, where that is known.
        """
        return self._cut(None, end_90k) if self._frames else None

    def _ends_before(self, frame: CodedVideo) -> bool:
        if not self._frames:
            return False
        waited = max(self._newest, frame.pts_90k) - self._frames[0].pts_90k
        if frame.is_key and (waited >= _GATHERED or not self._frames[0].is_key):
            return True
        return waited >= MAX_PART or len(self._frames) >= _MAX_FRAMES or self._bytes >= _MAX_BYTES

    def _cut(self, following: CodedVideo | None, end_90k: int | None = None) -> Part:
        frames, self._frames, self._bytes = self._frames, [], 0
        shown = [frame.pts_90k for frame in frames]
        self._clock.observe(shown)
        times = self._clock.push_all(shown if self._next_dts is None else shown[1:])
        if self._next_dts is not None:
            times.insert(0, self._next_dts)
        self._next_dts = self._clock.push(following.pts_90k) if following else None
        if self.origin_90k is None:
            self.origin_90k = min(times[0], *shown)
        end = self._next_dts if self._next_dts is not None else self._end(frames, times, end_90k)
        durations = [later - earlier for earlier, later in zip(times, [*times[1:], end], strict=True)]
        self._duration = durations[-1]
        track = TrackPart(VIDEO_TRACK_ID, times[0] - self.origin_90k, durations, [frame.data for frame in frames])
        track.keys = [frame.is_key for frame in frames]
        if shown != times:
            track.cts_offsets = [pts - dts for pts, dts in zip(shown, times, strict=True)]
        sound = self._take_sound(everything=following is None)
        return Part([track] if sound is None else [track, sound], starts_at_key=frames[0].is_key)

    def _end(self, frames: list[CodedVideo], times: list[int], end_90k: int | None) -> int:
        """Where the last decoded frame ends; with reordering that is not the last shown."""
        if end_90k is not None and not self._clock.reordering and end_90k > times[-1]:
            return end_90k
        return times[-1] + (frames[-1].duration_90k or self._duration)

    def _take_sound(self, *, everything: bool) -> TrackPart | None:
        """The sound up to here but one frame, whose duration the next one tells. Sound before the first picture is left out."""
        if self._audio is None or self.origin_90k is None:
            return None
        origin = self.origin_90k * self._audio.sample_rate_hz // VIDEO_CLOCK_HZ
        samples = self._audio.frame_samples
        heard = [(data, pts - origin) for data, pts in self._sound if pts - origin + samples > 0]
        count = len(heard) if everything else len(heard) - 1
        if count <= 0:
            return None
        self._sound = [(data, start + origin) for data, start in heard[count:]]
        starts: list[int] = []
        for _, start in heard[:count]:
            starts.append(max(start, self._sound_until))
            self._sound_until = starts[-1] + 1
        following = heard[count][1] if count < len(heard) else starts[-1] + samples
        ends = [*starts[1:], max(following, starts[-1] + 1)]
        self._sound_until = ends[-1]
        durations = [end - start for start, end in zip(starts, ends, strict=True)]
        return TrackPart(AUDIO_TRACK_ID, starts[0], durations, [data for data, _ in heard[:count]])
