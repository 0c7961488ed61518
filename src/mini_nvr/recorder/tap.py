"""Where live pictures branch off from recording: whatever is attached sees each frame that arrives, recorded or not."""

from typing import Protocol

from mini_nvr.errors import GapCause
from mini_nvr.ingest.source import TimeLine
from mini_nvr.media.frame import AudioFormat, Frame, VideoFormat


class Tap(Protocol):
    """Called on the event loop in the hot path; must neither wait nor raise (`live.hub.StreamHub`)."""

    def on_format(self, video: VideoFormat, audio: AudioFormat | None, line: TimeLine) -> None:
        """The frames that follow are of these formats, on this time line; audio may never come."""

    def on_video(self, frame: Frame) -> None:
        """A frame, before it is decided whether it is recorded; it must not be changed."""

    def on_audio(self, data: bytes, pts: int) -> None:
        """An audio frame as it is stored, `pts` in samples."""

    def on_end(self, cause: GapCause, detail: str) -> None:
        """No frames until the next `on_format`; called again when the cause changes."""
