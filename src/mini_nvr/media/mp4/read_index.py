"""Reading a full index (`moov` with sample tables) back: where each frame is and when (ISO/IEC 14496-12 clauses 8.4 to 8.7)."""

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat

from mini_nvr.errors import MediaError
from mini_nvr.media.mp4.read_boxes import Box, children, find, malformed, parse_box, require

MAX_SAMPLES = 1 << 22  # 19 hours at 60 frames a second; keeps a hostile count from eating memory


@dataclass(frozen=True, slots=True)
class SamplePlace:
    """One frame: where its bytes lie in the file, and its times in the track's clock rate, not yet moved by the edit list."""

    offset: int
    size: int
    dts: int
    cts_offset: int
    key: bool


@dataclass(frozen=True, slots=True)
class TrackIndex:
    """The sample tables of one track, as they stand in the file.

    edits: (duration in the movie's timescale, media time in the track's or -1 for an empty edit).
    durations, cts_offsets: runs of (count, value); `cts_offsets` is empty when all are zero.
    sync: numbers of the sync samples from 1; None when all are.
    chunks: (samples in the chunk, offset in the file).
    """

    track_id: int
    timescale: int
    duration: int
    edits: tuple[tuple[int, int], ...]
    durations: tuple[tuple[int, int], ...]
    cts_offsets: tuple[tuple[int, int], ...]
    sync: tuple[int, ...] | None
    sizes: tuple[int, ...]
    chunks: tuple[tuple[int, int], ...]

    def samples(self) -> Iterator[SamplePlace]:
        """All frames in decoding order."""
        keys = None if self.sync is None else frozenset(self.sync)
        sizes = enumerate(self.sizes, 1)
        durations = chain.from_iterable(repeat(value, count) for count, value in self.durations)
        offsets = chain(chain.from_iterable(repeat(value, count) for count, value in self.cts_offsets), repeat(0))
        dts = 0
        for count, position in self.chunks:
            for _ in range(count):
                number, size = next(sizes)
                yield SamplePlace(position, size, dts, next(offsets), keys is None or number in keys)
                position += size  # noqa: PLW2901  walks through the chunk
                dts += next(durations)


@dataclass(frozen=True, slots=True)
class MovieIndex:
    """A parsed full index. `creation_s`: seconds since 1904-01-01 UTC; `duration`: in `timescale`."""

    timescale: int
    duration: int
    creation_s: int
    tracks: tuple[TrackIndex, ...]


def parse_index(data: bytes) -> MovieIndex:
    """Read a whole `moov` box.

    Raises:
        MediaError: malformed, or tables that contradict each other.
    """
    moov = parse_box(data, 0, 0)
    if moov.kind != b"moov" or moov.size != len(data):
        raise MediaError(f"a {moov.kind!r} box of {moov.size} bytes stands where an index of {len(data)} bytes should be")
    with malformed("an index"):
        timescale, duration, creation = _times(data, require(data, moov, b"mvhd"))
        tracks = tuple(_track(data, box) for box in children(data, moov.body, moov.end) if box.kind == b"trak")
    return MovieIndex(timescale, duration, creation, tracks)


def _times(data: bytes, header: Box) -> tuple[int, int, int]:
    """timescale, duration and creation time of `mvhd` or `mdhd`, which start alike."""
    wide = data[header.body] == 1
    creation, _, timescale, duration = struct.unpack_from(">QQIQ" if wide else ">IIII", data, header.body + 4)
    return timescale, duration, creation


def _track(data: bytes, trak: Box) -> TrackIndex:
    header = require(data, trak, b"tkhd")
    (track_id,) = struct.unpack_from(">I", data, header.body + (20 if data[header.body] == 1 else 12))
    timescale, duration, _ = _times(data, require(data, trak, b"mdia", b"mdhd"))
    tables = require(data, trak, b"mdia", b"minf", b"stbl")
    sizes = _sizes(data, require(data, tables, b"stsz"))
    durations = _pairs(data, require(data, tables, b"stts"))
    offsets, sync = find(data, tables, b"ctts"), find(data, tables, b"stss")
    index = TrackIndex(
        track_id=track_id,
        timescale=timescale,
        duration=duration,
        edits=_edits(data, find(data, trak, b"edts", b"elst")),
        durations=durations,
        cts_offsets=tuple((count, value - ((value & 0x8000_0000) << 1)) for count, value in _pairs(data, offsets))
        if offsets
        else (),
        sync=tuple(_table(data, sync, 1, "I")) if sync else None,
        sizes=sizes,
        chunks=_chunks(data, tables, len(sizes)),
    )
    _require_agreement(index)
    return index


def _require_agreement(index: TrackIndex) -> None:
    count = len(index.sizes)
    timed = sum(repeats for repeats, _ in index.durations)
    shifted = sum(repeats for repeats, _ in index.cts_offsets) if index.cts_offsets else count
    if timed != count or shifted != count:
        raise MediaError(f"track {index.track_id} has {count} sizes, {timed} durations and {shifted} composition offsets")


def _table(data: bytes, box: Box, width: int, code: str) -> "array[int]":
    """The numbers of a table with entry_count rows of `width` numbers; `code` is "I" (32 bits) or "Q" (64 bits)."""
    (count,) = struct.unpack_from(">I", data, box.body + 4)
    start = box.body + 8
    values = array(code)
    end = start + count * width * values.itemsize
    if end > box.end:
        raise MediaError(f"a {box.kind!r} box of {box.size} bytes claims {count} entries")
    values.frombytes(data[start:end])
    if sys.byteorder == "little":
        values.byteswap()
    return values


def _pairs(data: bytes, box: Box) -> tuple[tuple[int, int], ...]:
    values = _table(data, box, 2, "I")
    return tuple(zip(values[0::2], values[1::2], strict=True))


def _sizes(data: bytes, stsz: Box) -> tuple[int, ...]:
    size: int
    count: int
    size, count = struct.unpack_from(">II", data, stsz.body + 4)
    if count > MAX_SAMPLES:
        raise MediaError(f"an index claims {count} samples; at most {MAX_SAMPLES} are read")
    if size:
        return (size,) * count
    return tuple(_table(data, Box(stsz.kind, stsz.offset + 4, stsz.header_size, stsz.size - 4), 1, "I"))


def _chunks(data: bytes, tables: Box, samples: int) -> tuple[tuple[int, int], ...]:
    """`stsc` and `stco` or `co64`, joined: samples and offset of each chunk."""
    narrow = find(data, tables, b"stco")
    offsets = _table(data, narrow, 1, "I") if narrow else _table(data, require(data, tables, b"co64"), 1, "Q")
    rows = _table(data, require(data, tables, b"stsc"), 3, "I")
    starts = [*rows[0::3], len(offsets) + 1]
    counts: list[int] = []
    for first, following, per_chunk in zip(starts, starts[1:], rows[1::3], strict=False):
        if not first < following <= len(offsets) + 1:
            raise MediaError("the chunks of an index are out of order")
        counts += [per_chunk] * (following - first)
    if len(counts) != len(offsets) or sum(counts) != samples:
        raise MediaError(f"an index has {samples} samples, {len(offsets)} chunks and {sum(counts)} samples in chunks")
    return tuple(zip(counts, offsets, strict=True))


def _edits(data: bytes, elst: Box | None) -> tuple[tuple[int, int], ...]:
    if elst is None:
        return ()
    wide = data[elst.body] == 1
    (count,) = struct.unpack_from(">I", data, elst.body + 4)
    row = struct.Struct(">QqI" if wide else ">IiI")
    if count * row.size > elst.size:
        raise MediaError(f"an edit list of {elst.size} bytes claims {count} entries")
    return tuple(row.unpack_from(data, elst.body + 8 + index * row.size)[:2] for index in range(count))
