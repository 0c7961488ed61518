"""One index (`moov`) out of the sample tables of several files, for a movie that plays them one after the other.

Works on whole columns of a table, so an hour of 25 frames a second costs milliseconds. The sample data keep their order within a
file; `data_shift` says where a file's bytes come to lie.
"""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, repeat

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import TrackFormat
from mini_nvr.media.mp4.boxes import MOVIE_TIMESCALE, U32_MAX, box, full_box, movie_header
from mini_nvr.media.mp4.init import next_track_id, require_tracks
from mini_nvr.media.mp4.read_index import TrackIndex
from mini_nvr.media.mp4.tags import tags_box
from mini_nvr.media.mp4.track import track_box
from mini_nvr.media.mp4.track_table import RunLengths, big_endian

_RATE_ONE = 0x10000


@dataclass(slots=True)
class Samples:
    """Consecutive samples of one track of one file, in columns.

    first_dts: of the first sample, from the file's origin, in the track's clock rate.
    durations, cts_offsets: runs of (count, value); `cts_offsets` empty means all zero.
    sync: numbers of the sync samples from 0; None when all are.
    chunks: (samples, offset in the file).
    """

    first_dts: int
    sizes: Sequence[int]
    durations: Sequence[tuple[int, int]]
    cts_offsets: Sequence[tuple[int, int]]
    sync: Sequence[int] | None
    chunks: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, index: TrackIndex) -> "Samples":
        """All samples of a track. Our files say by an empty edit at the start that a track starts late."""
        late = index.edits[0][0] if index.edits and index.edits[0][1] == -1 else 0
        first_dts = (2 * late * index.timescale + MOVIE_TIMESCALE) // (2 * MOVIE_TIMESCALE)
        sync = None if index.sync is None else [number - 1 for number in index.sync]
        return cls(first_dts, index.sizes, index.durations, index.cts_offsets, sync, index.chunks)

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def duration(self) -> int:
        return sum(count * value for count, value in self.durations)

    def decoding_times(self) -> list[int]:
        """Of each sample, from the file's origin, and behind them where the last one ends."""
        return list(accumulate(_expanded(self.durations), initial=self.first_dts))

    def presentation_times(self) -> list[int]:
        """Of each sample, from the file's origin."""
        times = self.decoding_times()[:-1]
        if not self.cts_offsets:
            return times
        return [dts + offset for dts, offset in zip(times, _expanded(self.cts_offsets), strict=True)]

    def part(self, first: int, end: int) -> "Samples":
        """The samples from `first` up to `end`."""
        if first == 0 and end >= len(self):
            return self
        return Samples(
            first_dts=self.first_dts + sum(count * value for count, value in _cut(self.durations, 0, first)),
            sizes=self.sizes[first:end],
            durations=_cut(self.durations, first, end),
            cts_offsets=_cut(self.cts_offsets, first, end),
            sync=None if self.sync is None else [number - first for number in self.sync if first <= number < end],
            chunks=self._cut_chunks(first, end),
        )

    def extent(self) -> tuple[int, int]:
        """From the first byte of the samples to behind the last, in the file; they need not fill it.

        Raises:
            MediaError: the chunks are not in order, as the recorder writes them.
        """
        offsets = [offset for _, offset in self.chunks]
        if offsets != sorted(offsets):
            raise MediaError("the chunks of an index are not in the order of the file")
        last = self.chunks[-1][0]
        return offsets[0], offsets[-1] + sum(self.sizes[len(self) - last :])

    def _cut_chunks(self, first: int, end: int) -> list[tuple[int, int]]:
        chunks = []
        position = 0
        for count, offset in self.chunks:
            low, high = max(first, position), min(end, position + count)
            if low < high:
                chunks.append((high - low, offset + sum(self.sizes[position:low])))
            position += count
        return chunks


def _expanded(runs: Sequence[tuple[int, int]]) -> chain[int]:
    return chain.from_iterable(repeat(value, count) for count, value in runs)


def _cut(runs: Sequence[tuple[int, int]], first: int, end: int) -> list[tuple[int, int]]:
    """The values number `first` up to `end` of a run-length list."""
    found = []
    position = 0
    for count, value in runs:
        low, high = max(first, position), min(end, position + count)
        if low < high:
            found.append((high - low, value))
        position += count
    return found


@dataclass(slots=True)
class JoinedTrack:
    """The sample table of one track, grown file by file."""

    format: TrackFormat
    end_dts: int = 0
    _sizes: "array[int]" = field(default_factory=lambda: array("I"))
    _durations: RunLengths = field(default_factory=RunLengths)
    _offsets: RunLengths = field(default_factory=RunLengths)
    _sync: "array[int]" = field(default_factory=lambda: array("I"))
    _all_sync: bool = True
    _chunk_lengths: "array[int]" = field(default_factory=lambda: array("I"))
    _chunk_offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    _fixed: bytes | None = None  # the tables once they are asked for, which is twice

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, samples: Samples, data_shift: int) -> None:
        """Append samples, which follow the last one in time; `data_shift`: their new place minus that in their file."""
        if not samples:
            return
        self._fixed = None
        before = len(self._sizes)
        self._sizes.extend(samples.sizes)
        for count, value in samples.durations:
            self._durations.add(value, count)
        for count, value in samples.cts_offsets or [(len(samples), 0)]:
            self._offsets.add(value, count)
        if samples.sync is None:
            self._sync.extend(range(before + 1, before + 1 + len(samples)))
        else:
            self._all_sync = False
            self._sync.extend(before + 1 + number for number in samples.sync)
        self._chunk_lengths.extend(count for count, _ in samples.chunks)
        self._chunk_offsets.extend(offset + data_shift for _, offset in samples.chunks)
        self.end_dts += samples.duration

    def stretch_last(self, ticks: int) -> None:
        """Make the last sample longer, or shorter, but not shorter than a tick, so that what follows starts where it belongs."""
        if not self._sizes:
            return
        old = self._durations.last
        new = min(U32_MAX, max(1, old + ticks))
        self._fixed = None
        self._durations.replace_last(new)
        self.end_dts += new - old

    def tables(self, data_offset: int, *, wide: bool) -> bytes:
        """The boxes of `stbl`; `data_offset`: where the sample data begin; `wide`: 64-bit offsets (`co64`)."""
        if self._fixed is None:
            self._fixed = self._fixed_tables()
        offsets = array("Q" if wide else "I", [offset + data_offset for offset in self._chunk_offsets])
        return self._fixed + full_box(b"co64" if wide else b"stco", 0, 0, _count(offsets), big_endian(offsets))

    def _fixed_tables(self) -> bytes:
        """Those that do not depend on where the data lie."""
        boxes = [full_box(b"stts", 0, 0, self._durations.pack())]
        if not self._offsets.is_all_zero():
            boxes.append(full_box(b"ctts", 1, 0, self._offsets.pack()))
        if not self._all_sync:
            boxes.append(full_box(b"stss", 0, 0, _count(self._sync), big_endian(self._sync)))
        boxes.append(full_box(b"stsc", 0, 0, self._chunk_runs()))
        boxes.append(full_box(b"stsz", 0, 0, bytes(4), _count(self._sizes), big_endian(self._sizes)))
        return b"".join(boxes)

    def _chunk_runs(self) -> bytes:
        rows = array("I")
        previous = 0
        for number, samples in enumerate(self._chunk_lengths, 1):
            if samples != previous:
                rows.extend((number, samples, 1))
                previous = samples
        return (len(rows) // 3).to_bytes(4, "big") + big_endian(rows)


def _count(values: "array[int]") -> bytes:
    return len(values).to_bytes(4, "big")


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


def joined_moov(
    tracks: Sequence[tuple[JoinedTrack, Edit]], start_utc_us: int, tags: dict[bytes, str], data_offset: int, *, wide: bool
) -> bytes:
    """The index of a movie; its length does not depend on `data_offset`.

    tags: what players show about the movie, see `tags_box`.

    Raises:
        MediaError: a number does not fit its field.
    """
    formats = [track.format for track, _ in tracks]
    require_tracks(formats)
    try:
        boxes = [
            track_box(
                track.format,
                start_utc_us,
                sample_tables=track.tables(data_offset, wide=wide),
                media_duration=track.end_dts,
                movie_duration=edit.wait + edit.duration,
                edits=edit.box(),
            )
            for track, edit in tracks
        ]
        duration = max(edit.wait + edit.duration for _, edit in tracks)
        return box(b"moov", movie_header(start_utc_us, duration, next_track_id(formats)), *boxes, tags_box(tags))
    except (struct.error, OverflowError) as exc:
        raise MediaError(f"the index does not fit into its boxes: {exc}") from exc
