"""The audio of one connection on its way into files: transcoded where the container needs it, told apart at segment borders."""

from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioFormat, Frame
from mini_nvr.media.track_parts import AudioParts
from mini_nvr.segment.model import Container

_SILENT_AFTER = 5 * VIDEO_CLOCK_HZ  # a track without a frame for that long is left out of the next file


class AudioTrack:
    """Frames in, encoded frames out; knows whether the next file should have an audio track at all.

    A file that declares a track without samples stalls players, so audio is declared only when it is really coming.
    """

    def __init__(self, source: AudioFormat, container: Container) -> None:
        self.format = source
        self._transcoder = None
        if container == "mp4" and source.codec != "aac":
            from mini_nvr.media.audio import AacTranscoder  # noqa: PLC0415  FFmpeg's libraries load only where they are used

            self._transcoder = AacTranscoder(source)
            self.format = self._transcoder.format
        self._newest_90k: int | None = None
        self._ended = False

    def encode(self, frame: Frame) -> list[tuple[bytes, int]]:
        """(data, pts in samples) of each frame that can be stored now."""
        if self._ended:
            return []
        frames = [(frame.data, frame.pts)] if self._transcoder is None else self._transcoder.feed(frame.data, frame.pts)
        if frames:
            self._newest_90k = frames[-1][1] * VIDEO_CLOCK_HZ // self.format.sample_rate_hz
        return frames

    def end(self) -> list[tuple[bytes, int]]:
        """What the transcoder still held when the connection ended; nothing can be encoded afterwards."""
        if self._ended:
            return []
        self._ended = True
        return self._transcoder.flush() if self._transcoder is not None and self._newest_90k is not None else []

    def flows(self, video_pts: int) -> bool:
        """Audio came lately, seen from a video presentation time."""
        return self._newest_90k is not None and video_pts - self._newest_90k < _SILENT_AFTER

    def assembler(self) -> AudioParts:
        """An empty track for the next file."""
        return AudioParts(self.format.sample_rate_hz, self.format.frame_samples)

    def ticks(self, pts_90k: int) -> int:
        """A video time in samples, as `AudioParts` rounds it."""
        return pts_90k * self.format.sample_rate_hz // VIDEO_CLOCK_HZ
