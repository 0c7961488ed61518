"""What goes into the catalog and what comes out of it; plain values, so that nobody outside this room sees SQL."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import PurePosixPath

from mini_nvr.errors import GapCause
from mini_nvr.segment.model import Container, SegmentFacts, TimeSource


class SegmentState(StrEnum):
    """GROWING: the recorder appends. SEALED: final. DELETING: marked for removal (storage I4). DAMAGED: cannot be read; kept."""

    GROWING = "growing"
    SEALED = "sealed"
    DELETING = "deleting"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """A file as its last sync left it; inserted or updated by its path, relative to RECORD_DIR."""

    path: PurePosixPath
    facts: SegmentFacts


@dataclass(frozen=True, slots=True)
class GapChange:
    """A gap, inserted or updated by (channel, start); open while `end_utc_us` is None.

    A gap that starts inside another one ends it there, so consecutive causes split the time. A gap that ends where it starts, or
    before, is none: it is removed.
    """

    channel: int
    start_utc_us: int
    end_utc_us: int | None
    cause: GapCause
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunChange:
    """A run, inserted or updated by its id; open while `end_utc_us` is None."""

    run_id: str
    channel: int
    start_utc_us: int
    end_utc_us: int | None = None
    end_cause: str | None = None


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment as the catalog knows it, without its key-frame index.

    size_bytes: while growing, what was synced at the last checkpoint (storage I3).
    video_codec, audio_codec: RFC 6381 codec string; `pcma` or `pcmu` for G.711, which has none; None without such a track.
    """

    id: int
    channel: int
    start_utc_us: int
    duration_us: int
    size_bytes: int
    state: SegmentState
    protected: bool
    run_id: str
    number: int
    path: PurePosixPath
    container: Container
    video_frames: int
    video_codec: str | None
    width: int | None
    height: int | None
    frame_rate: Fraction | None
    audio_codec: str | None
    init_offset: int
    init_size_bytes: int
    time_source: TimeSource

    @property
    def end_utc_us(self) -> int:
        return self.start_utc_us + self.duration_us


@dataclass(frozen=True, slots=True)
class GapRow:
    """[start, end) without footage; open while `end_utc_us` is None. The gaps of a channel never overlap each other."""

    id: int
    channel: int
    start_utc_us: int
    end_utc_us: int | None
    cause: GapCause
    detail: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One unbroken RTSP session; open while `end_utc_us` is None."""

    run_id: str
    channel: int
    start_utc_us: int
    end_utc_us: int | None
    end_cause: str | None


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel that was ever recorded."""

    number: int
    name: str
    first_seen_utc_us: int
