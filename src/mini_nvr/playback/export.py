"""Any range of a channel as one ordinary MP4, index first, that exists nowhere: its bytes are put together while they are read.

The plan looks at the files that the range touches, one after the other, and counts what their indexes will be as one
(`export_survey`). So the length is known before the first byte. The index itself is held when it is short; the tables of a long one
are made once more, file by file, when they are read, so that memory does not grow with the range. Behind the index come stretches
of the files as they lie on the disk, one a file; the heads of parts in them are dead bytes, some 0.3 %. Any range of bytes can be
read by itself, and the same request makes the same bytes as long as the files stay (`etag` says so).

Where the range has no footage, time goes on without: see `export_join`. Sound is taken from the files that have the format of the
first sound in the range; `notes` says what was left out, and so does the movie's comment.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import Span
from mini_nvr.errors import MediaError
from mini_nvr.media.frame import AudioFormat, VideoFormat
from mini_nvr.media.mp4.boxes import U32_MAX, box
from mini_nvr.media.mp4.joined_index import Rows, index_layout, layout_bytes, rows_of
from mini_nvr.media.mp4.tags import COMMENT, TITLE
from mini_nvr.playback.errors import FootageUnreadable, RangeTooLong
from mini_nvr.playback.export_join import Joiner
from mini_nvr.playback.export_survey import Survey, Taken, survey, window_of
from mini_nvr.playback.export_text import comment, file_name, notes, title
from mini_nvr.playback.files import Stretch, opened
from mini_nvr.playback.missing import no_footage

CHUNK_BYTES = 1 << 18
_FILE_TYPE = box(b"ftyp", b"isom", (0x200).to_bytes(4, "big"), b"isomiso2mp41")


@dataclass(frozen=True, slots=True)
class _Replay:
    """What makes the tables of a long index once more."""

    video: VideoFormat
    audio: AudioFormat | None
    bounds: Span
    data_offset: int
    wide: bool


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """A movie that can be read.

    name: a file name, safe in any file system; may hold letters beyond ASCII. etag: without quotes.
    start_utc_us: when the first frame shown was taken; duration_us: how long the movie is.
    gaps: time without footage inside the range, which the movie leaves out; the first thousand. notes: what else it leaves out.
    """

    size_bytes: int
    name: str
    etag: str
    start_utc_us: int
    duration_us: int
    gaps: tuple[Span, ...]
    notes: tuple[str, ...]
    _head: tuple[bytes | Rows, ...] = field(repr=False)
    _replay: _Replay = field(repr=False)
    _taken: Taken = field(repr=False)
    _record_dir: Path = field(repr=False)

    def read(self, start: int = 0, end: int | None = None) -> Generator[bytes]:
        """The bytes from `start` up to `end`, a chunk at a time; blocks on the disk.

        Raises:
            FootageUnreadable: a file was deleted since, or the disk refuses; the movie cannot be finished.
        """
        with closing(self.pieces(start, end)) as pieces:
            for piece in pieces:
                if isinstance(piece, bytes):
                    yield piece
                else:
                    yield from _read(piece)

    def pieces(self, start: int = 0, end: int | None = None) -> Generator[bytes | Stretch]:
        """The same, with footage as stretches of files, each of them open until the next piece is asked for.

        Raises:
            FootageUnreadable: a file was deleted since, or the disk refuses; the movie cannot be finished.
        """
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        position = 0
        for item in self._head:
            size = layout_bytes([item])
            if start < position + size and position < end:
                whole = _chunks(item) if isinstance(item, bytes) else self._rows(item)
                yield from _cut(whole, max(0, start - position), min(size, end - position))
            position += size
        yield from self._footage(position, start, end)

    def _footage(self, position: int, start: int, end: int) -> Iterator[Stretch]:
        rows: Iterator[SegmentRow] | None = None
        for number, first, behind in self._taken.extents():
            low, high = max(start, position) - position + first, min(end, position + behind - first) - position + first
            position += behind - first
            if low < high:
                rows = rows or self._taken.rows(number)
                row = next(rows)
                with opened(self._record_dir, row) as fd:
                    yield Stretch(row.path.as_posix(), fd, low, high)
            elif position >= end:
                return

    def _rows(self, place: Rows) -> Iterator[bytes]:
        """The rows of one table of a long index, file by file."""
        of, made = self._replay, 0
        joiner = Joiner(of.video, of.audio, kept=(place.track, place.kind))
        track = joiner.track(place.track)
        if track is None:
            raise FootageUnreadable("the export has no such track")
        for row, tables, sound in self._taken.with_tables(self._record_dir):
            part = window_of(row, tables, of.bounds, is_first=joiner.is_empty)
            if part is None:
                raise FootageUnreadable(f"{row.path} is not what it was when the export began")
            joiner.add(tables, part, with_audio=sound)
            rows = track.take(place.kind, of.data_offset, wide=of.wide)
            made += len(rows)
            yield from _chunks(rows)
        rest = track.rest(place.kind)
        if made + len(rest) != place.size_bytes:
            raise FootageUnreadable("the files of the range are not what they were when the export began")
        yield rest


def _chunks(data: bytes) -> Iterator[bytes]:
    for low in range(0, len(data), CHUNK_BYTES):
        yield data[low : low + CHUNK_BYTES]


def _cut(chunks: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    """The bytes `start` up to `end` of what chunks make together."""
    position = 0
    for chunk in chunks:
        low, high = max(0, start - position), min(len(chunk), end - position)
        position += len(chunk)
        if low < high:
            yield chunk[low:high]
        if position >= end:
            return


def _read(of: Stretch) -> Iterator[bytes]:
    position = of.start
    while position < of.end:
        try:
            data = os.pread(of.fd, min(CHUNK_BYTES, of.end - position), position)
        except OSError as exc:
            raise FootageUnreadable(f"{of.name} cannot be read at byte {position}: {exc.strerror}") from exc
        if not data:
            raise FootageUnreadable(f"{of.name} ends at byte {position}, before what its index says")
        position += len(data)
        yield data


def plan(
    catalog: Catalog,
    record_dir: Path,
    channel: int,
    start_utc_us: int,
    end_utc_us: int,
    *,
    zone: tzinfo = UTC,
    before_each: Callable[[], None] = lambda: None,
) -> ExportPlan:
    """What a movie of [start, end) would be. Reads the indexes of the files, a few milliseconds each, and no footage.

    zone: for the times in the name and the title. before_each: called before each file; what it raises ends the planning.

    Raises:
        NoFootage: the range holds no frame; with the cause at its start.
        FormatChanges: the video's parameters change in the range; with the ranges that can be exported by themselves.
        NotPlayable: some of the footage is Matroska.
        RangeTooLong: the index would not fit into an MP4, whose boxes end at 4 GiB: more than a year of 25 frames a second.
        FootageUnreadable: a file is gone or damaged.
    """
    bounds = (start_utc_us, end_utc_us)
    found = survey(catalog, record_dir, channel, bounds, before_each)
    if found.joiner is None or found.first is None or found.last is None:
        raise no_footage(catalog, channel, start_utc_us)
    camera = next((known.name for known in catalog.channels() if known.number == channel), "")
    shown = (max(start_utc_us, found.first.start_utc_us), min(end_utc_us, found.last.end_utc_us))
    left_out = tuple(notes(found.with_other_sound, found.files))
    tags = {
        TITLE: title(camera, channel, shown, zone),
        COMMENT: comment(found.gaps, found.gap_count, left_out, zone),
    }
    head, replay = _head(found, found.joiner, bounds, tags)
    return ExportPlan(
        size_bytes=layout_bytes(head) + found.joiner.data_bytes,
        name=file_name(camera, channel, shown, zone),
        etag=found.digest.hexdigest(),
        start_utc_us=found.start_utc_us,
        duration_us=found.joiner.shown_90k * 100 // 9,
        gaps=tuple(found.gaps),
        notes=left_out,
        _head=tuple(head),
        _replay=replay,
        _taken=found.taken,
        _record_dir=record_dir,
    )


def _head(found: Survey, joiner: Joiner, bounds: Span, tags: dict[bytes, str]) -> tuple[list[bytes | Rows], _Replay]:
    """Everything before the footage, with places for the tables of a long index; and how to make these."""
    tracks = joiner.tracks()
    data_bytes = joiner.data_bytes
    for wide in (False, True):  # offsets of 64 bits where the movie with its index ends beyond 4 GiB
        try:
            index = index_layout(tracks, found.start_utc_us, tags, wide=wide)
        except MediaError as exc:
            raise RangeTooLong(f"the range is too long for one MP4: {exc}") from exc
        data_offset = len(_FILE_TYPE) + layout_bytes(index) + (16 if wide else 8)
        if data_offset + data_bytes <= U32_MAX:
            break
    if wide:
        data_header = (1).to_bytes(4, "big") + b"mdat" + (data_bytes + 16).to_bytes(8, "big")
    else:
        data_header = (data_bytes + 8).to_bytes(4, "big") + b"mdat"
    if joiner.holds_all:
        index = [rows_of(tracks, item, data_offset, wide=wide) if isinstance(item, Rows) else item for item in index]
        index = [b"".join(item for item in index if isinstance(item, bytes))]
    head = [_FILE_TYPE, *index, data_header]
    for item in head:
        found.digest.update(item if isinstance(item, bytes) else repr(item).encode())
    video = joiner.video_format
    return head, _Replay(video, joiner.audio_format, bounds, data_offset, wide)
