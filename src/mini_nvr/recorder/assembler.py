"""The frames of one segment that wait for their part. No I/O, no clock.

Video frames wait in memory until a part is cut (at most about 0.8 s); the frame that causes the cut gives the last duration. Audio
goes with whatever video is written next.
"""

from mini_nvr.media.frame import Frame, VideoFormat
from mini_nvr.media.part import Part, TrackPart
from mini_nvr.media.track_parts import VideoParts


class VideoAssembler:
    """The video track of one run; outlives segments, so that decoding times go on over a border."""

    def __init__(self, video_format: VideoFormat | None) -> None:
        self.format = video_format
        self.frames: list[Frame] = []
        self._parts = VideoParts(video_format.reorder_depth if video_format else None)

    @property
    def size_bytes(self) -> int:
        return sum(len(frame.data) for frame in self.frames)

    def cut(self, next_frame: Frame | None, origin: int | None) -> tuple[TrackPart, int]:
        """A part of all frames waiting, and the origin: `origin`, or where this part starts when it is the segment's first.

        next_frame: the frame that follows, None at the end of the run. There must be at least one frame waiting.
        """
        frames, self.frames = self.frames, []
        track, origin = self._parts.cut(
            [frame.pts for frame in frames],
            [frame.data for frame in frames],
            [frame.is_key for frame in frames],
            following=next_frame.pts if next_frame else None,
            origin=origin,
        )
        if any(frame.in_band_sets for frame in frames):
            track.in_band_sets = [frame.in_band_sets for frame in frames]
        return track, origin


def part_of(video: TrackPart | None, audio: TrackPart | None) -> Part | None:
    """A part of the tracks that have something to write."""
    tracks = [track for track in (video, audio) if track is not None]
    return Part(tracks, starts_at_key=bool(video and video.keys and video.keys[0])) if tracks else None
