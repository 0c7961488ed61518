"""What every room passes along: frames and the format of the track that they belong to.

Times are integers in the track's own clock rate. Video runs at 90 kHz (RFC 6184 section 5.1, RFC 7798 section 4.1), audio at its
sample rate.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

VIDEO_CLOCK_HZ = 90_000

VideoCodec = Literal["h264", "h265"]
AudioCodec = Literal["aac", "pcma", "pcmu"]


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """Everything a decoder or a container must know before the first frame; equal formats need no new segment.

    parameter_sets: raw NAL units without start code or length, in the order VPS, SPS, PPS.
    decoder_config: payload of the `avcC` or `hvcC` box (ISO/IEC 14496-15 clauses 5.3.3.1, 8.3.3.1).
    width, height: of the cropped picture, in pixels, before the sample aspect ratio is applied.
    frame_rate: from the VUI timing, None when the stream does not say.
    reorder_depth: how many frames may precede a frame in decoding order and follow it in output order; None when not signalled.
    codec_string: RFC 6381, for MSE and HLS, such as `avc1.64001F` or `hvc1.1.6.L93.B0`.
    """

    codec: VideoCodec
    parameter_sets: tuple[bytes, ...]
    decoder_config: bytes
    width: int
    height: int
    sample_aspect: Fraction
    frame_rate: Fraction | None
    reorder_depth: int | None
    codec_string: str

    @property
    def clock_hz(self) -> int:
        return VIDEO_CLOCK_HZ


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """An audio track.

    decoder_config: the AudioSpecificConfig (ISO/IEC 14496-3 clause 1.6.2.1) for AAC, empty for G.711.
    codec_string: RFC 6381 (`mp4a.40.2`), empty for G.711, which no browser plays from MP4.
    frame_samples: samples in one frame; 1024 for AAC-LC, 0 when it varies (G.711).
    """

    codec: AudioCodec
    sample_rate_hz: int
    channels: int
    decoder_config: bytes
    codec_string: str
    frame_samples: int

    @property
    def clock_hz(self) -> int:
        return self.sample_rate_hz


TrackFormat = VideoFormat | AudioFormat


@dataclass(slots=True, eq=False)
class Frame:
    """One access unit of video, or one audio frame.

    data: video: NAL units, each behind its length as 4 bytes big-endian, without parameter sets. AAC: one raw access unit without
        ADTS. G.711: the bytes of one RTP packet, one byte a sample.
    pts: presentation time in the track's clock rate. From `rtsp`: the RTP timestamp unwrapped to 64 bits. From `ingest` on: ticks
        since the start of the run, all tracks of a run on one time line.
    arrival_ns: monotonic clock when the bytes that completed the frame were read.
    is_key: video: decoding can start here; audio: always true.
    in_band_sets: the parameter sets that came inside this access unit, length-prefixed like `data`, for the bit-exact format.
    new_format: the track's format when it differs from the one in force before this frame (set on the first frame too).
    """

    data: bytes
    pts: int
    arrival_ns: int
    is_key: bool
    in_band_sets: bytes = b""
    new_format: VideoFormat | None = None
