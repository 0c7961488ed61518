"""The head of a part: reads back to the same samples, says what FFmpeg says, and costs little."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.mp4 import Init, init_segment, parse_init, parse_moof, part_header, read_part
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart
from tests.support.footage import audio_clip, cut_into_parts, video_clip
from tests.support.mp4_strategies import damaged, parts


def an_init() -> Init:
    return parse_init(init_segment([video_clip().format, audio_clip().format], b"{}"))


INIT = an_init()
PART = cut_into_parts([video_clip(b_frames=2), audio_clip()])[0]
HEADER = part_header(PART, 1)
MOOF = HEADER[:-8]


def whole(part: Part, sequence: int = 1) -> bytes:
    return part_header(part, sequence) + b"".join(payload for track in part.tracks for payload in track.payloads)


@given(parts(), st.integers(0, 2**33), st.integers(0, 2**40))
def test_reads_back_to_the_same_samples(part: Part, sequence: int, offset: int) -> None:
    data = whole(part, sequence)

    def read_at(position: int, size: int) -> bytes:
        return data[position - offset : position - offset + size]

    read = read_part(read_at, offset, offset + len(data), INIT)
    assert (read.offset, read.end, read.starts_at_key) == (offset, offset + len(data), part.starts_at_key)
    for track, run in zip(part.tracks, read.runs, strict=True):
        count = len(track.payloads)
        assert (run.track_id, run.base_dts, run.durations) == (track.track_id, track.base_dts, track.durations)
        assert run.cts_offsets == (track.cts_offsets if any(track.cts_offsets) else [])
        assert (run.keys or [True] * count) == (track.keys or [True] * count)
        position = run.data_offset - offset
        for payload, size in zip(track.payloads, run.sizes, strict=True):
            assert data[position : position + size] == payload
            position += size


@given(damaged(HEADER))
def test_hostile_bytes_raise_only_our_error(data: bytes) -> None:
    try:
        for run in parse_moof(data, 0, INIT):
            assert len(run.durations) == len(run.sizes)
            assert len(run.durations) <= 65_536
    except MediaError:
        pass


@given(st.binary(max_size=300))
def test_any_bytes_raise_only_our_error(data: bytes) -> None:
    with pytest.raises(MediaError):
        read_part(lambda offset, size: data[offset : offset + size], 0, len(data), INIT)


def test_a_part_is_whole_or_refused() -> None:
    data = whole(PART)
    for end in range(len(data)):
        with pytest.raises(MediaError):
            read_part(lambda offset, size, end=end: data[:end][offset : offset + size], 0, end, INIT)  # type: ignore[misc]


def test_a_steady_part_stores_the_sizes_only() -> None:
    video = TrackPart(VIDEO_TRACK_ID, 0, [3_600] * 25, [b"x"] * 25, [0] * 25, [True] + [False] * 24)
    audio = TrackPart(AUDIO_TRACK_ID, 0, [1_024] * 16, [b"x"] * 16)
    moof_mfhd, traf_tfhd_tfdt_trun, first_sample_flags, mdat = 8 + 16, 8 + 20 + 20 + 20, 4, 8
    fixed = moof_mfhd + 2 * traf_tfhd_tfdt_trun + first_sample_flags + mdat
    assert len(part_header(Part([video, audio], starts_at_key=True), 1)) == fixed + 4 * (25 + 16)


def test_live_part_of_one_frame_is_small() -> None:
    frame = TrackPart(VIDEO_TRACK_ID, 90_000, [3_600], [b"frame"], [], [False])
    assert len(part_header(Part([frame], starts_at_key=False), 1)) == (8 + 16) + (8 + 20 + 20 + 20) + 4 + 8


def test_constant_fields_are_left_to_the_init_segment() -> None:
    """default-base-is-moof is set and base-data-offset is not: browsers refuse the latter."""
    flags = struct.unpack_from(">I", MOOF, MOOF.index(b"tfhd") + 4)[0]
    assert flags == 0x020008
    assert MOOF[MOOF.index(b"tfdt") + 4] == MOOF[MOOF.index(b"trun") + 4] == 1


@pytest.mark.parametrize(
    ("track", "message"),
    [
        (TrackPart(VIDEO_TRACK_ID, 0, [], []), "inconsistent"),
        (TrackPart(VIDEO_TRACK_ID, 0, [1, 1], [b"x"]), "inconsistent"),
        (TrackPart(VIDEO_TRACK_ID, 0, [1], [b"x"], [1, 2]), "inconsistent"),
        (TrackPart(VIDEO_TRACK_ID, 0, [1], [b"x"], [], [True, False]), "inconsistent"),
        (TrackPart(VIDEO_TRACK_ID, -1, [1], [b"x"]), "does not fit"),
        (TrackPart(VIDEO_TRACK_ID, 0, [-1], [b"x"]), "does not fit"),
        (TrackPart(VIDEO_TRACK_ID, 0, [1], [b"x"], [2**31]), "does not fit"),
        (TrackPart(VIDEO_TRACK_ID, 0, [1], [b"x"], [-(2**31) - 1]), "does not fit"),
    ],
)
def test_impossible_parts_are_refused(track: TrackPart, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        part_header(Part([track], starts_at_key=True), 1)
