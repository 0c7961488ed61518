"""The text of an HLS media playlist (RFC 8216) over footage files; pure.

One HLS media segment is what one index entry names: the parts from a key frame up to the next, by byte range of the file
(EXT-X-BYTERANGE; `free` boxes may stand between entries, so each range has its own offset). Each file has its own init segment
(EXT-X-MAP), and its time line starts at 0 again. Timestamps that restart demand EXT-X-DISCONTINUITY (section 4.3.2.3), so there is
one at every new file, gap or not, together with the wall time of its first frame (EXT-X-PROGRAM-DATE-TIME).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from mini_nvr.clock import to_datetime
from mini_nvr.media.frame import VIDEO_CLOCK_HZ

VERSION = 7  # EXT-X-MAP in a playlist without EXT-X-I-FRAMES-ONLY needs 6; fMP4 is customary with 7
END = "#EXT-X-ENDLIST\n"

Uri = Callable[[int], str]
"""From a segment's id to the URI of its file."""


class PlaylistPart(NamedTuple):
    """One line of a playlist: a range of bytes of the file `segment_id`, from a key frame on.

    start_utc_us: of its first frame on the wall; duration_90k: of its video.
    init_offset, init_size_bytes: of the file's init segment.
    """

    segment_id: int
    init_offset: int
    init_size_bytes: int
    offset: int
    size_bytes: int
    start_utc_us: int
    duration_90k: int


def media_playlist(
    parts: Sequence[PlaylistPart],
    *,
    closed: bool,
    uri: Uri,
    media_sequence: int = 0,
    discontinuity_sequence: int = 0,
    least_target_s: int = 1,
) -> str:
    """A playlist of `parts`, in order.

    closed: nothing will be added (EXT-X-ENDLIST); otherwise players come back for more.
    media_sequence, discontinuity_sequence: how many parts, and discontinuities, were in earlier versions of this playlist and have
        left it at its beginning (sections 4.3.3.2, 4.3.3.3).
    least_target_s: keeps EXT-X-TARGETDURATION from changing between versions of a playlist that grows (section 6.2.1).
    """
    target = target_duration_s(parts, least_target_s)
    head = playlist_head(target, closed=closed, media_sequence=media_sequence, discontinuity_sequence=discontinuity_sequence)
    return head + "".join(playlist_entries(parts, uri)) + (END if closed else "")


def playlist_head(target_s: int, *, closed: bool, media_sequence: int = 0, discontinuity_sequence: int = 0) -> str:
    """What stands before the first part. target_s: see `target_duration_s`."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{target_s}",
        f"#EXT-X-MEDIA-SEQUENCE:{media_sequence}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuity_sequence}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        *(["#EXT-X-PLAYLIST-TYPE:VOD"] if closed else []),
    ]
    return "\n".join(lines) + "\n"


def playlist_entries(parts: Iterable[PlaylistPart], uri: Uri) -> Iterator[str]:
    """The lines of each part, in order."""
    file: int | None = None
    location = ""
    for part in parts:
        if part.segment_id != file:
            discontinuity = "" if file is None else "#EXT-X-DISCONTINUITY\n"
            file, location = part.segment_id, uri(part.segment_id)
            yield (
                f'{discontinuity}#EXT-X-MAP:URI="{location}",BYTERANGE="{part.init_size_bytes}@{part.init_offset}"\n'
                f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(part.start_utc_us)}\n"
            )
        seconds = part.duration_90k / VIDEO_CLOCK_HZ
        yield f"#EXTINF:{seconds:.5f},\n#EXT-X-BYTERANGE:{part.size_bytes}@{part.offset}\n{location}\n"


def target_duration_s(parts: Iterable[PlaylistPart], least_s: int = 1) -> int:
    """No part's duration, rounded to the nearest second, is larger (section 4.3.3.1)."""
    longest = max((part.duration_90k for part in parts), default=0)
    return max(least_s, -(-longest // VIDEO_CLOCK_HZ))


def _date_time(utc_us: int) -> str:
    return to_datetime(utc_us).strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc_us // 1000 % 1000:03}Z"
