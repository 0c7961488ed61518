"""The interface between whatever delivers frames and whoever consumes them."""

from dataclasses import dataclass
from typing import Protocol

from mini_nvr.errors import GapCause
from mini_nvr.media.frame import AudioFormat, Frame
from mini_nvr.segment.model import TimeSource


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a source found before the first frame.

    left_out: one sentence for each stream that is not recorded, with the reason.
    server: what the camera calls itself, may be empty.
    """

    audio: AudioFormat | None
    left_out: tuple[str, ...] = ()
    server: str = ""


class TimeLine(Protocol):
    """Maps the run's media time to the wall; lives as long as the connection."""

    @property
    def time_source(self) -> TimeSource:
        """How audio and video were brought onto one line."""

    def start_utc_us(self, pts_90k: int) -> int:
        """The wall instant of a media time, once, for the first segment of a run."""

    def next_start_utc_us(self, pts_90k: int, expected_utc_us: int, elapsed_us: int) -> int:
        """The wall instant at which a following segment starts: `expected_utc_us` corrected by the drift that may be corrected."""

    def utc_us(self, pts_90k: int) -> int:
        """The wall instant of a media time as far as it is known now; for showing, changes nothing."""


class Receiver(Protocol):
    """Consumes the frames of one channel. All methods are called on the event loop and must neither block nor raise."""

    def on_connected(self, info: StreamInfo, time_line: TimeLine) -> None:
        """The camera answered; frames follow."""

    def on_video(self, frame: Frame) -> None:
        """`frame.pts` counts 90 kHz ticks since the start of the connection."""

    def on_audio(self, frame: Frame) -> None:
        """`frame.pts` counts samples on the same time line as video."""

    def on_disconnected(self, cause: GapCause, detail: str, retry_in_s: float) -> None:
        """No frames until the next `on_connected`; called again when the cause changes while the camera stays away.

        retry_in_s: infinite when it is not tried again.
        """


class Source(Protocol):
    """One connection to one camera; used once."""

    async def open(self) -> StreamInfo:
        """Connect and ask what there is.

        Raises:
            RtspError: with the cause in plain words.
        """

    async def play(self, receiver: Receiver) -> None:
        """Start the flow of frames."""

    async def wait_closed(self) -> None:
        """Return when the camera ended the stream properly, raise what ended it otherwise."""

    async def close(self) -> None:
        """Say good-bye and free everything; never raises."""

    @property
    def last_frame_ns(self) -> int:
        """Monotonic arrival of the newest video frame, 0 before the first."""

    @property
    def media_bytes(self) -> int:
        """Payload received so far, of all tracks."""

    @property
    def packets_lost(self) -> int:
        """Packets missing from the sequence so far."""
