"""Length-prefixed NAL units and emulation prevention."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.nal import counted_by_16_bits, length_prefixed, remove_emulation_prevention, split_length_prefixed


@given(st.lists(st.binary(min_size=1, max_size=50)))
def test_split_undoes_join(nals: list[bytes]) -> None:
    assert split_length_prefixed(length_prefixed(nals)) == nals


@given(st.binary(max_size=60))
def test_any_bytes_split_or_raise_our_error(data: bytes) -> None:
    try:
        nals = split_length_prefixed(data)
    except MediaError:
        return
    assert length_prefixed(nals) == data


@pytest.mark.parametrize(
    "data", [b"\x00", b"\x00\x00\x00\x00", b"\x00\x00\x00\x02a", b"\xff\xff\xff\xffabc", b"\x00\x00\x00\x01ab"]
)
def test_impossible_lengths_raise_our_error(data: bytes) -> None:
    with pytest.raises(MediaError, match="impossible length"):
        split_length_prefixed(data)


@pytest.mark.parametrize(
    ("coded", "raw"),
    [
        ("000003", "0000"),
        ("00000300000301", "0000000001"),
        ("000003000003", "00000000"),
        ("0000030003", "00000003"),
        ("67000001", "67000001"),
        ("0003000300", "0003000300"),
    ],
)
def test_emulation_prevention(coded: str, raw: str) -> None:
    assert remove_emulation_prevention(bytes.fromhex(coded)).hex() == raw


def test_a_set_longer_than_its_length_field_is_refused() -> None:
    with pytest.raises(MediaError, match="65536 bytes"):
        counted_by_16_bits([bytes(65_536)])
