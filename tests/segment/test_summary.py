"""What a sealed file sums up in its index is what its parts say; a summary that lies, or none, is met by reading the parts."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import SegmentError
from mini_nvr.segment import hybrid, hybrid_reader
from mini_nvr.segment.header import MAX_HEADER_BYTES, decode_header, encode_header
from mini_nvr.segment.model import IndexEntry, SegmentFacts
from mini_nvr.segment.scan import scan, verify
from mini_nvr.segment.summary import read_summary, with_summary
from tests.support.footage import audio_clip, video_clip
from tests.support.hybrid_files import HEADER, Recording, record

START, END = 1_000, 9_000
ENTRIES = (IndexEntry(0, 90_000, START, 4_000, 1_200, 800), IndexEntry(90_000, 90_000, 5_100, END - 5_100, 5_200, 900))
FACTS = SegmentFacts(HEADER, "mp4", (), 2_000_000, 50, 10_000, 44, START - 44, ENTRIES, sealed=True)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    clips = [video_clip(frames=40, gop=8, b_frames=2, width=64, quantizer=40), audio_clip(rate=8_000, seconds=1.5, bit_rate=8_000)]
    return record(tmp_path_factory.mktemp("summary") / "a.mp4", clips, part_90k=45_000)


def read(facts: SegmentFacts, **changed: object) -> object:
    """The summary of `facts`, with something else in it."""
    document = json.loads(with_summary(encode_header(HEADER), facts))
    document["contents"].update(changed)
    return read_summary(json.dumps(document).encode(), START, END)


def test_the_summary_and_the_parts_say_the_same(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verify(recording.path) == recording.facts
    monkeypatch.setattr(hybrid_reader, "read_part", lambda *_: pytest.fail("a part was read"))
    assert scan(recording.path) == recording.facts


def test_a_growing_file_is_read_part_by_part(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "growing.mp4"
    path.write_bytes(recording.growing)
    assert scan(path) == verify(path) == replace(recording.facts, sealed=False, size_bytes=len(recording.growing))


def test_a_file_without_a_summary_is_read_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hybrid, "with_summary", lambda header, _facts: header)
    old = record(tmp_path / "old.mp4", [video_clip(frames=16, gop=8, width=64)])
    assert scan(old.path) == old.facts


def test_the_header_beside_it_stays_readable() -> None:
    assert decode_header(with_summary(encode_header(HEADER), FACTS)) == HEADER
    assert read_summary(encode_header(HEADER), START, END) is None


def test_an_index_that_is_too_long_for_a_header_is_left_out() -> None:
    entries = tuple(IndexEntry(n * 7_000, 3_000, n * 70_000, 60_000, n * 70_000, n * 50) for n in range(9_000))
    header = encode_header(HEADER)
    assert with_summary(header, replace(FACTS, index=entries)) == header
    with pytest.raises(SegmentError, match="bytes"):
        read_summary(bytes(MAX_HEADER_BYTES + 1), START, END)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ((), "other parts"),
        (ENTRIES[:1], "other parts"),
        (ENTRIES[1:], None),
        ((ENTRIES[0]._replace(offset=START - 1), ENTRIES[1]), "other parts"),
        ((ENTRIES[0], ENTRIES[1]._replace(size_bytes=ENTRIES[1].size_bytes + 1)), "other parts"),
        ((ENTRIES[0]._replace(size_bytes=4_200), ENTRIES[1]), "across each other"),
        ((ENTRIES[0]._replace(key_offset=START - 1), ENTRIES[1]), "key frame"),
        ((ENTRIES[0]._replace(key_size_bytes=4_000), ENTRIES[1]), "key frame"),
    ],
)
def test_entries_that_the_file_cannot_hold(entries: tuple[IndexEntry, ...], message: str | None) -> None:
    facts = replace(FACTS, index=entries)
    if message is None:
        assert read(facts) is not None
        return
    with pytest.raises(SegmentError, match=message):
        read(facts)


@pytest.mark.parametrize(
    "changed",
    [{"duration_us": -1}, {"duration_us": 1.5}, {"video_frames": True}, {"video_frames": 1 << 70}, {"index": "?"}, {"index": 7}],
)
def test_values_that_no_recorder_writes(changed: dict[str, object]) -> None:
    with pytest.raises(SegmentError):
        read(FACTS, **changed)


@given(
    st.one_of(st.binary(max_size=60), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode))
)
def test_hostile_bytes_raise_our_error_only(data: bytes) -> None:
    for metadata in (data, b'{"contents":' + data + b"}"):
        try:
            assert read_summary(metadata, START, END) is None
        except SegmentError:
            pass
