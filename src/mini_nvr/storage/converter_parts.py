"""Frames of a whole file -> parts, with decoding times from the presentation times alone. No I/O, no clock.

A part ends before each key frame (short GOPs are gathered) and is at most about 0.8 s long, as those of a recording are.
"""

from typing import Final

from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioFormat, VideoFormat
from mini_nvr.media.part import Part, TrackPart
from mini_nvr.media.track_parts import AudioParts, VideoParts
from mini_nvr.storage.converter_audio import AudioFrames
from mini_nvr.storage.converter_input import CodedVideo

MAX_PART: Final = VIDEO_CLOCK_HZ * 4 // 5
_GATHERED: Final = VIDEO_CLOCK_HZ * 2 // 5
_MAX_FRAMES: Final = 1_000  # of a part, for files whose time does not advance
_MAX_BYTES: Final = 32 << 20


class PartCutter:
    """Takes the frames of one file in order. `origin_90k`: where the file's time line begins; known with the first part."""

    def __init__(self, video: VideoFormat, audio: AudioFormat | None) -> None:
        self.origin_90k: int | None = None
        self._parts = VideoParts(video.reorder_depth)
        self._frames: list[CodedVideo] = []
        self._bytes = 0
        self._newest = 0
        self._audio = audio
        self._sound_parts = AudioParts(audio.sample_rate_hz, audio.frame_samples) if audio is not None else None
        self._sound: AudioFrames = []

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
        track, self.origin_90k = self._parts.cut(
            [frame.pts_90k for frame in frames],
            [frame.data for frame in frames],
            [frame.is_key for frame in frames],
            following=following.pts_90k if following else None,
            origin=self.origin_90k,
            last_duration=frames[-1].duration_90k,
            end=end_90k,
        )
        sound = self._take_sound(self.origin_90k, everything=following is None)
        return Part([track] if sound is None else [track, sound], starts_at_key=frames[0].is_key)

    def _take_sound(self, origin_90k: int, *, everything: bool) -> TrackPart | None:
        """The sound up to here but one frame, whose duration the next one tells. Sound before the first picture is left out."""
        if self._audio is None or self._sound_parts is None:
            return None
        starts_after = origin_90k * self._audio.sample_rate_hz // VIDEO_CLOCK_HZ - self._audio.frame_samples
        for data, pts in self._sound:
            if pts > starts_after:
                self._sound_parts.add(data, pts)
        self._sound = []
        return self._sound_parts.take(origin_90k, everything=everything)
