"""One segment under way on the event loop: from the key frame that starts it to the last audio frame that belongs to it."""

from mini_nvr.media.frame import VIDEO_CLOCK_HZ, Frame, VideoFormat
from mini_nvr.media.part import Part
from mini_nvr.media.track_parts import AudioParts
from mini_nvr.recorder.assembler import VideoAssembler, part_of
from mini_nvr.recorder.growing import GrowingSegment

AUDIO_PATIENCE = 2 * VIDEO_CLOCK_HZ  # how much later than its video audio may come and still reach the file it belongs to


class Take:
    """A segment being assembled. `growing` exists from the first part on, `origin` with it.

    start: presentation time of the key frame that starts it, 90 kHz.
    """

    def __init__(self, start: int, video_format: VideoFormat, video: VideoAssembler, audio: AudioParts | None) -> None:
        self.start = start
        self.format = video_format
        self.audio = audio
        self.growing: GrowingSegment | None = None
        self.origin: int | None = None
        self.boundary: int | None = None  # where the next segment took over; audio before it still belongs here
        self._video = video

    def next_part(self, next_frame: Frame | None) -> tuple[Part, int]:
        """All video that waits, with the audio that is there, and the segment's origin."""
        video, self.origin = self._video.cut(next_frame, self.origin)
        audio = self.audio.take(self.origin, everything=False) if self.audio else None
        part = part_of(video, audio)
        assert part is not None  # noqa: S101  there was video
        return part, self.origin

    def last_audio(self) -> Part | None:
        """The rest of the audio, when the segment is over."""
        if self.audio is None or self.origin is None:
            return None
        return part_of(None, self.audio.take(self.origin, everything=True))
