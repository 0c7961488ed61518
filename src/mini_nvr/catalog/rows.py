"""Between values and columns: what a change writes, what a row means."""

from fractions import Fraction
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Row

from mini_nvr.catalog.model import ChannelRow, GapRow, RunRow, SegmentChange, SegmentRow, SegmentState
from mini_nvr.errors import CatalogError, GapCause, SegmentError
from mini_nvr.media.frame import AudioFormat, VideoFormat
from mini_nvr.segment.index import encode_index, require_index_in_range
from mini_nvr.segment.model import SegmentFacts


class ImplausibleFacts(CatalogError):
    """A file says of itself what no recorder writes: its header was forged, or hit by a flipped bit."""


_LIMIT = 1 << 60  # sums of two values stay inside SQLite's signed 64 bits
_CAUSES = frozenset(cause.value for cause in GapCause)


def segment_entry(change: SegmentChange) -> tuple[dict[str, object], bytes]:
    """The columns of a segment, and its key-frame index as stored; empty when the container has none.

    Raises:
        ImplausibleFacts: a number or a name cannot be stored.
    """
    require_plausible(change.facts)
    return _segment_values(change), encode_index(change.facts.index) if change.facts.index else b""


def _segment_values(change: SegmentChange) -> dict[str, object]:
    """Every column but `id` and `protected`."""
    facts = change.facts
    header = facts.header
    video = next((item for item in facts.formats if isinstance(item, VideoFormat)), None)
    audio = next((item for item in facts.formats if isinstance(item, AudioFormat)), None)
    return {
        "channel": header.channel,
        "start_utc_us": header.start_utc_us,
        "duration_us": facts.duration_us,
        "size_bytes": facts.size_bytes,
        "state": (SegmentState.SEALED if facts.sealed else SegmentState.GROWING).value,
        "run_id": header.run_id,
        "number": header.number,
        "path": str(change.path),
        "container": facts.container,
        "video_frames": facts.video_frames,
        "video_codec": video.codec_string if video else None,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "frame_rate": str(video.frame_rate) if video and video.frame_rate is not None else None,
        "audio_codec": (audio.codec_string or audio.codec) if audio else None,
        "init_offset": facts.init_offset,
        "init_size_bytes": facts.init_size_bytes,
        "time_source": header.time_source,
    }


def require_plausible(facts: SegmentFacts) -> None:
    """Refuse what would not fit the columns, before it spoils a transaction that holds other files' rows.

    Raises:
        ImplausibleFacts: a number or a name cannot be stored.
    """
    header = facts.header
    for name, value in (
        ("channel", header.channel),
        ("start", header.start_utc_us),
        ("number", header.number),
        ("duration", facts.duration_us),
        ("size", facts.size_bytes),
        ("frame count", facts.video_frames),
        ("init offset", facts.init_offset),
        ("init size", facts.init_size_bytes),
        *(("gap", moment) for note in header.gaps_before for moment in (note.start_utc_us, note.end_utc_us)),
    ):
        if not 0 <= value < _LIMIT:
            raise ImplausibleFacts(f"its {name} is {value}, which no recorder writes")
    try:
        (header.camera_name + header.run_id).encode()
    except UnicodeEncodeError as exc:
        raise ImplausibleFacts("its camera name or run id is not text") from exc
    try:
        require_index_in_range(facts.index)
    except SegmentError as exc:
        raise ImplausibleFacts(f"its key-frame index cannot be stored: {exc}") from exc


_frame_rate = lru_cache(maxsize=64)(Fraction)  # cameras have few rates, and archives millions of rows


def segment_row(row: Row[Any]) -> SegmentRow:
    """`row` holds all columns of `segments`."""
    values = row._mapping
    rate = values["frame_rate"]
    return SegmentRow(
        id=values["id"],
        channel=values["channel"],
        start_utc_us=values["start_utc_us"],
        duration_us=values["duration_us"],
        size_bytes=values["size_bytes"],
        state=SegmentState(values["state"]),
        protected=bool(values["protected"]),
        run_id=values["run_id"],
        number=values["number"],
        path=PurePosixPath(values["path"]),
        container=values["container"],
        video_frames=values["video_frames"],
        video_codec=values["video_codec"],
        width=values["width"],
        height=values["height"],
        frame_rate=_frame_rate(rate) if rate is not None else None,
        audio_codec=values["audio_codec"],
        init_offset=values["init_offset"],
        init_size_bytes=values["init_size_bytes"],
        time_source=values["time_source"],
    )


def gap_row(row: Row[Any]) -> GapRow:
    """`row` holds the columns of `gaps`; a cause that a newer program wrote reads as unknown."""
    cause = GapCause(row.cause) if row.cause in _CAUSES else GapCause.UNKNOWN
    return GapRow(row.id, row.channel, row.start_utc_us, row.end_utc_us, cause, row.detail)


def run_row(row: Row[Any]) -> RunRow:
    """`row` holds the columns of `runs`."""
    return RunRow(row.id, row.channel, row.start_utc_us, row.end_utc_us, row.end_cause)


def channel_row(row: Row[Any]) -> ChannelRow:
    """`row` holds the columns of `channels`."""
    return ChannelRow(row.number, row.name, row.first_seen_utc_us)
