"""The boxes of one track (`trak`), the same for the init segment, where the sample tables are empty, and for the full index."""

from mini_nvr.media.frame import TrackFormat, VideoFormat
from mini_nvr.media.mp4.boxes import box, full_box, media_header, track_header
from mini_nvr.media.mp4.sample_entry import sample_description
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID

_SELF_CONTAINED = box(b"dinf", full_box(b"dref", 0, 0, (1).to_bytes(4, "big"), full_box(b"url ", 0, 1)))
_VIDEO_HEADER = full_box(b"vmhd", 0, 1, bytes(8))
_SOUND_HEADER = full_box(b"smhd", 0, 0, bytes(4))
_VIDEO_HANDLER = full_box(b"hdlr", 0, 0, bytes(4), b"vide", bytes(12), b"VideoHandler\0")
_SOUND_HANDLER = full_box(b"hdlr", 0, 0, bytes(4), b"soun", bytes(12), b"SoundHandler\0")

EMPTY_SAMPLE_TABLES = b"".join(
    (
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
)


def track_id(track: TrackFormat) -> int:
    """The fixed number of a track in our files."""
    return VIDEO_TRACK_ID if isinstance(track, VideoFormat) else AUDIO_TRACK_ID


def track_box(
    track: TrackFormat,
    start_utc_us: int,
    *,
    sample_tables: bytes = EMPTY_SAMPLE_TABLES,
    media_duration: int = 0,
    movie_duration: int = 0,
    edits: bytes = b"",
) -> bytes:
    """`trak` (ISO/IEC 14496-12 clause 8.3).

    sample_tables: the boxes of `stbl` after `stsd`.
    media_duration: in the track's clock rate; movie_duration: in 90 kHz, an empty edit included.
    edits: an `edts` box, or nothing.

    Raises:
        MediaError: the format has no place in MP4.
    """
    is_video = isinstance(track, VideoFormat)
    header = track_header(track_id(track), start_utc_us, movie_duration, _shown_size(track))
    information = box(
        b"minf",
        _VIDEO_HEADER if is_video else _SOUND_HEADER,
        _SELF_CONTAINED,
        box(b"stbl", sample_description(track), sample_tables),
    )
    media = box(
        b"mdia",
        media_header(start_utc_us, track.clock_hz, media_duration),
        _VIDEO_HANDLER if is_video else _SOUND_HANDLER,
        information,
    )
    return box(b"trak", header, edits, media)


def _shown_size(track: TrackFormat) -> tuple[int, int]:
    """Width and height in 1/65536 pixel after the sample aspect ratio is applied; (0, 0) for audio."""
    if not isinstance(track, VideoFormat):
        return 0, 0
    width = int(track.width * track.sample_aspect * 0x10000)
    return min(width, 0xFFFF_FFFF), track.height << 16
