"""Which parts of which files a playlist lists: a range that is over, or one that grows with the recording."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, takewhile

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.playback_queries import IndexedSegment, index_lengths, indexed_segments
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import Span
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.errors import NoFootage, NotPlayable
from mini_nvr.playback.hls import END, PlaylistPart, Uri, media_playlist, playlist_entries, playlist_head, target_duration_s
from mini_nvr.playback.missing import no_footage, require_mp4

PAGE_US = 6 * 3_600 * US_PER_S  # whose parts are in memory at a time
CHUNK_PARTS = 500
LIVE_WINDOW_US = 600 * US_PER_S
LIVE_TARGET_S = 10

Address = Callable[[SegmentRow], str]
"""From a file to its URI."""


def playlist(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int | None, *, now_utc_us: int, uri: Uri) -> str:
    """`playlist_text` in one piece. uri: from a segment's id."""
    text = playlist_text(catalog, channel, start_utc_us, end_utc_us, now_utc_us=now_utc_us, uri=lambda row: uri(row.id))
    return "".join(text)


def playlist_text(
    catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int | None, *, now_utc_us: int, uri: Address
) -> str | Iterator[str]:
    """The playlist of a channel between two instants; it grows while the end is open or still to come.

    A client that follows a growing playlist asks with the same start each time. All parts since then are counted, the last ten
    minutes of them are listed. A long closed one comes in pieces, six hours of parts in memory at a time.

    Raises:
        NoFootage: nothing to list; with the cause. Raised here, not by the iterator, as is NotPlayable.
        NotPlayable: all of the footage is Matroska.
        CatalogError: the catalog cannot be read; also by the iterator.
    """
    if end_utc_us is None or end_utc_us > now_utc_us:
        return _growing(catalog, channel, start_utc_us, end_utc_us, uri)
    if end_utc_us - start_utc_us <= PAGE_US:
        return _short(catalog, channel, start_utc_us, end_utc_us, uri)
    return _long(catalog, channel, (start_utc_us, end_utc_us), uri)


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


def _short(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int, uri: Address) -> str:
    items = indexed_segments(catalog, channel, start_utc_us, end_utc_us)
    parts = between((part for item in items for part in parts_of(item)), start_utc_us, end_utc_us)
    if not parts:
        raise _nothing(catalog, channel, items, start_utc_us)
    return media_playlist(parts, closed=True, uri=_by_id(items, uri))


def _long(catalog: Catalog, channel: int, bounds: Span, uri: Address) -> Iterator[str]:
    """Goes over the footage twice: the longest part stands at the top."""
    target, seen = 0, None
    for items, parts in _pages(catalog, channel, bounds):
        seen = seen or items
        target = max(target, target_duration_s(parts) if parts else 0)
    if not target:
        raise _nothing(catalog, channel, seen or [], bounds[0])
    return _long_text(catalog, channel, bounds, uri, target)


def _long_text(catalog: Catalog, channel: int, bounds: Span, uri: Address, target_s: int) -> Iterator[str]:
    yield playlist_head(target_s, closed=True)
    addresses: dict[int, str] = {}

    def parts() -> Iterator[PlaylistPart]:
        for items, some in _pages(catalog, channel, bounds):
            addresses.clear()
            addresses.update((item.row.id, uri(item.row)) for item in items)
            yield from some

    entries = playlist_entries(parts(), lambda segment_id: addresses[segment_id])
    while text := "".join(islice(entries, CHUNK_PARTS)):
        yield text
    yield END


def _pages(catalog: Catalog, channel: int, bounds: Span) -> Iterator[tuple[list[IndexedSegment], list[PlaylistPart]]]:
    """The files of a range in order of their start, those of some hours at a time, and their parts that are inside."""
    low, end = bounds
    while low < end:
        high = min(low + PAGE_US, end)
        found = indexed_segments(catalog, channel, low, high)
        items = [item for item in found if item.row.start_utc_us >= low or low == bounds[0]]
        if items:
            yield items, between((part for item in items for part in parts_of(item)), *bounds)
        following = high if found else catalog.footage_start_after(channel, high)
        if following is None:
            return
        low = max(high, following)


def _by_id(items: Iterable[IndexedSegment], uri: Address) -> Uri:
    return {item.row.id: uri(item.row) for item in items}.__getitem__


def _growing(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int | None, uri: Address) -> str:
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
        uri=_by_id(items, uri),
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
