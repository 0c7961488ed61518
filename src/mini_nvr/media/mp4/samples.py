"""Consecutive samples of one track of one file, in columns, so that an hour of 25 frames a second is cut in milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat

from mini_nvr.errors import MediaError
from mini_nvr.media.mp4.boxes import MOVIE_TIMESCALE
from mini_nvr.media.mp4.read_index import TrackIndex


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
