"""Reading the head of a part: which samples it holds and where (ISO/IEC 14496-12 clause 8.8)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from mini_nvr.errors import MediaError
from mini_nvr.media.mp4.boxes import IS_NON_SYNC
from mini_nvr.media.mp4.part import (
    DATA_OFFSET_PRESENT,
    DEFAULT_BASE_IS_MOOF,
    DEFAULT_SAMPLE_DURATION_PRESENT,
    FIRST_SAMPLE_FLAGS_PRESENT,
    SAMPLE_CTS_PRESENT,
    SAMPLE_DURATION_PRESENT,
    SAMPLE_FLAGS_PRESENT,
    SAMPLE_SIZE_PRESENT,
)
from mini_nvr.media.mp4.read_boxes import Box, ReadAt, children, malformed, parse_box, require
from mini_nvr.media.mp4.read_init import Init, TrackDefaults
from mini_nvr.media.mp4.sample_run import SampleRun
from mini_nvr.media.part import VIDEO_TRACK_ID

MAX_MOOF_BYTES = 1 << 20
MAX_SAMPLES_PER_RUN = 1 << 16
_READ_BYTES = 4096  # holds the whole moof of an ordinary part and the header of its mdat

_DEFAULT_SAMPLE_SIZE_PRESENT = 0x10
_DEFAULT_SAMPLE_FLAGS_PRESENT = 0x20
_OTHER_TFHD_FIELDS = 0x01 | 0x02  # base_data_offset, sample_description_index: this product writes neither


@dataclass(frozen=True, slots=True)
class WholePart:
    """A part that lies whole in a file. `offset`, `end`: of its moof and behind its mdat; `starts_at_key` as in `Part`."""

    offset: int
    end: int
    runs: tuple[SampleRun, ...]

    @property
    def starts_at_key(self) -> bool:
        first = self.runs[0]
        return first.track_id == VIDEO_TRACK_ID and (not first.keys or first.keys[0])


def read_part(read_at: ReadAt, offset: int, end: int, init: Init) -> WholePart:
    """The part at `offset` of a file whose parts end at or before `end`; a `free` box may stand before it.

    Raises:
        MediaError: no whole, well-formed part lies there.
    """
    head = read_at(offset, min(_READ_BYTES, end - offset))
    moof = parse_box(head, 0, offset)
    if moof.kind == b"free":
        offset = moof.end
        head = read_at(offset, max(0, min(_READ_BYTES, end - offset)))
        moof = parse_box(head, 0, offset)
    if moof.kind != b"moof" or moof.size > MAX_MOOF_BYTES or moof.end > end:
        raise MediaError(f"no whole part at byte {offset}")
    if len(head) < moof.size + 16:
        head = read_at(offset, min(moof.size + 16, end - offset))
    mdat = parse_box(head, moof.size, moof.end)
    if mdat.kind != b"mdat" or mdat.end > end:
        raise MediaError(f"the part at byte {offset} lacks its samples")
    runs = parse_moof(head[: moof.size], offset, init)
    for run in runs:
        if run.data_offset < mdat.body or run.data_offset + run.size_bytes > mdat.end:
            raise MediaError(f"the part at byte {offset} has samples outside of its mdat")
    return WholePart(offset, mdat.end, tuple(runs))


def parse_moof(data: bytes, offset: int, init: Init) -> list[SampleRun]:
    """The runs of a `moof` that starts at `offset` in the file.

    Raises:
        MediaError: malformed, no samples, or addressed in a way that this product does not write.
    """
    with malformed(f"the moof at byte {offset}"):
        moof = parse_box(data, 0, 0)
        runs: list[SampleRun] = []
        for box in children(data, moof.body, moof.end):
            if box.kind == b"traf":
                runs += _fragment(data, box, offset, init)
    if not runs:
        raise MediaError(f"the moof at byte {offset} holds no samples")
    return runs


def _fragment(data: bytes, traf: Box, offset: int, init: Init) -> list[SampleRun]:
    track_id, defaults = _fragment_header(data, require(data, traf, b"tfhd"), init)
    time = require(data, traf, b"tfdt")
    wide = data[time.body] == 1
    (dts,) = struct.unpack_from(">Q" if wide else ">I", data, time.body + 4)
    runs: list[SampleRun] = []
    for box in children(data, traf.body, traf.end):
        if box.kind == b"trun":
            run = _run(data, box, offset, _Track(track_id, dts, defaults))
            dts += sum(run.durations)
            runs.append(run)
    return runs


def _fragment_header(data: bytes, tfhd: Box, init: Init) -> tuple[int, TrackDefaults]:
    """The track and the defaults that hold in this fragment."""
    version_and_flags, track_id = struct.unpack_from(">II", data, tfhd.body)
    if not version_and_flags & DEFAULT_BASE_IS_MOOF or version_and_flags & _OTHER_TFHD_FIELDS:
        raise MediaError("a fragment is not addressed from its moof")
    defaults = init.defaults.get(track_id)
    if defaults is None:
        raise MediaError(f"a fragment belongs to track {track_id}, which the init segment does not have")
    values = [defaults.duration, defaults.size, defaults.flags]
    position = tfhd.body + 8
    presence = (DEFAULT_SAMPLE_DURATION_PRESENT, _DEFAULT_SAMPLE_SIZE_PRESENT, _DEFAULT_SAMPLE_FLAGS_PRESENT)
    for index, flag in enumerate(presence):
        if version_and_flags & flag:
            (values[index],) = struct.unpack_from(">I", data, position)
            position += 4
    return track_id, TrackDefaults(*values)


@dataclass(frozen=True, slots=True)
class _Track:
    """What a run needs to know of its fragment."""

    track_id: int
    base_dts: int
    defaults: TrackDefaults


def _run(data: bytes, trun: Box, offset: int, track: _Track) -> SampleRun:
    version_and_flags, count, data_offset = struct.unpack_from(">IIi", data, trun.body)
    if not version_and_flags & DATA_OFFSET_PRESENT or not 0 < count <= MAX_SAMPLES_PER_RUN:
        raise MediaError(f"a run of {count} samples is not one that this product writes")
    position = trun.body + 12
    first_flags: int | None = None
    if version_and_flags & FIRST_SAMPLE_FLAGS_PRESENT:
        (first_flags,) = struct.unpack_from(">I", data, position)
        position += 4
    present = (SAMPLE_DURATION_PRESENT, SAMPLE_SIZE_PRESENT, SAMPLE_FLAGS_PRESENT, SAMPLE_CTS_PRESENT)
    width = sum(bool(version_and_flags & flag) for flag in present)
    if position + 4 * width * count > trun.end:
        raise MediaError(f"a run of {count} samples is cut short")
    rows = struct.unpack_from(f">{width * count}I", data, position)
    columns = iter(rows[index::width] for index in range(width))
    durations, sizes, flags, offsets = (next(columns) if version_and_flags & flag else None for flag in present)
    defaults = track.defaults
    return SampleRun(
        track.track_id,
        track.base_dts,
        list(durations) if durations else [defaults.duration] * count,
        list(sizes) if sizes else [defaults.size] * count,
        offset + data_offset,
        _signed(offsets) if offsets else [],
        _keys(flags or [defaults.flags] * count, first_flags),
    )


def _signed(offsets: Sequence[int]) -> list[int]:
    """Composition offsets; those of version 0 are below 2^31 in any sane file, so both versions read alike."""
    return [offset - 0x1_0000_0000 if offset & 0x8000_0000 else offset for offset in offsets]


def _keys(flags: Sequence[int], first_flags: int | None) -> list[bool]:
    """Which samples are sync samples; empty when all are."""
    keys = [not value & IS_NON_SYNC for value in flags]
    if first_flags is not None:
        keys[0] = not first_flags & IS_NON_SYNC
    return [] if all(keys) else keys
