"""The head of a part: `moof` and the header of the `mdat` that follows (ISO/IEC 14496-12 clause 8.8).

Written once a second for a file and once a frame for live viewers, so everything that is constant is left to `trex` and `tfhd`.
"""

import struct
from dataclasses import dataclass

from mini_nvr.errors import MediaError
from mini_nvr.media.mp4.boxes import NON_SYNC_SAMPLE, SYNC_SAMPLE, U32_MAX
from mini_nvr.media.part import AUDIO_TRACK_ID, Part, TrackPart

# tf_flags (clause 8.8.7.1)
DEFAULT_BASE_IS_MOOF = 0x02_0000
DEFAULT_SAMPLE_DURATION_PRESENT = 0x00_0008
# tr_flags (clause 8.8.8.1)
DATA_OFFSET_PRESENT = 0x001
FIRST_SAMPLE_FLAGS_PRESENT = 0x004
SAMPLE_DURATION_PRESENT = 0x100
SAMPLE_SIZE_PRESENT = 0x200
SAMPLE_FLAGS_PRESENT = 0x400
SAMPLE_CTS_PRESENT = 0x800

_MOOF_AND_MFHD = struct.Struct(">I4sI4sII")
_TFHD_TFDT = struct.Struct(">I4sI4sIII4sIQ")
_TFHD_DURATION_TFDT = struct.Struct(">I4sI4sIIII4sIQ")
_TRUN = struct.Struct(">I4sIII")
_MDAT = struct.Struct(">I4s")
_U32 = struct.Struct(">I")

MDAT_HEADER_BYTES = _MDAT.size


@dataclass(slots=True)
class _Run:
    """One `trun`, waiting for its data offset.

    first_flags: empty or 4 bytes; default_duration: None when each sample has its own.
    """

    track: TrackPart
    flags: int
    first_flags: bytes
    default_duration: int | None
    table: bytes

    @property
    def traf_size(self) -> int:
        head = _TFHD_TFDT.size if self.default_duration is None else _TFHD_DURATION_TFDT.size
        return head + _TRUN.size + len(self.first_flags) + len(self.table)


def part_header(part: Part, sequence: int) -> bytes:
    """`moof` and `mdat` header; the payloads follow, one track after the other, in the order of `part.tracks`.

    sequence: mfhd sequence_number, counts from 1 within a file or a live session.

    Raises:
        MediaError: a track without samples, lists of unequal lengths, or a number that does not fit its field.
    """
    try:
        runs = [_run(track) for track in part.tracks]
        moof_size = _MOOF_AND_MFHD.size + sum(run.traf_size for run in runs)
        pieces = [_MOOF_AND_MFHD.pack(moof_size, b"moof", 16, b"mfhd", 0, sequence & U32_MAX)]
        data_offset = moof_size + _MDAT.size
        for run in runs:
            _append_fragment(pieces, run, data_offset)
            data_offset += run.track.size_bytes
        pieces.append(_MDAT.pack(data_offset - moof_size, b"mdat"))
    except struct.error as exc:
        raise MediaError(f"a part does not fit into a movie fragment: {exc}") from exc
    return b"".join(pieces)


def _append_fragment(pieces: list[bytes], run: _Run, data_offset: int) -> None:
    """Add `traf`: `tfhd` with default-base-is-moof (browsers refuse an absolute base), `tfdt` version 1, `trun` version 1."""
    track, duration = run.track, run.default_duration
    if duration is None:
        head = (run.traf_size, b"traf", 16, b"tfhd", DEFAULT_BASE_IS_MOOF, track.track_id)
        pieces.append(_TFHD_TFDT.pack(*head, 20, b"tfdt", 1 << 24, track.base_dts))
    else:
        flags = DEFAULT_BASE_IS_MOOF | DEFAULT_SAMPLE_DURATION_PRESENT
        head = (run.traf_size, b"traf", 20, b"tfhd", flags, track.track_id)
        pieces.append(_TFHD_DURATION_TFDT.pack(*head, duration, 20, b"tfdt", 1 << 24, track.base_dts))
    size = _TRUN.size + len(run.first_flags) + len(run.table)
    pieces.append(_TRUN.pack(size, b"trun", (1 << 24) | run.flags, len(track.payloads), data_offset))
    pieces.append(run.first_flags)
    pieces.append(run.table)


def _run(track: TrackPart) -> _Run:
    """Decide which columns the sample table needs, and pack it."""
    count = len(track.payloads)
    require_consistent(track)
    columns = [list(map(len, track.payloads))]
    flags = DATA_OFFSET_PRESENT | SAMPLE_SIZE_PRESENT
    default_duration: int | None = track.durations[0]
    if track.durations.count(track.durations[0]) != count:
        default_duration = None
        flags |= SAMPLE_DURATION_PRESENT
        columns.insert(0, track.durations)
    first_flags = b""
    keys = track.keys or [True] * count
    if keys.count(track.track_id == AUDIO_TRACK_ID) != count:  # otherwise what trex says holds for all
        if track.track_id != AUDIO_TRACK_ID and not any(keys[1:]):
            flags |= FIRST_SAMPLE_FLAGS_PRESENT
            first_flags = _U32.pack(SYNC_SAMPLE)
        else:
            flags |= SAMPLE_FLAGS_PRESENT
            columns.append([SYNC_SAMPLE if key else NON_SYNC_SAMPLE for key in keys])
    if any(track.cts_offsets):
        flags |= SAMPLE_CTS_PRESENT
        columns.append([_as_u32(offset) for offset in track.cts_offsets])
    return _Run(track, flags, first_flags, default_duration, _interleave(columns, count))


def require_consistent(track: TrackPart) -> None:
    """Raise MediaError unless the lists of a track part agree on the number of samples, which must not be zero."""
    count = len(track.payloads)
    if count == 0 or len(track.durations) != count or any(len(x) not in {0, count} for x in (track.cts_offsets, track.keys)):
        raise MediaError(f"track {track.track_id}: a part of {count} samples with {len(track.durations)} durations is inconsistent")


def _interleave(columns: list[list[int]], count: int) -> bytes:
    """One row a sample, big-endian."""
    width = len(columns)
    if width == 1:
        return struct.pack(f">{count}I", *columns[0])
    rows = [0] * (width * count)
    for position, column in enumerate(columns):
        rows[position::width] = column
    return struct.pack(f">{width * count}I", *rows)


def _as_u32(offset: int) -> int:
    """A signed composition offset in the two's complement of 32 bits."""
    if not -0x8000_0000 <= offset < 0x8000_0000:
        raise MediaError(f"a composition offset of {offset} ticks does not fit into 32 bits")
    return offset & U32_MAX
