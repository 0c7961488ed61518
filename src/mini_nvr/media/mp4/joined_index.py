"""One index (`moov`) out of the sample tables of several files, for a movie that plays them one after the other.

The files come one by one. How long the index is follows from counts alone, so the tables of a long movie need not be held: a
`JoinedTrack` may keep the rows of some tables, or of none, and `index_layout` says where which rows belong. The sample data keep
their order within a file; `data_shift` says where a file's bytes come to lie.
"""

import struct
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import TrackFormat
from mini_nvr.media.mp4.boxes import U32_MAX, box, full_box, movie_header
from mini_nvr.media.mp4.init import next_track_id, require_tracks
from mini_nvr.media.mp4.read_boxes import children, parse_box
from mini_nvr.media.mp4.samples import Samples
from mini_nvr.media.mp4.tags import tags_box
from mini_nvr.media.mp4.track import track_box
from mini_nvr.media.mp4.track_table import big_endian

STTS, CTTS, STSS, STSC, STSZ, STCO = b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco"
TABLES: Final = (STTS, CTTS, STSS, STSC, STSZ, STCO)
"""In the order of the index; chunk offsets of 64 bits are written as `co64`."""

_ROW_BYTES: Final = {STTS: 8, CTTS: 8, STSS: 4, STSC: 12, STSZ: 4}
_RATE_ONE = 0x10000


class _Runs:
    """Values as runs of equal ones. The last value is held back: it may still be stretched."""

    __slots__ = ("_count", "_last", "_value")

    def __init__(self) -> None:
        self._value = self._count = 0
        self._last: int | None = None

    @property
    def last(self) -> int:
        return self._last or 0

    def replace_last(self, value: int) -> None:
        self._last = value

    def add(self, value: int, count: int) -> Iterator[tuple[int, int]]:
        """Append `count` times `value` (modulo 2^32); the runs (count, value) that are over now."""
        value &= U32_MAX
        for each, times in ((self._last, 1), (value, count - 1)):
            if each is None or times == 0:
                continue
            if each != self._value and self._count:
                yield self._count, self._value
                self._count = 0
            self._value = each
            self._count += times
        self._last = value

    def rest(self) -> list[tuple[int, int]]:
        """The runs that are not over yet."""
        if self._last is None:
            return []
        if not self._count:
            return [(1, self._last)]
        if self._last == self._value:
            return [(self._count + 1, self._value)]
        return [(self._count, self._value), (1, self._last)]


class JoinedTrack:
    """The sample tables of one track, grown file by file.

    kept: whose rows are held until they are taken; those of all tables are counted.
    """

    def __init__(self, of: TrackFormat, kept: Collection[bytes] = TABLES) -> None:
        self.format = of
        self.end_dts = 0
        self._rows = dict.fromkeys(TABLES, 0)
        self._kept = {kind: array("Q" if kind == STCO else "I") for kind in kept}
        self._durations = _Runs()
        self._offsets = _Runs()
        self._any_offset = False
        self._all_sync = True
        self._samples_a_chunk = 0

    def __len__(self) -> int:
        return self._rows[STSZ]

    @property
    def held_bytes(self) -> int:
        """What the rows take that are held."""
        return sum(len(values) * values.itemsize for values in self._kept.values())

    def forget(self) -> None:
        """Only count from now on."""
        self._kept.clear()

    def add(self, samples: Samples, data_shift: int) -> None:
        """Append samples, which follow the last one in time; `data_shift`: their new place minus that in their file."""
        if not samples:
            return
        before = len(self)
        for count, value in samples.durations:
            self._put_runs(STTS, self._durations.add(value, count))
        for count, value in samples.cts_offsets or [(len(samples), 0)]:
            self._any_offset = self._any_offset or value != 0
            self._put_runs(CTTS, self._offsets.add(value, count))
        self._put(STSZ, len(samples), samples.sizes)
        if samples.sync is None:
            self._put(STSS, len(samples), range(before + 1, before + 1 + len(samples)))
        else:
            self._all_sync = False
            self._put(STSS, len(samples.sync), (before + 1 + number for number in samples.sync))
        self._add_chunks(samples, data_shift)
        self.end_dts += samples.duration

    def stretch_last(self, ticks: int) -> None:
        """Make the last sample longer, or shorter, but not shorter than a tick, so that what follows starts where it belongs."""
        if not len(self):
            return
        old = self._durations.last
        new = min(U32_MAX, max(1, old + ticks))
        self._durations.replace_last(new)
        self.end_dts += new - old

    def tables(self) -> list[tuple[bytes, int]]:
        """The tables that the index has, in order, and the number of their rows so far."""
        left_out = {CTTS} if not self._any_offset else set()
        if self._all_sync:
            left_out.add(STSS)
        return [(kind, self._rows[kind] + len(self._rest(kind))) for kind in TABLES if kind not in left_out]

    def take(self, kind: bytes, data_offset: int = 0, *, wide: bool = False) -> bytes:
        """The rows of a kept table that are settled and were not taken yet; `data_offset`: where the sample data begin.

        Raises:
            OverflowError: an offset needs 64 bits, and not `wide`.
        """
        values = self._kept[kind]
        if kind == STCO:
            packed = big_endian(array("Q" if wide else "I", [offset + data_offset for offset in values]))
        else:
            packed = big_endian(values)
        del values[:]
        return packed

    def rest(self, kind: bytes) -> bytes:
        """The rows that come behind all others once nothing is added any more."""
        return big_endian(array("I", [number for run in self._rest(kind) for number in run]))

    def _rest(self, kind: bytes) -> list[tuple[int, int]]:
        return {STTS: self._durations, CTTS: self._offsets}[kind].rest() if kind in {STTS, CTTS} else []

    def _add_chunks(self, samples: Samples, data_shift: int) -> None:
        first = self._rows[STCO] + 1
        self._put(STCO, len(samples.chunks), (offset + data_shift for _, offset in samples.chunks))
        for number, (count, _) in enumerate(samples.chunks, first):
            if count != self._samples_a_chunk:
                self._samples_a_chunk = count
                self._put(STSC, 1, (number, count, 1))

    def _put_runs(self, kind: bytes, runs: Iterable[tuple[int, int]]) -> None:
        for run in runs:
            self._put(kind, 1, run)

    def _put(self, kind: bytes, rows: int, values: Iterable[int]) -> None:
        self._rows[kind] += rows
        if kind in self._kept:
            self._kept[kind].extend(values)


@dataclass(frozen=True, slots=True)
class Edit:
    """What of a track's media is shown.

    wait: nothing before it, in the movie's timescale; media_time: where in the track's media it begins, in its clock rate.
    duration: of what is shown, in the movie's timescale.
    """

    wait: int
    media_time: int
    duration: int

    def box(self) -> bytes:
        """`edts` (ISO/IEC 14496-12 clause 8.6.6)."""
        rows = [struct.pack(">QqI", self.wait, -1, _RATE_ONE)] if self.wait else []
        rows.append(struct.pack(">QqI", self.duration, self.media_time, _RATE_ONE))
        return box(b"edts", full_box(b"elst", 1, 0, len(rows).to_bytes(4, "big"), *rows))


class Rows(NamedTuple):
    """A place in the index: the rows of a table of track number `track`, from 0."""

    track: int
    kind: bytes
    size_bytes: int


def index_layout(
    tracks: Sequence[tuple[JoinedTrack, Edit]], start_utc_us: int, tags: dict[bytes, str], *, wide: bool
) -> list[bytes | Rows]:
    """The index of a movie, with places where the rows of its tables belong; its length does not depend on what they say.

    tags: what players show about the movie, see `tags_box`. wide: chunk offsets have 64 bits.

    Raises:
        MediaError: a number does not fit its field.
    """
    formats = [track.format for track, _ in tracks]
    require_tracks(formats)
    duration = max(edit.wait + edit.duration for _, edit in tracks)
    try:
        body: list[bytes | Rows] = [movie_header(start_utc_us, duration, next_track_id(formats))]
        for number, (track, edit) in enumerate(tracks):
            body += _track(number, track, edit, start_utc_us, wide=wide)
        body.append(tags_box(tags))
        return [struct.pack(">I4s", 8 + layout_bytes(body), b"moov"), *body]
    except (struct.error, OverflowError) as exc:
        raise MediaError(f"the index does not fit into its boxes, which end at 4 GiB: {exc}") from exc


def layout_bytes(layout: Iterable[bytes | Rows]) -> int:
    """How long an index is."""
    return sum(item.size_bytes if isinstance(item, Rows) else len(item) for item in layout)


def _track(number: int, track: JoinedTrack, edit: Edit, start_utc_us: int, *, wide: bool) -> list[bytes | Rows]:
    """`trak`; its tables stand at its very end, so only the boxes around them must be made longer."""
    tables: list[bytes | Rows] = []
    for kind, count in track.tables():
        rows = Rows(number, kind, count * (_ROW_BYTES.get(kind) or (8 if wide else 4)))
        tables += [_table_header(kind, count, rows.size_bytes, wide=wide), rows]
    head = track_box(
        track.format,
        start_utc_us,
        sample_tables=b"",
        media_duration=track.end_dts,
        movie_duration=edit.wait + edit.duration,
        edits=edit.box(),
    )
    return [_lengthened(head, layout_bytes(tables)), *tables]


def _table_header(kind: bytes, count: int, rows_bytes: int, *, wide: bool) -> bytes:
    """Everything before the rows (clauses 8.6.1 and 8.7): `ctts` is of version 1, `stsz` says first that sizes differ."""
    before = bytes(4) if kind == STSZ else b""
    name = b"co64" if kind == STCO and wide else kind
    version = (kind == CTTS) << 24
    return struct.pack(">I4sI", 16 + len(before) + rows_bytes, name, version) + before + count.to_bytes(4, "big")


def _lengthened(head: bytes, more: int) -> bytes:
    """A `trak` whose last box, and the last one inside of it, down to `stbl`, are that much longer."""
    made = bytearray(head)
    position = 0
    for _ in (b"trak", b"mdia", b"minf", b"stbl"):
        of = parse_box(head, position, position)
        struct.pack_into(">I", made, position, of.size + more)
        position = [child.offset for child in children(head, of.body, of.end)][-1]
    return bytes(made)


def rows_of(tracks: Sequence[tuple[JoinedTrack, Edit]], place: Rows, data_offset: int, *, wide: bool) -> bytes:
    """All rows of a table that kept them.

    Raises:
        MediaError: an offset does not fit its field.
    """
    track = tracks[place.track][0]
    try:
        return track.take(place.kind, data_offset, wide=wide) + track.rest(place.kind)
    except OverflowError as exc:
        raise MediaError(f"the index does not fit into its boxes: {exc}") from exc
