"""EBML (RFC 8794): the elements that Matroska consists of, written and read."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from mini_nvr.errors import SegmentError

EBML = b"\x1a\x45\xdf\xa3"
DOC_TYPE = b"\x42\x82"
CRC_32 = b"\xbf"
VOID = b"\xec"

UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
CRC_ELEMENT_BYTES = 6
MAX_SIZE_OF_4_BYTES = 2**28 - 2
_LONGEST_ID = 4


@dataclass(frozen=True, slots=True)
class Element:
    """Where an element lies in the bytes read. body: of its first data byte; end: None when its size is unknown."""

    id: bytes
    start: int
    body: int
    end: int | None


def size_of_4_bytes(size: int) -> bytes:
    """An element's data size, always in 4 bytes, so that the length of what surrounds it is known beforehand."""
    if size > MAX_SIZE_OF_4_BYTES:
        raise SegmentError(f"an element of {size} bytes; at most {MAX_SIZE_OF_4_BYTES} can be written")
    return (0x10000000 | size).to_bytes(4)


def size_of_8_bytes(size: int) -> bytes:
    """An element's data size in 8 bytes, to take the place of `UNKNOWN_SIZE`."""
    return ((1 << 56) | size).to_bytes(8)


def shortest_size(size: int) -> bytes:
    """An element's data size in as few bytes as hold it; all bits set is reserved for an unknown size."""
    length = 1
    while size >= (1 << 7 * length) - 1:
        length += 1
    return ((1 << 7 * length) | size).to_bytes(length)


def element(element_id: bytes, *data: bytes) -> bytes:
    """An element around `data`, one after the other."""
    payload = b"".join(data)
    return element_id + shortest_size(len(payload)) + payload


def unsigned(element_id: bytes, value: int) -> bytes:
    """An unsigned integer element."""
    return element(element_id, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def floating(element_id: bytes, value: float) -> bytes:
    """A float element, in 8 bytes."""
    return element(element_id, struct.pack(">d", value))


def text(element_id: bytes, value: str) -> bytes:
    """A UTF-8 string element."""
    return element(element_id, value.encode())


def void(total: int) -> bytes:
    """A Void element that takes `total` bytes, 2 to 128 of them."""
    return VOID + bytes([0x80 | total - 2]) + bytes(total - 2)


def crc_32(*data: bytes) -> bytes:
    """The CRC-32 element that protects `data`, which follow it in the same element (RFC 8794 section 11.3.1)."""
    checksum = 0
    for piece in data:
        checksum = zlib.crc32(piece, checksum)
    return CRC_32 + b"\x84" + checksum.to_bytes(4, "little")


def read_element(data: bytes, position: int) -> Element:
    """The element whose head stands at `position`; its end may lie beyond the data.

    Raises:
        SegmentError: no element starts here, or the data ends within its head.
    """
    id_length = _length(data, position)
    size_position = position + id_length
    size_length = _length(data, size_position)
    body = size_position + size_length
    if id_length > _LONGEST_ID or body > len(data):
        raise SegmentError(f"no EBML element at byte {position}")
    raw = data[size_position:body]
    all_ones = (1 << 7 * size_length) - 1
    size = int.from_bytes(raw) & all_ones
    return Element(data[position:size_position], position, body, None if size == all_ones else body + size)


def _length(data: bytes, position: int) -> int:
    """Bytes of the variable-size integer at `position`: one more than the leading zero bits of its first byte."""
    if position >= len(data) or not data[position]:
        raise SegmentError(f"no EBML element at byte {position}")
    return 9 - data[position].bit_length()


def children(data: bytes, start: int, end: int) -> Iterator[Element]:
    """The elements between `start` and `end`, each with its end within `end`.

    Raises:
        SegmentError: they do not add up.
    """
    position = start
    while position < end:
        child = read_element(data, position)
        if child.end is None or child.end > end:
            raise SegmentError(f"the EBML element at byte {position} reaches beyond its parent")
        yield child
        position = child.end


def find(data: bytes, parent: Element, element_id: bytes) -> bytes | None:
    """The data of the first child with that ID, None when there is none. Raises SegmentError as `children` does."""
    for child in children(data, parent.body, len(data) if parent.end is None else parent.end):
        if child.id == element_id:
            return data[child.body : child.end]
    return None
