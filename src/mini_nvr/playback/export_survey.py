"""The first look at the files of an export: what the movie is made of, and how long its index will be.

One file's tables are in memory at a time, and of each file 25 bytes stay, so that a year takes no more than an hour does. Where the
video's parameters change, the rest of the range is only looked at for the changes.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.playback_queries import playable_segments, segments_by_ids
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import SLIVER_US, Span
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoFormat
from mini_nvr.playback.errors import FootageUnreadable, FormatChanges
from mini_nvr.playback.export_join import Joiner, Window, window
from mini_nvr.playback.export_source import Tables, read_file, read_formats, read_tables
from mini_nvr.playback.missing import require_mp4

MAX_HELD_BYTES = 4 << 20  # rows of an index that are kept from the first look on: some five hours of footage
MAX_GAPS = 1_000
ROWS_US = 6 * 3_600 * US_PER_S  # whose rows are in memory at a time
ROWS_A_QUERY = 100


def segment_rows(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int) -> Iterator[SegmentRow]:
    """The playable segments of a range in order of their start, some hours at a time."""
    low = start_utc_us
    while low < end_utc_us:
        high = min(low + ROWS_US, end_utc_us)
        rows = playable_segments(catalog, channel, low, high)
        yield from (row for row in rows if row.start_utc_us >= low or low == start_utc_us)
        following = None if rows else catalog.footage_start_after(channel, high)
        if not rows and following is None:
            return
        low = max(high, following or high)


class Taken:
    """The files that a movie is made of, in order: which bytes of each, and whether its sound is taken too."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._ids = array("q")
        self._starts = array("q")
        self._ends = array("q")
        self._sound = array("B")
        self._growing: dict[int, tuple[SegmentRow, Tables]] = {}  # a file that grows on has other tables when it is asked again

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, row: SegmentRow, tables: Tables, extent: tuple[int, int], *, sound: bool) -> None:
        self._ids.append(row.id)
        self._starts.append(extent[0])
        self._ends.append(extent[1])
        self._sound.append(sound)
        if row.state is SegmentState.GROWING:
            self._growing[row.id] = row, tables

    def extents(self) -> Iterator[tuple[int, int, int]]:
        """(number of the file, start, end) of the bytes."""
        yield from zip(range(len(self)), self._starts, self._ends, strict=True)

    def rows(self, first: int = 0) -> Iterator[SegmentRow]:
        """The files from number `first` on.

        Raises:
            FootageUnreadable: one is no longer in the catalog.
        """
        for low in range(first, len(self), ROWS_A_QUERY):
            ids = self._ids[low : low + ROWS_A_QUERY].tolist()
            found = segments_by_ids(self._catalog, ids)
            for segment_id in ids:
                if segment_id not in found:
                    raise FootageUnreadable("a file of the range cannot be read: it was deleted meanwhile")
                yield found[segment_id]

    def with_tables(self, record_dir: Path) -> Iterator[tuple[SegmentRow, Tables, bool]]:
        """The files once more, as they were taken; the last says whether with sound.

        Raises:
            FootageUnreadable: one is gone or damaged.
        """
        for row, sound in zip(self.rows(), self._sound, strict=True):
            known = self._growing.get(row.id)
            yield known[0] if known else row, known[1] if known else read_tables(record_dir, row), bool(sound)


def ticks_up(us: int) -> int:
    """Microseconds in 90 kHz, rounded up: a frame that starts at a tick starts at or after the instant."""
    return -(-us * 9 // 100)


def window_of(row: SegmentRow, tables: Tables, bounds: Span, *, is_first: bool) -> Window | None:
    """What of a file to take."""
    lower, upper = (ticks_up(bound - row.start_utc_us) for bound in bounds)
    return window(tables.video, lower, upper, may_hide=is_first)


@dataclass
class Survey:
    """What is known of a movie once all files were looked at; filled by `survey`.

    start_utc_us: of the first frame shown. gaps: the first of `gap_count`.
    """

    taken: Taken
    joiner: Joiner | None = None
    start_utc_us: int = 0
    first: SegmentRow | None = None
    last: SegmentRow | None = None
    gaps: list[Span] = field(default_factory=list)
    gap_count: int = 0
    files: int = 0
    with_other_sound: int = 0
    digest: hashlib.blake2s = field(default_factory=lambda: hashlib.blake2s(digest_size=16))

    def note_gap(self, row: SegmentRow) -> None:
        before = self.last
        if before is None or (before.run_id == row.run_id and before.number + 1 == row.number):
            return
        if row.start_utc_us - before.end_utc_us >= SLIVER_US:
            self.gap_count += 1
            if self.gap_count <= MAX_GAPS:
                self.gaps.append((before.end_utc_us, row.start_utc_us))


def survey(
    catalog: Catalog, record_dir: Path, channel: int, bounds: Span, before_each: Callable[[], None] = lambda: None
) -> Survey:
    """Look at every file of a range.

    Raises:
        FormatChanges, NotPlayable, FootageUnreadable: see `export.plan`.
    """
    found = Survey(Taken(catalog))
    rows = _told(segment_rows(catalog, channel, *bounds), before_each)
    video: VideoFormat | None = None
    kinds: list[tuple[VideoFormat, int, int]] = []
    for row in rows:
        require_mp4([row])
        formats, tables = read_file(record_dir, row)
        if video is not None and formats.video != video:
            raise format_changes(record_dir, [*kinds, (formats.video, row.start_utc_us, row.end_utc_us)], rows, bounds)
        video = formats.video
        kinds = [(video, kinds[0][1] if kinds else row.start_utc_us, max(row.end_utc_us, kinds[0][2] if kinds else 0))]
        found.joiner = found.joiner or Joiner(video)
        found.files += 1
        if formats.audio is not None and found.joiner.audio_format is None:
            found.joiner.hear(formats.audio)
        sound = formats.audio is not None and formats.audio == found.joiner.audio_format
        found.with_other_sound += formats.audio is not None and not sound
        _take(found, found.joiner, row, tables, bounds, sound=sound)
    return found


def _told(rows: Iterator[SegmentRow], before_each: Callable[[], None]) -> Iterator[SegmentRow]:
    for row in rows:
        before_each()
        yield row


def _take(found: Survey, joiner: Joiner, row: SegmentRow, tables: Tables, bounds: Span, *, sound: bool) -> None:
    of = window_of(row, tables, bounds, is_first=joiner.is_empty)
    if of is None:
        return
    if joiner.is_empty:
        found.first, found.start_utc_us = row, row.start_utc_us + of.start_90k * 100 // 9
    try:
        extent = joiner.add(tables, of, with_audio=sound)
    except MediaError as exc:
        raise FootageUnreadable(f"{row.path}: {exc}") from exc
    if joiner.held_bytes > MAX_HELD_BYTES:
        joiner.forget()
    found.taken.add(row, tables, extent, sound=sound)
    found.digest.update(f"{row.path}|{row.run_id}|{extent}|{of}\n".encode())
    found.note_gap(row)
    found.last = row


def format_changes(
    record_dir: Path, kinds: list[tuple[VideoFormat, int, int]], rows: Iterator[SegmentRow], bounds: Span
) -> FormatChanges:
    """What to say where the video's parameters change. kinds: (format, start, end) so far; rows: those still to come."""
    for row in rows:
        require_mp4([row])
        video = read_formats(record_dir, row).video
        of, start, end = kinds[-1]
        if video == of:
            kinds[-1] = of, start, max(end, row.end_utc_us)
        else:
            kinds.append((video, row.start_utc_us, row.end_utc_us))
    starts = [max(start, bounds[0]) for _, start, _ in kinds]
    ends = [min(end, limit) for (_, _, end), limit in zip(kinds, [*starts[1:], bounds[1]], strict=True)]
    return FormatChanges(
        f"the video's format changes {len(kinds) - 1} times in this range; export the parts by themselves",
        list(zip(starts, ends, strict=True)),
    )
