"""A part: the frames of about one second, cut and timed, ready for a container.

Times are in each track's clock rate, counted from the segment's origin (the first presented instant of the segment is 0 on every
track's time line, so tracks share the origin although their clock rates differ).
"""

from dataclasses import dataclass, field
from itertools import accumulate

VIDEO_TRACK_ID = 1
AUDIO_TRACK_ID = 2


@dataclass(slots=True)
class TrackPart:
    """Samples of one track in decoding order; the lists have one entry a sample.

    base_dts: decoding time of the first sample.
    durations: decoding time to the next sample of the track, the first one of the following part included.
    cts_offsets: presentation time minus decoding time, may be negative (ISO/IEC 14496-12 `trun` version 1); empty means all zero.
    keys: sync samples; empty means all of them (audio).
    in_band_sets: what `Frame.in_band_sets` held, for the bit-exact format; empty means none.
    """

    track_id: int
    base_dts: int
    durations: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    cts_offsets: list[int] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)
    in_band_sets: list[bytes] = field(default_factory=list)

    @property
    def duration(self) -> int:
        return sum(self.durations)

    @property
    def presented_end(self) -> int:
        """Where the last presented frame ends; with B-frames that is later than the end of the decoding times."""
        if not self.cts_offsets:
            return self.base_dts + self.duration
        starts = accumulate(self.durations, initial=self.base_dts)
        return max(dts + offset + duration for dts, offset, duration in zip(starts, self.cts_offsets, self.durations, strict=False))

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.payloads))


@dataclass(slots=True)
class Part:
    """One or two track parts, video first. `starts_at_key`: its first video sample is a sync sample."""

    tracks: list[TrackPart]
    starts_at_key: bool

    @property
    def size_bytes(self) -> int:
        return sum(track.size_bytes for track in self.tracks)

    @property
    def video_us(self) -> int:
        """How much video time the part adds, in microseconds."""
        return sum(track.duration * 100 // 9 for track in self.tracks if track.track_id == VIDEO_TRACK_ID)

    @property
    def video_end_us(self) -> int:
        """Where the last presented video frame ends, in microseconds from the segment's origin; 0 without video."""
        return max((track.presented_end * 100 // 9 for track in self.tracks if track.track_id == VIDEO_TRACK_ID), default=0)
