"""The key-frame index of a file as a blob for the catalog: deltas in variable-length integers, six to eight bytes an entry.

Layout, version 1: the version byte, then the number of entries, then for each entry, in this order:

    duration    difference to the previous entry's, shifted left by 2; bit 0: a start follows, bit 1: an offset follows
    start       only when it is not the previous entry's end: difference to that
    offset      only when it is not the previous entry's end: difference to that
    size        difference to the previous entry's
    key offset  from the entry's offset: difference to the previous entry's
    key size    difference to the previous entry's

A number is written 7 bits at a time, least significant first, bit 7 meaning that more follow (LEB128). A difference is mapped to
0, -1, 1, -2, ... -> 0, 1, 2, 3, ... first. Before the first entry everything is 0.
"""

from collections.abc import Sequence

from mini_nvr.errors import SegmentError
from mini_nvr.segment.model import IndexEntry

INDEX_VERSION = 1
MAX_VALUE = 2**62 - 1
"""The largest number an entry may hold: far beyond any file, and safe in SQLite's and C's signed 64 bits."""

_START_FOLLOWS = 1
_OFFSET_FOLLOWS = 2
_MAX_VARINT_BYTES = 10
_SMALLEST_ENTRY_BYTES = 4
_NOTHING = IndexEntry(0, 0, 0, 0, 0, 0)


def encode_index(entries: Sequence[IndexEntry]) -> bytes:
    """The blob of `entries`, which `decode_index` reads back to equal ones.

    Raises:
        SegmentError: a number is negative or above `MAX_VALUE`.
    """
    blob = bytearray((INDEX_VERSION,))
    _put(blob, len(entries))
    previous = _NOTHING
    for entry in entries:
        _require_in_range(entry)
        start_gap = entry.start_90k - (previous.start_90k + previous.duration_90k)
        offset_gap = entry.offset - (previous.offset + previous.size_bytes)
        flags = (_START_FOLLOWS if start_gap else 0) | (_OFFSET_FOLLOWS if offset_gap else 0)
        _put(blob, _zigzag(entry.duration_90k - previous.duration_90k) << 2 | flags)
        if start_gap:
            _put(blob, _zigzag(start_gap))
        if offset_gap:
            _put(blob, _zigzag(offset_gap))
        _put(blob, _zigzag(entry.size_bytes - previous.size_bytes))
        _put(blob, _zigzag((entry.key_offset - entry.offset) - (previous.key_offset - previous.offset)))
        _put(blob, _zigzag(entry.key_size_bytes - previous.key_size_bytes))
        previous = entry
    return bytes(blob)


def decode_index(blob: bytes) -> tuple[IndexEntry, ...]:
    """The entries of a blob.

    Raises:
        SegmentError: another version, cut short, followed by more, or a number out of range.
    """
    _require_version(blob)
    numbers = _numbers(blob)
    if not numbers or numbers[0] * _SMALLEST_ENTRY_BYTES > len(blob):
        raise SegmentError(f"a key-frame index of {len(blob)} bytes cannot hold {numbers[0] if numbers else 'no'} entries")
    try:
        entries, rest = _entries(numbers)
    except IndexError as exc:
        raise SegmentError("a key-frame index is cut short") from exc
    if rest:
        raise SegmentError(f"a key-frame index goes on for {rest} numbers behind its last entry")
    return entries


def index_length(blob: bytes) -> int:
    """How many entries a blob, or its first 11 bytes, claims to hold; reads no further.

    Raises:
        SegmentError: another version, or cut short.
    """
    _require_version(blob)
    for size, byte in enumerate(blob[1 : 1 + _MAX_VARINT_BYTES], 1):
        if byte < 0x80:
            return _numbers(blob[: 1 + size])[0]
    raise SegmentError("a key-frame index is cut short")


def _require_version(blob: bytes) -> None:
    if not blob or blob[0] != INDEX_VERSION:
        raise SegmentError(f"a key-frame index of version {blob[0] if blob else 'none'}; this release reads {INDEX_VERSION}")


def _numbers(blob: bytes) -> list[int]:
    """All numbers behind the version byte; in one loop over the bytes, since a playlist of an hour has ten thousand numbers."""
    numbers: list[int] = []
    value = shift = 0
    for byte in blob[1:]:
        if byte < 0x80:
            numbers.append(value | byte << shift)
            value = shift = 0
            continue
        value |= (byte & 0x7F) << shift
        shift += 7
        if shift >= 7 * _MAX_VARINT_BYTES:
            raise SegmentError("a key-frame index holds a number that is too long")
    if shift:
        raise SegmentError("a key-frame index is cut short")
    return numbers


def _entries(numbers: list[int]) -> tuple[tuple[IndexEntry, ...], int]:
    """The entries, and how many numbers are left. Raises IndexError where the numbers do not suffice."""
    signed = [number >> 1 ^ -(number & 1) for number in numbers]
    entries: list[IndexEntry] = []
    start = duration = offset = size = key_distance = key_size = 0
    position = 1
    for _ in range(numbers[0]):
        head = numbers[position]
        position += 1
        start += duration
        offset += size
        duration += _unzigzag(head >> 2)
        if head & _START_FOLLOWS:
            start += signed[position]
            position += 1
        if head & _OFFSET_FOLLOWS:
            offset += signed[position]
            position += 1
        size += signed[position]
        key_distance += signed[position + 1]
        key_size += signed[position + 2]
        position += 3
        entries.append(IndexEntry(start, duration, offset, size, offset + key_distance, key_size))
    require_index_in_range(entries)
    return tuple(entries), len(numbers) - position


def require_index_in_range(entries: Sequence[IndexEntry]) -> None:
    """Raise SegmentError when `encode_index` would."""
    for entry in entries:
        _require_in_range(entry)


def _require_in_range(entry: IndexEntry) -> None:
    start, duration, offset, size, key_offset, key_size = entry
    bits = start | duration | offset | size | key_offset | key_size
    if not 0 <= bits <= MAX_VALUE:  # one negative number makes all of it negative; MAX_VALUE has all of its bits set
        raise SegmentError(f"a key-frame index entry is out of range: {entry}")


def _put(blob: bytearray, value: int) -> None:
    while value >= 0x80:
        blob.append(value & 0x7F | 0x80)
        value >>= 7
    blob.append(value)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _unzigzag(value: int) -> int:
    return value >> 1 ^ -(value & 1)
