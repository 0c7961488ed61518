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
    if not blob or blob[0] != INDEX_VERSION:
        raise SegmentError(f"a key-frame index of version {blob[0] if blob else 'none'}; this release reads {INDEX_VERSION}")
    reader = _Reader(blob, 1)
    count = reader.number()
    if count * _SMALLEST_ENTRY_BYTES > len(blob):
        raise SegmentError(f"a key-frame index of {len(blob)} bytes cannot hold {count} entries")
    entries: list[IndexEntry] = []
    previous = _NOTHING
    for _ in range(count):
        previous = _entry(reader, previous)
        entries.append(previous)
    if reader.position != len(blob):
        raise SegmentError(f"a key-frame index goes on for {len(blob) - reader.position} bytes behind its last entry")
    return tuple(entries)


class _Reader:
    """Numbers out of a blob, one after the other."""

    __slots__ = ("_blob", "position")

    def __init__(self, blob: bytes, position: int) -> None:
        self._blob = blob
        self.position = position

    def number(self) -> int:
        value = 0
        for shift, byte in enumerate(self._blob[self.position : self.position + _MAX_VARINT_BYTES]):
            value |= (byte & 0x7F) << (7 * shift)
            if byte < 0x80:
                self.position += shift + 1
                return value
        raise SegmentError("a key-frame index is cut short or holds a number that is too long")

    def difference(self) -> int:
        return _unzigzag(self.number())


def _entry(reader: _Reader, previous: IndexEntry) -> IndexEntry:
    head = reader.number()
    duration = previous.duration_90k + _unzigzag(head >> 2)
    start = previous.start_90k + previous.duration_90k
    offset = previous.offset + previous.size_bytes
    if head & _START_FOLLOWS:
        start += reader.difference()
    if head & _OFFSET_FOLLOWS:
        offset += reader.difference()
    size = previous.size_bytes + reader.difference()
    key_offset = offset + (previous.key_offset - previous.offset) + reader.difference()
    key_size = previous.key_size_bytes + reader.difference()
    entry = IndexEntry(start, duration, offset, size, key_offset, key_size)
    _require_in_range(entry)
    return entry


def _require_in_range(entry: IndexEntry) -> None:
    values = (entry.start_90k, entry.duration_90k, entry.offset, entry.size_bytes, entry.key_offset, entry.key_size_bytes)
    if min(values) < 0 or max(values) > MAX_VALUE:
        raise SegmentError(f"a key-frame index entry is out of range: {entry}")


def _put(blob: bytearray, value: int) -> None:
    while value >= 0x80:
        blob.append(value & 0x7F | 0x80)
        value >>= 7
    blob.append(value)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _unzigzag(value: int) -> int:
    return value >> 1 if not value & 1 else -(value + 1 >> 1)
