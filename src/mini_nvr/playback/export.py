"""Any range of a channel as one ordinary MP4, index first, that exists nowhere: its bytes are put together while they are read.

The plan reads the indexes of the files that the range touches and writes one index for all of them. Behind it come stretches of the
files as they lie on the disk, one a file; the heads of parts in them are dead bytes, some 0.3 %. So the length is known before the
first byte, any range of bytes can be read by itself, and the same request makes the same bytes as long as the files stay (`etag`
says so). Where the range has no footage, time goes on without: see `export_join`. Sound is taken from the files that have the
format of the first sound in the range; `notes` says what was left out, and so does the movie's comment.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import groupby, pairwise
from pathlib import Path

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.playback_queries import playable_segments
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import SLIVER_US, Span
from mini_nvr.clock import US_PER_S, to_datetime
from mini_nvr.errors import MediaError
from mini_nvr.media.frame import AudioFormat
from mini_nvr.media.mp4.boxes import U32_MAX, box
from mini_nvr.media.mp4.joined_index import joined_moov
from mini_nvr.media.mp4.tags import COMMENT, TITLE
from mini_nvr.playback.errors import FootageUnreadable, FormatChanges, RangeTooLong
from mini_nvr.playback.export_join import Joiner, window
from mini_nvr.playback.export_source import Formats, read_formats, read_tables
from mini_nvr.playback.files import opened
from mini_nvr.playback.missing import no_footage, require_mp4

MAX_RANGE_US = 25 * 3600 * US_PER_S  # the longest local day; its index takes some 15 MB
CHUNK_BYTES = 1 << 18
_FILE_TYPE = box(b"ftyp", b"isom", (0x200).to_bytes(4, "big"), b"isomiso2mp41")
_MAX_HEAD_BYTES = 64 << 20  # beyond the index of any range that is allowed
_UNSAFE = re.compile(r"[^\w.+-]+")
_MAX_NAME_BYTES = 180  # of the 255 that file systems allow, the times take 45


@dataclass(frozen=True, slots=True)
class _Piece:
    """Bytes `start` up to `end` of a file."""

    row: SegmentRow
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """A movie that can be read.

    name: a file name, safe in any file system; may hold letters beyond ASCII. etag: without quotes.
    start_utc_us: when the first frame shown was taken; duration_us: how long the movie is.
    gaps: time without footage inside the range, which the movie leaves out. notes: what else it leaves out, in words.
    """

    size_bytes: int
    name: str
    etag: str
    start_utc_us: int
    duration_us: int
    gaps: tuple[Span, ...]
    notes: tuple[str, ...]
    _head: bytes = field(repr=False)
    _pieces: tuple[_Piece, ...] = field(repr=False)
    _record_dir: Path = field(repr=False)

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, a chunk at a time; blocks on the disk.

        Raises:
            FootageUnreadable: a file was deleted since, or the disk refuses; the movie cannot be finished.
        """
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        for low in range(start, min(end, len(self._head)), CHUNK_BYTES):
            yield self._head[low : min(low + CHUNK_BYTES, end)]
        position = len(self._head)
        for piece in self._pieces:
            low = max(start, position) - position + piece.start
            high = min(end, position + piece.end - piece.start) - position + piece.start
            if low < high:
                yield from _read_piece(self._record_dir, piece.row, low, high)
            position += piece.end - piece.start


def _read_piece(record_dir: Path, row: SegmentRow, start: int, end: int) -> Iterator[bytes]:
    with opened(record_dir, row) as fd:
        while start < end:
            data = os.pread(fd, min(CHUNK_BYTES, end - start), start)
            if not data:
                raise FootageUnreadable(f"{row.path} ends at byte {start}, before what its index says")
            start += len(data)
            yield data


def plan(catalog: Catalog, record_dir: Path, channel: int, start_utc_us: int, end_utc_us: int, *, zone: tzinfo = UTC) -> ExportPlan:
    """What a movie of [start, end) would be. Reads the indexes of the files, a few milliseconds each, and no footage.

    zone: for the times in the name and the title.

    Raises:
        NoFootage: the range holds no frame; with the cause at its start.
        FormatChanges: the video's parameters change in the range; with the ranges that can be exported by themselves.
        NotPlayable: some of the footage is Matroska.
        RangeTooLong: more than 25 hours.
        FootageUnreadable: a file is gone or damaged.
    """
    if end_utc_us - start_utc_us > MAX_RANGE_US:
        raise RangeTooLong("an export covers at most 25 hours; ask for several")
    rows = playable_segments(catalog, channel, start_utc_us, end_utc_us)
    require_mp4(rows)
    formats = [read_formats(record_dir, row) for row in rows]
    _require_one_video_format(rows, formats, (start_utc_us, end_utc_us))
    audio = next((item.audio for item in formats if item.audio is not None), None)
    if not rows:
        raise no_footage(catalog, channel, start_utc_us)
    joiner, taken, first_shown = _join(record_dir, rows, formats, audio, (start_utc_us, end_utc_us))
    if joiner.is_empty:
        raise no_footage(catalog, channel, start_utc_us)
    camera = next((known.name for known in catalog.channels() if known.number == channel), "")
    shown = (max(start_utc_us, taken[0].start_utc_us), min(end_utc_us, taken[-1].end_utc_us))
    gaps = tuple(_gaps_between(taken))
    notes = tuple(_notes(formats, audio))
    tags = {TITLE: _title(camera, channel, shown, zone), COMMENT: _comment(gaps, notes, zone)}
    head = _head(joiner, first_shown, tags)
    pieces = tuple(_Piece(row, *extent) for row, extent in zip(taken, joiner.extents, strict=True))
    return ExportPlan(
        size_bytes=len(head) + joiner.data_bytes,
        name=file_name(camera, channel, shown, zone),
        etag=_etag(head, pieces),
        start_utc_us=first_shown,
        duration_us=joiner.shown_90k * 100 // 9,
        gaps=gaps,
        notes=notes,
        _head=head,
        _pieces=pieces,
        _record_dir=record_dir,
    )


def _join(
    record_dir: Path, rows: Sequence[SegmentRow], formats: Sequence[Formats], audio: AudioFormat | None, bounds: Span
) -> tuple[Joiner, list[SegmentRow], int]:
    """The movie, the files that it is made of, and when its first frame was taken. One file's tables are in memory at a time."""
    joiner = Joiner(formats[0].video, audio)
    taken: list[SegmentRow] = []
    first_shown = 0
    for row, item in zip(rows, formats, strict=True):
        tables = read_tables(record_dir, row)
        lower, upper = (_ticks_up(bound - row.start_utc_us) for bound in bounds)
        of = window(tables.video, lower, upper, may_hide=joiner.is_empty)
        if of is None:
            continue
        if joiner.is_empty:
            first_shown = row.start_utc_us + of.start_90k * 100 // 9
        try:
            joiner.add(tables, of, with_audio=audio is not None and item.audio == audio)
        except MediaError as exc:
            raise FootageUnreadable(f"{row.path}: {exc}") from exc
        taken.append(row)
    return joiner, taken, first_shown


def file_name(camera: str, channel: int, shown: Span, zone: tzinfo) -> str:
    """`{camera}_{local start}_{local end}.mp4`, of letters and digits of any script and `._+-`; never hidden, never a path."""
    safe = _UNSAFE.sub("-", camera).strip("-._").encode("utf-8", "ignore")[:_MAX_NAME_BYTES].decode("utf-8", "ignore")
    safe = safe or f"channel-{channel}"
    start, end = (f"{to_datetime(moment, zone):%Y-%m-%dT%H-%M-%S}" for moment in shown)
    return f"{safe}_{start}_{end}.mp4"


def _ticks_up(us: int) -> int:
    """Microseconds in 90 kHz, rounded up: a frame that starts at a tick starts at or after the instant."""
    return -(-us * 9 // 100)


def _require_one_video_format(rows: Sequence[SegmentRow], formats: Sequence[Formats], bounds: Span) -> None:
    grouped = [[row for row, _ in group] for _, group in groupby(zip(rows, formats, strict=True), lambda pair: pair[1].video)]
    if len(grouped) < 2:
        return
    starts = [max(group[0].start_utc_us, bounds[0]) for group in grouped]
    ends = [*starts[1:], min(grouped[-1][-1].end_utc_us, bounds[1])]
    ends = [min(end, max(row.end_utc_us for row in group)) for end, group in zip(ends, grouped, strict=True)]
    raise FormatChanges(
        f"the video's format changes {len(grouped) - 1} times in this range; export the parts by themselves",
        list(zip(starts, ends, strict=True)),
    )


def _gaps_between(rows: Sequence[SegmentRow]) -> Iterator[Span]:
    for before, after in pairwise(rows):
        neighbours = before.run_id == after.run_id and before.number + 1 == after.number
        if not neighbours and after.start_utc_us - before.end_utc_us >= SLIVER_US:
            yield before.end_utc_us, after.start_utc_us


def _notes(formats: Sequence[Formats], audio: AudioFormat | None) -> Iterator[str]:
    other = sum(item.audio is not None and item.audio != audio for item in formats)
    if other:
        yield f"{other} of {len(formats)} files have sound of another format, which is left out"


def _title(camera: str, channel: int, shown: Span, zone: tzinfo) -> str:
    start, end = (to_datetime(moment, zone).isoformat(" ", "seconds") for moment in shown)
    return f"{camera or f'Channel {channel}'}, {start} to {end}"


def _comment(gaps: Sequence[Span], notes: Sequence[str], zone: tzinfo) -> str:
    """At most a few gaps by name: a bad day has hundreds."""
    left_out = [" to ".join(to_datetime(moment, zone).isoformat(" ", "seconds") for moment in gap) for gap in gaps[:20]]
    more = [f"and {len(gaps) - 20} more"] if len(gaps) > 20 else []
    lines = ["No footage, left out: " + ", ".join(left_out + more)] if gaps else []
    return ". ".join([*lines, *notes]) or "Without gaps"


def _head(joiner: Joiner, start_utc_us: int, tags: dict[bytes, str]) -> bytes:
    """Everything before the footage. The index is built twice, as its own length decides where the footage begins."""
    tracks = joiner.tracks()
    wide = joiner.data_bytes > U32_MAX - _MAX_HEAD_BYTES
    data_header_bytes = 16 if wide else 8
    try:
        size = len(_FILE_TYPE) + len(joined_moov(tracks, start_utc_us, tags, 0, wide=wide)) + data_header_bytes
        moov = joined_moov(tracks, start_utc_us, tags, size, wide=wide)
    except MediaError as exc:
        raise FootageUnreadable(f"the range cannot be exported: {exc}") from exc
    if wide:
        data_header = (1).to_bytes(4, "big") + b"mdat" + (joiner.data_bytes + data_header_bytes).to_bytes(8, "big")
    else:
        data_header = (joiner.data_bytes + data_header_bytes).to_bytes(4, "big") + b"mdat"
    return _FILE_TYPE + moov + data_header


def _etag(head: bytes, pieces: Sequence[_Piece]) -> str:
    """Equal for equal bytes: the head names every frame's size and place, the pieces name the files."""
    digest = hashlib.blake2s(head, digest_size=16)
    for piece in pieces:
        digest.update(f"{piece.row.path}|{piece.row.run_id}|{piece.start}|{piece.end}\n".encode())
    return digest.hexdigest()
