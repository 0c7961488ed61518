"""Stills: the key frame at or before an instant as JPEG. Only its bytes and the file's init segment are read.

Decoded stills are kept in `StillCache`. Safe to use from several threads.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.playback_queries import IndexedSegment, indexed_segments
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import SLIVER_US
from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.mp4 import parse_init
from mini_nvr.media.still_size import MAX_WIDTH, MIN_WIDTH
from mini_nvr.playback.errors import FootageUnreadable
from mini_nvr.playback.files import opened
from mini_nvr.playback.missing import no_footage, require_mp4
from mini_nvr.playback.still_cache import StillCache
from mini_nvr.segment.disk import read_at
from mini_nvr.segment.model import IndexEntry

MAX_KEY_FRAME_BYTES = 32 << 20
MAX_INIT_BYTES = 1 << 20
_US_PER_MS = 1_000


@dataclass(frozen=True, slots=True)
class Still:
    """A picture. `utc_us`: when it was taken, which is at or before the instant asked for, or in the same millisecond."""

    jpeg: bytes
    utc_us: int


class StillMaker:
    """Stills of all channels."""

    def __init__(self, catalog: Catalog, record_dir: Path, cache_dir: Path, max_cache_bytes: int) -> None:
        self._catalog = catalog
        self._record_dir = record_dir
        self._cache = StillCache(cache_dir, max_cache_bytes)

    def still(self, channel: int, at_utc_us: int, width: int | None = None) -> Still:
        """The key frame at or before an instant; blocks on the disk and the decoder.

        What begins within the instant's millisecond counts as well: answers tell instants cut off to the millisecond, and whoever
        asks with one of them means what it was told of.

        width: see `still_jpeg`; None for the picture's own.

        Raises:
            NoFootage: nothing was recorded then; with the cause.
            NotPlayable: that footage is Matroska.
            FootageUnreadable: the file is gone, or its key frame does not decode.
            CatalogError: the catalog cannot be read.
        """
        item = self._segment_at(channel, at_utc_us)
        entry = key_frame_at(item, _end_of_ms(at_utc_us))
        taken = item.row.start_utc_us + entry.start_90k * 100 // 9
        width = None if width is None else max(MIN_WIDTH, min(width, MAX_WIDTH))
        key = _cache_key(item.row, entry, width)
        jpeg = self._cache.get(key)
        if jpeg is None:
            jpeg = self._decode(item.row, entry, width)
            self._cache.put(key, jpeg)
        return Still(jpeg, taken)

    def _segment_at(self, channel: int, at_utc_us: int) -> IndexedSegment:
        """The last segment that starts at or before the instant and has not ended by then.

        The end of a segment counts as reached only a sliver later: segments of a run join without a gap. That of a growing one,
        which the catalog knows as of its last checkpoint, counts only where a gap says so.
        """
        items = indexed_segments(self._catalog, channel, at_utc_us - SLIVER_US, _end_of_ms(at_utc_us) + 1)
        if not items or items[-1].row.end_utc_us <= at_utc_us:
            items = items or self._growing(channel, at_utc_us)
            if not items or self._catalog.gaps(channel, at_utc_us, at_utc_us + 1):
                raise no_footage(self._catalog, channel, at_utc_us)
        require_mp4([items[-1].row])
        if not items[-1].index:
            raise no_footage(self._catalog, channel, at_utc_us)
        return items[-1]

    def _growing(self, channel: int, at_utc_us: int) -> list[IndexedSegment]:
        rows = [row for row in self._catalog.growing() if row.channel == channel and row.start_utc_us <= at_utc_us]
        if not rows:
            return []
        found = indexed_segments(self._catalog, channel, rows[-1].start_utc_us, rows[-1].start_utc_us + 1)
        return [item for item in found if item.row.state is SegmentState.GROWING]

    def _decode(self, row: SegmentRow, entry: IndexEntry, width: int | None) -> bytes:
        from mini_nvr.media.still import still_jpeg  # noqa: PLC0415  FFmpeg's libraries load only where they are used

        if entry.key_size_bytes > MAX_KEY_FRAME_BYTES or row.init_size_bytes > MAX_INIT_BYTES:
            raise FootageUnreadable(f"{row.path}: the catalog claims a key frame of {entry.key_size_bytes} bytes; rescan it")
        with opened(self._record_dir, row) as fd:
            init = read_at(fd, row.init_offset, row.init_size_bytes)
            data = read_at(fd, entry.key_offset, entry.key_size_bytes)
        try:
            video = next((track for track in parse_init(init).formats if isinstance(track, VideoFormat)), None)
            if video is None:
                raise FootageUnreadable(f"{row.path} has no video")
            return still_jpeg(data, video, width)
        except MediaError as exc:
            raise FootageUnreadable(f"{row.path}: {exc}") from exc


def _end_of_ms(utc_us: int) -> int:
    """The last microsecond of an instant's millisecond."""
    return utc_us // _US_PER_MS * _US_PER_MS + _US_PER_MS - 1


def key_frame_at(item: IndexedSegment, at_utc_us: int) -> IndexEntry:
    """The last entry that starts at or before an instant; the first one when all start later, by rounding."""
    offset = at_utc_us - item.row.start_utc_us
    earlier = [entry for entry in item.index if entry.start_90k * 100 // 9 <= offset]
    return earlier[-1] if earlier else item.index[0]


def _cache_key(row: SegmentRow, entry: IndexEntry, width: int | None) -> str:
    """Names the picture by what it was made from; not by the row's id, which a rebuilt catalog gives to another file."""
    text = f"{row.path}|{row.start_utc_us}|{row.run_id}|{entry.key_offset}|{entry.key_size_bytes}|{width or 0}"
    return hashlib.blake2s(text.encode(), digest_size=16).hexdigest()
