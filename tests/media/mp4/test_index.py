"""The full index: says of every frame what the parts said, equals FFmpeg's in meaning, and is small in memory."""

from fractions import Fraction
from io import BytesIO
from math import floor
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoCodec
from mini_nvr.media.mp4 import MovieIndex, SampleTables, file_boxes, parse_index
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart
from tests.support.footage import audio_clip, cut_into_parts, video_clip
from tests.support.hybrid_files import START_UTC_US, record
from tests.support.mp4_strategies import damaged, part_sequences

FORMATS = [video_clip().format, audio_clip().format]
CLOCKS = {VIDEO_TRACK_ID: 90_000, AUDIO_TRACK_ID: 16_000}


def tables_of(parts: list[Part], offset: int = 1_000) -> tuple[SampleTables, list[int]]:
    """The tables, and where each part's payloads start."""
    tables, offsets = SampleTables(FORMATS, START_UTC_US), []
    for part in parts:
        offsets.append(offset)
        tables.add(part, offset)
        offset += part.size_bytes + 300
    return tables, offsets


def small_index() -> bytes:
    return tables_of(cut_into_parts([video_clip(b_frames=2, frames=50), audio_clip(start=99)]))[0].moov(b"{}")


VALID = small_index()


@given(part_sequences(), st.sampled_from([1_000, 2**33]))
@settings(max_examples=60)
def test_every_frame_is_where_and_when_its_part_said(parts: list[Part], offset: int) -> None:
    tables, offsets = tables_of(parts, offset)
    index = parse_index(tables.moov(b"{}"))
    for track_id, track in zip(CLOCKS, index.tracks, strict=True):
        expected = []
        for part, start in zip(parts, offsets, strict=True):
            position = start
            for source in part.tracks:
                dts = source.base_dts
                for i, payload in enumerate(source.payloads):
                    if source.track_id == track_id:
                        cts, key = (source.cts_offsets or [0] * 99)[i], (source.keys or [True] * 99)[i]
                        expected.append((position, len(payload), dts, cts, key))
                    position += len(payload)
                    dts += source.durations[i]
        first = expected[0][2] if expected else 0
        seen = [(s.offset, s.size, s.dts + first, s.cts_offset, s.key) for s in track.samples()]
        assert seen == expected
        assert (track.track_id, track.timescale) == (track_id, CLOCKS[track_id])
        waits = [duration for duration, media_time in track.edits if media_time == -1]
        wait = floor(Fraction(first * 90_000, CLOCKS[track_id]) + Fraction(1, 2))
        assert waits == ([wait] if wait else [])
    assert index.creation_s == START_UTC_US // 1_000_000 + 2_082_844_800


def ffmpeg_index(sealed: bytes) -> MovieIndex:
    """The index that FFmpeg's own hybrid writer makes for the same packets."""
    flags = "+hybrid_fragmented+frag_keyframe+empty_moov+default_base_moof+cmaf"
    target = BytesIO()
    with av.open(BytesIO(sealed), "r") as source, av.open(target, "w", format="mp4", options={"movflags": flags}) as sink:
        streams = {stream.index: sink.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                sink.mux(packet)
    data = target.getvalue()
    last = list(file_boxes(lambda offset, size: data[offset : offset + size], 0, len(data)))[-1]
    assert last.kind == b"moov"
    return parse_index(data[last.offset :])


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_tables_equal_those_of_ffmpeg(tmp_path: Path, codec: VideoCodec, b_frames: int) -> None:
    recording = record(tmp_path / "a.mp4", [video_clip(codec, b_frames=b_frames), audio_clip()])
    ours = parse_index(recording.sealed[len(recording.growing) :])
    theirs = ffmpeg_index(recording.sealed)
    assert len(ours.tracks) == len(theirs.tracks) == 2
    for mine, reference in zip(ours.tracks, theirs.tracks, strict=True):
        assert (mine.sizes, mine.sync) == (reference.sizes, reference.sync)
        scale = mine.timescale // reference.timescale
        assert mine.durations == tuple((count, value * scale) for count, value in reference.durations)
        assert mine.cts_offsets == merged([(count, value * scale) for count, value in reference.cts_offsets])


def merged(runs: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    result: list[tuple[int, int]] = []
    for count, value in runs:
        if result and result[-1][1] == value:
            result[-1] = (result[-1][0] + count, value)
        else:
            result.append((count, value))
    return tuple(result)


def test_an_hour_takes_less_than_a_megabyte() -> None:
    """25 frames a second with AAC at 16 kHz, steady times, parts of a second."""
    tables = SampleTables(FORMATS)
    for second in range(3_600):
        video = TrackPart(VIDEO_TRACK_ID, second * 90_000, [3_600] * 25, [b"x"] * 25, keys=[True] + [False] * 24)
        audio = TrackPart(AUDIO_TRACK_ID, second * 16_384, [1_024] * 16, [b"x"] * 16)
        tables.add(Part([video, audio], starts_at_key=True), second * 1_000)
    assert tables.memory_bytes() < 750_000
    assert tables.sample_counts() == {VIDEO_TRACK_ID: 90_000, AUDIO_TRACK_ID: 57_600}


def test_a_gap_between_parts_stretches_the_last_frame_before_it() -> None:
    def part(dts: int) -> Part:
        return Part([TrackPart(VIDEO_TRACK_ID, dts, [3_600, 3_600], [b"a", b"b"], keys=[True, False])], starts_at_key=True)

    index = parse_index(tables_of([part(0), part(90_000), part(97_100)])[0].moov(b""))
    assert index.tracks[0].durations == ((1, 3_600), (1, 86_400), (1, 3_600), (1, 3_500), (2, 3_600))
    assert index.tracks[0].duration == 104_300


def test_refused_part_leaves_the_tables_as_they_were() -> None:
    tables, _ = tables_of(cut_into_parts([video_clip(), audio_clip()]))
    before = tables.moov(b"")
    late_video = TrackPart(VIDEO_TRACK_ID, 400_000, [1], [b"x"], keys=[True])
    early_audio = TrackPart(AUDIO_TRACK_ID, 0, [1], [b"x"])
    for tracks in ([late_video, early_audio], [TrackPart(3, 0, [1], [b"x"])]):
        with pytest.raises(MediaError):
            tables.add(Part(tracks, starts_at_key=True), 0)
    assert tables.moov(b"") == before


@given(damaged(VALID))
def test_hostile_bytes_raise_only_our_error(data: bytes) -> None:
    try:
        index = parse_index(data)
        for track in index.tracks:
            assert sum(1 for _ in track.samples()) == len(track.sizes)
    except MediaError:
        pass


def test_every_truncation_is_refused() -> None:
    for end in range(len(VALID)):
        with pytest.raises(MediaError):
            parse_index(VALID[:end])


def test_a_huge_constant_size_table_is_refused_before_it_is_made() -> None:
    position = VALID.index(b"stsz") + 8
    data = VALID[:position] + (1).to_bytes(4, "big") + (2**32 - 1).to_bytes(4, "big") + VALID[position + 8 :]
    with pytest.raises(MediaError, match="at most"):
        parse_index(data)
