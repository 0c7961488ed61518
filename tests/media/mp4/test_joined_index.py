"""Indexes joined from those of files, read back by the parser that reads files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.mp4.joined_index import Edit, JoinedTrack, Rows, index_layout, layout_bytes, rows_of
from mini_nvr.media.mp4.read_index import SamplePlace, TrackIndex, parse_index
from mini_nvr.media.mp4.samples import Samples
from mini_nvr.media.mp4.tags import COMMENT, TITLE
from tests.support.footage import audio_clip, video_clip

GIB_5 = 5 << 30
TAGS = {TITLE: "a", COMMENT: "b"}


def samples(count: int = 5, *, first_dts: int = 0, offset: int = 1_000) -> Samples:
    """Frames of 10, 11, ... bytes with gaps of 7 bytes between chunks of two; every third one a key frame."""
    sizes = [10 + number for number in range(count)]
    chunks, position = [], offset
    for first in range(0, count, 2):
        some = sizes[first : first + 2]
        chunks.append((len(some), position))
        position += sum(some) + 7
    return Samples(first_dts, sizes, [(count, 3_600)], [], list(range(0, count, 3)), chunks)


def moov_of(track: JoinedTrack, edit: Edit, data_offset: int = 0, *, wide: bool = False) -> bytes:
    """The whole index of a track, whose rows are taken."""
    tracks = [(track, edit)]
    layout = index_layout(tracks, 0, TAGS, wide=wide)
    return b"".join(rows_of(tracks, item, data_offset, wide=wide) if isinstance(item, Rows) else item for item in layout)


def read_back(track: JoinedTrack, data_offset: int = 0, *, wide: bool = False) -> TrackIndex:
    return parse_index(moov_of(track, Edit(0, 0, 1), data_offset, wide=wide)).tracks[0]


def places(of: Samples, shift: int = 0, dts: int = 0) -> list[SamplePlace]:
    found, number = [], 0
    for count, position in of.chunks:
        for _ in range(count):
            found.append(SamplePlace(position + shift, of.sizes[number], dts + number * 3_600, 0, number % 3 == 0))
            position += of.sizes[number]  # noqa: PLW2901  walks through the chunk
            number += 1
    return found


def test_two_files_one_after_the_other() -> None:
    track = JoinedTrack(video_clip().format)
    first, second = samples(5), samples(4, offset=50)
    track.add(first, -1_000)
    track.add(second, 200)
    index = read_back(track, 40)
    assert list(index.samples()) == places(first, -960) + places(second, 240, 5 * 3_600)
    assert index.duration == 9 * 3_600


@pytest.mark.parametrize("wide", [False, True])
def test_the_length_does_not_depend_on_where_the_data_begin(wide: bool) -> None:
    edit = Edit(5, 6, 7)
    lengths = set()
    for data_offset in (0, 99_999):
        track = JoinedTrack(video_clip().format)
        track.add(samples(), 0)
        expected = layout_bytes(index_layout([(track, edit)], 0, TAGS, wide=wide))
        lengths |= {expected, len(moov_of(track, edit, data_offset, wide=wide))}
    assert len(lengths) == 1


def test_offsets_beyond_4_gib() -> None:
    track = JoinedTrack(video_clip().format)
    track.add(samples(), GIB_5)
    with pytest.raises(MediaError, match="does not fit"):
        read_back(track)
    track = JoinedTrack(video_clip().format)
    track.add(samples(), GIB_5)
    assert next(read_back(track, 100, wide=True).samples()).offset == GIB_5 + 1_100


@given(st.integers(1, 30), st.data())
def test_a_part_of_the_samples(count: int, data: st.DataObject) -> None:
    of = samples(count)
    first = data.draw(st.integers(0, count - 1))
    end = data.draw(st.integers(first + 1, count))
    part = of.part(first, end)
    track = JoinedTrack(video_clip().format)
    track.add(part, 0)
    expected = places(of)[first:end]
    got = list(read_back(track).samples())
    assert [(place.offset, place.size, place.key) for place in got] == [(place.offset, place.size, place.key) for place in expected]
    assert part.first_dts == first * 3_600
    assert part.decoding_times() == [3_600 * number for number in range(first, end + 1)]
    assert part.extent() == (expected[0].offset, expected[-1].offset + expected[-1].size)


def test_composition_offsets_are_cut_along() -> None:
    of = Samples(0, [1] * 4, [(4, 10)], [(1, 0), (2, 20), (1, -10)], None, [(4, 0)])
    assert of.presentation_times() == [0, 30, 40, 20]
    assert of.part(1, 4).presentation_times() == [30, 40, 20]


def test_chunks_out_of_order_are_refused() -> None:
    with pytest.raises(MediaError, match="order"):
        Samples(0, [1, 1], [(2, 10)], [], None, [(1, 10), (1, 5)]).extent()


@pytest.mark.parametrize(("ticks", "duration"), [(400, 4_000), (-600, 3_000), (-9_999, 1)])
def test_the_last_sample_is_stretched_and_never_vanishes(ticks: int, duration: int) -> None:
    track = JoinedTrack(audio_clip().format)
    track.stretch_last(5)
    track.add(samples(2), 0)
    track.stretch_last(ticks)
    assert track.end_dts == 3_600 + duration
    assert read_back(track).durations == ((1, 3_600), (1, duration))


def test_edits() -> None:
    for edit, expected in [(Edit(0, 7_200, 900), ((900, 7_200),)), (Edit(50, 0, 900), ((50, -1), (900, 0)))]:
        track = JoinedTrack(video_clip().format)
        track.add(samples(), 0)
        assert parse_index(moov_of(track, edit)).tracks[0].edits == expected
