"""The key-frame index blob: round trip, size, hostile bytes."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mini_nvr.errors import SegmentError
from mini_nvr.segment.index import INDEX_VERSION, MAX_VALUE, decode_index, encode_index
from mini_nvr.segment.model import IndexEntry

VALUES = st.one_of(st.integers(0, 300_000), st.integers(0, MAX_VALUE))
ENTRIES = st.lists(st.builds(IndexEntry, VALUES, VALUES, VALUES, VALUES, VALUES, VALUES), max_size=20)


def typical_entries(count: int) -> list[IndexEntry]:
    """A camera at 4 Mbit/s with a key frame every 2 s, sizes varying by 20 %."""
    dice = random.Random(1)  # noqa: S311  test data
    entries: list[IndexEntry] = []
    start, offset = 0, 1_400
    for _ in range(count):
        size, key_size = dice.randint(900_000, 1_100_000), dice.randint(80_000, 110_000)
        entries.append(IndexEntry(start, 180_000, offset, size, offset + 420, key_size))
        start, offset = start + 180_000, offset + size
    return entries


@given(ENTRIES)
@example([IndexEntry(MAX_VALUE, 0, MAX_VALUE, 0, 0, 0), IndexEntry(0, MAX_VALUE, 0, MAX_VALUE, MAX_VALUE, MAX_VALUE)])
def test_round_trip(entries: list[IndexEntry]) -> None:
    assert decode_index(encode_index(entries)) == tuple(entries)


def test_a_typical_entry_takes_at_most_eight_bytes() -> None:
    entries = typical_entries(150)
    assert len(encode_index(entries)) / len(entries) <= 8.1


def test_no_entries() -> None:
    assert decode_index(encode_index([])) == ()


@given(st.binary(max_size=200))
def test_hostile_bytes_raise_only_our_error(blob: bytes) -> None:
    try:
        decode_index(bytes((INDEX_VERSION,)) + blob)
    except SegmentError:
        pass


def test_each_truncation_and_addition_is_refused() -> None:
    blob = encode_index(typical_entries(10))
    for end in range(len(blob)):
        with pytest.raises(SegmentError):
            decode_index(blob[:end])
    with pytest.raises(SegmentError, match="goes on"):
        decode_index(blob + b"\0")


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"", "version none"),
        (b"\x02\x00", "version 2"),
        (b"\x01\xff\xff\xff\xff\x0f", "cannot hold"),
        (b"\x01" + b"\xff" * 11, "too long"),
        (b"\x01\x01\x04\x00\x00\x00", "out of range"),  # a duration of -1
    ],
)
def test_refusals_name_the_cause(blob: bytes, message: str) -> None:
    with pytest.raises(SegmentError, match=message):
        decode_index(blob)


@pytest.mark.parametrize("value", [-1, MAX_VALUE + 1])
def test_numbers_out_of_range_are_not_written(value: int) -> None:
    with pytest.raises(SegmentError, match="out of range"):
        encode_index([IndexEntry(0, value, 0, 0, 0, 0)])
