"""The init segment: `ftyp` and a `moov` that describes the tracks and announces fragments (ISO/IEC 14496-12 clause 8.8.1)."""

import struct
from collections.abc import Sequence

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import AudioFormat, TrackFormat, VideoFormat
from mini_nvr.media.mp4.boxes import NON_SYNC_SAMPLE, SYNC_SAMPLE, box, file_type, full_box, metadata_box, movie_header
from mini_nvr.media.mp4.track import track_box, track_id


def init_segment(formats: Sequence[TrackFormat], metadata: bytes, *, start_utc_us: int = 0) -> bytes:
    """`ftyp` + `moov` for at most one video and one audio track.

    metadata: what our `uuid` box holds; any player skips it.
    start_utc_us: becomes creation_time.

    Raises:
        MediaError: two tracks of a kind, a format that has no place in MP4, or a field that does not fit.
    """
    require_tracks(formats)
    try:
        tracks = [track_box(track, start_utc_us) for track in formats]
        extends = box(b"mvex", *(_track_extends(track) for track in formats))
        header = movie_header(start_utc_us, 0, next_track_id(formats))
        return file_type() + box(b"moov", header, *tracks, extends, metadata_box(metadata))
    except struct.error as exc:
        raise MediaError(f"the track formats do not fit into an init segment: {exc}") from exc


def require_tracks(formats: Sequence[TrackFormat]) -> None:
    """Raise MediaError unless there is one track, or one video and one audio track."""
    videos = sum(isinstance(track, VideoFormat) for track in formats)
    if not formats or videos > 1 or len(formats) - videos > 1:
        raise MediaError(f"one video and one audio track at most make a file, not {len(formats)} tracks with {videos} of video")


def next_track_id(formats: Sequence[TrackFormat]) -> int:
    return max(map(track_id, formats)) + 1


def _track_extends(track: TrackFormat) -> bytes:
    """`trex` (clause 8.8.3): the defaults of every fragment, so that parts need not repeat them."""
    is_audio = isinstance(track, AudioFormat)
    flags = SYNC_SAMPLE if is_audio else NON_SYNC_SAMPLE
    return full_box(b"trex", 0, 0, struct.pack(">IIIII", track_id(track), 1, 0, 0, flags))
