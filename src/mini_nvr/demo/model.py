"""What a simulated camera sends: tracks, access units ready for RTP, and the source that makes them.

A source is shown by a feed. Media time starts at 0 with the feed and is counted in each track's clock rate; the feed says when a
unit is due, the camera's pump waits for that instant and hands the unit to everybody who watches.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol

from mini_nvr.clock import Clock
from mini_nvr.media.frame import AudioCodec, VideoCodec


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """One `m=` section of the SDP.

    parameter_sets: video only, raw NAL units in the order VPS, SPS, PPS.
    config: AAC only, the AudioSpecificConfig (ISO/IEC 14496-3 clause 1.6.2.1).
    """

    kind: Literal["video", "audio"]
    codec: VideoCodec | AudioCodec
    clock_hz: int
    payload_type: int
    channels: int = 1
    parameter_sets: tuple[bytes, ...] = ()
    config: bytes = b""
    frame_rate: Fraction | None = None


class Unit(NamedTuple):
    """One access unit, packetised.

    pts: presentation time since the start of the feed, in the track's clock rate.
    sets: RTP payloads with the parameter sets that go before a key frame.
    payloads: RTP payloads of the unit itself; the last one carries the marker bit (video).
    stored: pieces whose concatenation is what a recorder stores: NAL units behind 4-byte lengths, or the audio payload.
    """

    track: int
    pts: int
    is_key: bool
    sets: tuple[bytes, ...]
    payloads: tuple[bytes, ...]
    stored: tuple[bytes, ...]


class Feed(Protocol):
    """One showing of a source, driven by the camera's pump on the event loop."""

    def due_ns(self) -> int | None:
        """Monotonic instant at which the next units are due; None when the showing is over."""

    def take(self) -> list[Unit]:
        """The units that are due now, in decoding order; never waits."""

    def media_ns(self, now_ns: int) -> int:
        """Media time at a monotonic instant, for sender reports."""

    def request_key(self) -> None:
        """Make the next video unit a key frame, if the source can."""


class Source(Protocol):
    """Makes feeds; one feed at a time is in use."""

    def tracks(self) -> tuple[TrackSpec, ...]:
        """The tracks as they would be sent now; video first."""

    def start(self, clock: Clock) -> Feed:
        """Begin a showing now."""

    def change_resolution(self, width: int, height: int) -> None:
        """Send pictures of that size from the next key frame on, with new parameter sets; callable from any thread."""
