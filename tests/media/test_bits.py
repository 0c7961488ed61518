"""Bits and Exp-Golomb codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.bits import BitReader
from mini_nvr.media.nal import remove_emulation_prevention
from tests.support.bit_writer import BitWriter


@pytest.mark.parametrize(("code", "value"), [("1", 0), ("010", 1), ("011", 2), ("00100", 3), ("00111", 6), ("0001000", 7)])
def test_exp_golomb_codes_of_table_9_2(code: str, value: int) -> None:
    data = int(code.ljust(8, "0"), 2).to_bytes(1)
    assert BitReader(data).ue() == value


@pytest.mark.parametrize(("unsigned", "signed"), [(0, 0), (1, 1), (2, -1), (3, 2), (4, -2), (5, 3), (6, -3)])
def test_signed_codes_of_table_9_3(unsigned: int, signed: int) -> None:
    assert BitReader(BitWriter().ue(unsigned).rbsp()).se() == signed


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 2**40 - 1))))
def test_fixed_length_reads_give_what_was_written(fields: list[tuple[int, int]]) -> None:
    writer = BitWriter()
    for count, value in fields:
        writer.u(count, value % 2**count)
    reader = BitReader(remove_emulation_prevention(writer.rbsp()))
    assert [reader.u(count) for count, _ in fields] == [value % 2**count for count, value in fields]


@given(st.binary(max_size=40))
def test_reading_past_the_end_raises_our_error(data: bytes) -> None:
    reader = BitReader(data)
    with pytest.raises(MediaError):
        for _ in range(len(data) * 8 + 1):
            reader.ue()


def test_skipping_past_the_end_raises_our_error() -> None:
    reader = BitReader(b"\xff")
    reader.skip(8)
    with pytest.raises(MediaError):
        reader.skip(1)


def test_a_code_without_end_is_refused() -> None:
    with pytest.raises(MediaError, match="longer than 32 bits"):
        BitReader(bytes(100)).ue()


def test_a_value_over_its_limit_names_the_field() -> None:
    with pytest.raises(MediaError, match="pic_order_cnt_type is 3"):
        BitReader(BitWriter().ue(3).rbsp()).ue_up_to(2, "pic_order_cnt_type")
