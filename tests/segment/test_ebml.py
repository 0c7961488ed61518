"""EBML elements: what is written reads back, hostile bytes raise only our error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import SegmentError
from mini_nvr.segment import ebml
from mini_nvr.segment.ebml import children, element, find, read_element

NAME = b"\x45\xa3"
IDS = st.sampled_from([b"\xec", b"\x45\xa3", b"\x2a\xd7\xb1", b"\x1f\x43\xb6\x75"])


@pytest.mark.parametrize(
    ("size", "coded"),
    [(0, "80"), (126, "fe"), (127, "407f"), (16_382, "7ffe"), (16_383, "203fff"), (2**21 - 1, "101fffff"), (2**32, "0900000000")],
)
def test_sizes_are_as_short_as_can_be_and_never_all_ones(size: int, coded: str) -> None:
    assert ebml.shortest_size(size) == bytes.fromhex(coded.rjust(len(coded) + len(coded) % 2, "0"))


@given(IDS, st.binary(max_size=300), st.binary(max_size=5))
def test_an_element_reads_back(element_id: bytes, payload: bytes, before: bytes) -> None:
    data = before + element(element_id, payload)
    found = read_element(data, len(before))
    assert (found.id, found.start, data[found.body : found.end]) == (element_id, len(before), payload)
    assert found.end == len(data)


@given(st.lists(st.tuples(IDS, st.binary(max_size=40))))
def test_children_read_back(pieces: list[tuple[bytes, bytes]]) -> None:
    data = b"".join(element(*piece) for piece in pieces)
    assert [(child.id, data[child.body : child.end]) for child in children(data, 0, len(data))] == pieces


def test_fixed_sizes() -> None:
    assert read_element(NAME + ebml.size_of_4_bytes(5), 0).end == 6 + 5
    assert read_element(NAME + ebml.size_of_8_bytes(2**40), 0).end == 10 + 2**40
    assert read_element(NAME + ebml.UNKNOWN_SIZE, 0).end is None
    assert len(ebml.void(32)) == read_element(ebml.void(32), 0).end == 32
    with pytest.raises(SegmentError, match="268435455 bytes"):
        ebml.size_of_4_bytes(2**28 - 1)


def test_find_takes_the_first_of_that_id() -> None:
    data = element(b"\xa3", element(b"\xec", b"no"), element(NAME, b"yes"), element(NAME, b"late"))
    assert find(data, read_element(data, 0), NAME) == b"yes"
    assert find(data, read_element(data, 0), b"\xb3") is None


@pytest.mark.parametrize("data", ["", "00", "ec", "ec00", "0180", "45", "ec41"])
def test_what_is_no_element_raises_our_error(data: str) -> None:
    with pytest.raises(SegmentError):
        read_element(bytes.fromhex(data), 0)


@given(st.binary(max_size=60))
def test_hostile_bytes_raise_only_our_error(data: bytes) -> None:
    try:
        found = list(children(data, 0, len(data)))
    except SegmentError:
        return
    assert all(child.end is not None and child.end <= len(data) for child in found)
