"""Who receives what a session carries. All methods are called on the event loop, must not block and must not raise."""

from typing import Protocol

from mini_nvr.media.frame import Frame


class Sink(Protocol):
    """The consumer of one session; `track` is the position in the list of tracks given to `play`."""

    def on_frame(self, track: int, frame: Frame) -> None:
        """A whole frame, `frame.pts` being the RTP timestamp unwrapped to 64 bits."""

    def on_sender_report(self, track: int, ntp_utc_us: int, rtp_timestamp: int) -> None:
        """RTCP sender report (RFC 3550 section 6.4.1): the camera's wall clock at an unwrapped RTP timestamp."""

    def on_loss(self, track: int, packets: int) -> None:
        """That many RTP packets are missing from the sequence; the frame they belonged to was left out."""
