"""Which parts of which files a playlist lists: a range that is over, or one that grows with the recording."""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.playback_queries import IndexedSegment, index_lengths, indexed_segments
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.errors import NoFootage, NotPlayable, RangeTooLong
from mini_nvr.playback.hls import PlaylistPart, Uri, media_playlist
from mini_nvr.playback.missing import no_footage, require_mp4

MAX_RANGE_US = 24 * 3600 * US_PER_S + 3600 * US_PER_S  # the longest local day
LIVE_WINDOW_US = 600 * US_PER_S
LIVE_TARGET_S = 10


def playlist(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int | None, *, now_utc_us: int, uri: Uri) -> str:
    """The playlist of a channel between two instants; it grows while the end is open or still to come.

    A client that follows a growing playlist asks with the same start each time. All parts since then are counted, the last ten
    minutes of them are listed.

    Raises:
        NoFootage: nothing to list; with the cause.
        NotPlayable: all of the footage is Matroska.
        RangeTooLong: a closed range of more than 25 hours.
        CatalogError: the catalog cannot be read.
    """
    if end_utc_us is not None and end_utc_us <= now_utc_us:
        return _closed(catalog, channel, start_utc_us, end_utc_us, uri)
    return _growing(catalog, channel, start_utc_us, end_utc_us, uri)


def parts_of(item: IndexedSegment, *, settled: bool = False) -> list[PlaylistPart]:
    """All parts of a file. `settled`: only those that will not change: the last one of a growing file still gets frames."""
    row = item.row
    index = item.index[:-1] if settled and row.state is SegmentState.GROWING else item.index
    return [
        PlaylistPart(
            row.id,
            row.init_offset,
            row.init_size_bytes,
            entry.offset,
            entry.size_bytes,
            row.start_utc_us + entry.start_90k * 100 // 9,
            entry.duration_90k,
        )
        for entry in index
    ]


def between(parts: Iterable[PlaylistPart], start_utc_us: int, end_utc_us: int | None) -> list[PlaylistPart]:
    """The parts that are shown, at least in part, inside [start, end)."""
    return [
        part
        for part in parts
        if part.start_utc_us + part.duration_90k * 100 // 9 > start_utc_us
        and (end_utc_us is None or part.start_utc_us < end_utc_us)
    ]


def _closed(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int, uri: Uri) -> str:
    if end_utc_us - start_utc_us > MAX_RANGE_US:
        raise RangeTooLong("a playlist covers at most 25 hours; ask for less at once")
    items = indexed_segments(catalog, channel, start_utc_us, end_utc_us)
    parts = between((part for item in items for part in parts_of(item)), start_utc_us, end_utc_us)
    if not parts:
        raise _nothing(catalog, channel, items, start_utc_us)
    return media_playlist(parts, closed=True, uri=uri)


def _growing(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int | None, uri: Uri) -> str:
    """Parts are numbered from the first one of the file in which `start` lies, so that a number stays with its part."""
    lengths = index_lengths(catalog, channel, start_utc_us)
    newest = max((row.end_utc_us for row, _ in lengths), default=start_utc_us)
    first = max(start_utc_us, newest - LIVE_WINDOW_US)
    items = indexed_segments(catalog, channel, first, end_utc_us)
    parts = between((part for item in items for part in parts_of(item, settled=True)), first, end_utc_us)
    if not parts:
        raise _nothing(catalog, channel, items, start_utc_us)
    sequence, discontinuities = _before(parts[0], items, lengths)
    return media_playlist(
        parts,
        closed=False,
        uri=uri,
        media_sequence=sequence,
        discontinuity_sequence=discontinuities,
        least_target_s=LIVE_TARGET_S,
    )


def _before(part: PlaylistPart, items: Sequence[IndexedSegment], lengths: Sequence[tuple[SegmentRow, int]]) -> tuple[int, int]:
    """How many parts, and how many files, come before a part."""
    inside = next(parts_of(item).index(part) for item in items if item.row.id == part.segment_id)
    files = list(takewhile(lambda item: item[0].id != part.segment_id, lengths))
    return sum(count for _, count in files) + inside, len(files)


def _nothing(catalog: Catalog, channel: int, items: Sequence[IndexedSegment], start_utc_us: int) -> NoFootage | NotPlayable:
    try:
        require_mp4([item.row for item in items])
    except NotPlayable as exc:
        return exc
    return no_footage(catalog, channel, start_utc_us)
