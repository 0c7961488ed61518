"""The sample table of one track, grown part by part and held in flat arrays (ISO/IEC 14496-12 clauses 8.6, 8.7).

Runs of equal durations and offsets are stored once, so a steady stream takes little more than 4 bytes a frame.
"""

import sys
from array import array

from mini_nvr.errors import MediaError
from mini_nvr.media.mp4.boxes import U32_MAX, box, full_box
from mini_nvr.media.mp4.sample_run import SampleRun


class RunLengths:
    """Values with how often each one repeats; offsets keep their two's complement."""

    __slots__ = ("_counts", "_values")

    def __init__(self) -> None:
        self._counts = array("I")
        self._values = array("I")

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, value: int, count: int = 1) -> None:
        """Append `count` times `value` (modulo 2^32)."""
        value &= U32_MAX
        if self._values and self._values[-1] == value:
            self._counts[-1] += count
        else:
            self._counts.append(count)
            self._values.append(value)

    def add_all(self, values: list[int]) -> None:
        if values.count(values[0]) == len(values):
            self.add(values[0], len(values))
            return
        for value in values:
            self.add(value)

    @property
    def last(self) -> int:
        """The last single value."""
        return self._values[-1]

    def replace_last(self, value: int) -> None:
        """Change the last single value."""
        self._counts[-1] -= 1
        if self._counts[-1] == 0:
            self._counts.pop()
            self._values.pop()
        self.add(value)

    def is_all_zero(self) -> bool:
        return not any(self._values)

    def pack(self) -> bytes:
        """entry_count and the rows (sample_count, value), as `stts` and `ctts` want them."""
        rows = array("I", bytes(8 * len(self._counts)))
        rows[0::2] = self._counts
        rows[1::2] = self._values
        return len(self._counts).to_bytes(4, "big") + big_endian(rows)

    def memory_bytes(self) -> int:
        return sys.getsizeof(self._counts) + sys.getsizeof(self._values)


class TrackTable:
    """All samples of one track.

    Between two runs the last duration is stretched or shrunk so that decoding times come out as the runs state them.
    """

    def __init__(self) -> None:
        self.first_dts = 0
        self.end_dts = 0
        self._sizes = array("I")
        self._durations = RunLengths()
        self._offsets = RunLengths()
        self._sync: array[int] | None = None  # None while all samples are sync samples
        self._chunk_offsets = array("Q")
        self._chunk_lengths = array("I")  # samples of each chunk

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def duration(self) -> int:
        """The sum of all sample durations, in the track's clock rate."""
        return self.end_dts - self.first_dts

    def check(self, base_dts: int) -> None:
        """Raise MediaError when a run at `base_dts` cannot follow what is there."""
        if self._sizes and not 0 <= base_dts - self._last_dts() <= U32_MAX:
            raise MediaError(f"a part starts at {base_dts} ticks, before or too far after the last frame at {self._last_dts()}")

    def add(self, run: SampleRun) -> None:
        """Append a run that `check` accepts."""
        if not self._sizes:
            self.first_dts = self.end_dts = run.base_dts
        elif run.base_dts != self.end_dts:
            self._durations.replace_last(run.base_dts - self._last_dts())
        first_number = len(self._sizes) + 1
        self._sizes.extend(run.sizes)
        self._durations.add_all(run.durations)
        self.end_dts = run.base_dts + sum(run.durations)
        if run.cts_offsets:
            self._offsets.add_all(run.cts_offsets)
        else:
            self._offsets.add(0, len(run.sizes))
        self._add_sync(run, first_number)
        self._chunk_offsets.append(run.data_offset)
        self._chunk_lengths.append(len(run.sizes))

    def boxes(self) -> bytes:
        """`stts`, `ctts` (version 1) and `stss` where needed, `stsc`, `stsz`, `stco` or `co64`."""
        boxes = [full_box(b"stts", 0, 0, self._durations.pack())]
        if not self._offsets.is_all_zero():
            boxes.append(full_box(b"ctts", 1, 0, self._offsets.pack()))
        if self._sync is not None:
            boxes.append(full_box(b"stss", 0, 0, len(self._sync).to_bytes(4, "big"), big_endian(self._sync)))
        boxes.append(full_box(b"stsc", 0, 0, self._pack_chunk_runs()))
        boxes.append(full_box(b"stsz", 0, 0, bytes(4), len(self._sizes).to_bytes(4, "big"), big_endian(self._sizes)))
        boxes.append(self._chunk_offset_box())
        return b"".join(boxes)

    def memory_bytes(self) -> int:
        """What the arrays take, spare room included."""
        arrays = (self._sizes, self._sync or array("I"), self._chunk_offsets, self._chunk_lengths)
        return sum(map(sys.getsizeof, arrays)) + self._durations.memory_bytes() + self._offsets.memory_bytes()

    def _last_dts(self) -> int:
        return self.end_dts - self._durations.last

    def _add_sync(self, run: SampleRun, first_number: int) -> None:
        if self._sync is None:
            if not run.keys or all(run.keys):
                return
            self._sync = array("I", range(1, first_number))
        keys = run.keys or [True] * len(run.sizes)
        self._sync.extend(number for number, key in enumerate(keys, first_number) if key)

    def _pack_chunk_runs(self) -> bytes:
        """`stsc`: one row where the number of samples a chunk changes."""
        rows = array("I")
        previous = 0
        for number, samples in enumerate(self._chunk_lengths, 1):
            if samples != previous:
                rows.extend((number, samples, 1))
                previous = samples
        return (len(rows) // 3).to_bytes(4, "big") + big_endian(rows)

    def _chunk_offset_box(self) -> bytes:
        count = len(self._chunk_offsets).to_bytes(4, "big")
        if self._chunk_offsets and self._chunk_offsets[-1] > U32_MAX:
            return full_box(b"co64", 0, 0, count, big_endian(self._chunk_offsets))
        return full_box(b"stco", 0, 0, count, big_endian(array("I", self._chunk_offsets)))


def big_endian(values: "array[int]") -> bytes:
    """The bytes of an array in network order; the array itself stays as it is."""
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def empty_edit(first_presentation_90k: int, duration_90k: int) -> bytes:
    """`edts` of a track that starts late (clause 8.6.6): nothing, then the whole media. No box when it starts at the origin."""
    if first_presentation_90k == 0:
        return b""
    rate_one = (0x10000).to_bytes(4, "big")
    wait = first_presentation_90k.to_bytes(8, "big") + (-1).to_bytes(8, "big", signed=True) + rate_one
    media = duration_90k.to_bytes(8, "big") + bytes(8) + rate_one
    return box(b"edts", full_box(b"elst", 1, 0, (2).to_bytes(4, "big"), wait, media))
