"""The first 44 bytes of a hybrid MP4: what tells a growing file from a sealed one. Pure.

    growing                         sealed                          sealed, beyond 4 GiB
    0   ftyp        28 bytes        ftyp                            ftyp
    28  free         8 bytes        free         8 bytes            mdat  size = 1
    36  free         8 bytes        mdat         up to the index    largesize, 8 bytes, up to the index
    44  init segment (ftyp, moov), then the parts (moof, mdat), and once sealed the index (moov)

Sealing changes 16 bytes and appends; the init segment and the parts stay where they were, so byte ranges stay valid.

A `free` box stands before a part whose moof would otherwise lie across a page boundary. The kernel lets a file grow page by page
under a write, so a reader, or a kill, may find it ending at any such boundary. FFmpeg opens a file that ends anywhere except inside
a moof; there it refuses the whole file (storage I2).
"""

import struct
from dataclasses import dataclass

from mini_nvr.errors import SegmentError
from mini_nvr.media.mp4.boxes import U32_MAX, file_type

HEAD_BYTES = 44
INIT_OFFSET = HEAD_BYTES
SEAL_OFFSET = 28
SEAL_BYTES = 16

PAGE_BYTES = 4096  # larger pages are multiples of it

_FREE_HEADER_BYTES = 8
_FREE = struct.pack(">I4s", 8, b"free")
_MDAT_HEADER_OFFSET = SEAL_OFFSET + len(_FREE)
GROWING_SEAL = _FREE + _FREE
GROWING_HEAD = file_type() + GROWING_SEAL


def page_padding(offset: int, moof_size: int) -> bytes:
    """The `free` box to write at `offset` before a moof, so that the moof lies within one page; empty where it does anyway."""
    room = -offset % PAGE_BYTES or PAGE_BYTES
    if moof_size <= room or moof_size > PAGE_BYTES:
        return b""
    size = room if room >= _FREE_HEADER_BYTES else room + _FREE_HEADER_BYTES
    if size + moof_size > room + PAGE_BYTES:
        return b""  # no place within the next page either
    return struct.pack(">I4s", size, b"free").ljust(size, b"\0")


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says. `index_offset`: where the index of a sealed file starts; None while the file grows."""

    index_offset: int | None


def sealing_bytes(index_offset: int) -> bytes:
    """The 16 bytes at `SEAL_OFFSET` that hide everything up to the index in one `mdat`."""
    size = index_offset - _MDAT_HEADER_OFFSET
    if size <= U32_MAX:
        return _FREE + struct.pack(">I4s", size, b"mdat")
    return struct.pack(">I4sQ", 1, b"mdat", index_offset - SEAL_OFFSET)


def parse_head(data: bytes) -> Head:
    """Read the first `HEAD_BYTES` of a file.

    Raises:
        SegmentError: this is not one of our files.
    """
    seal = data[SEAL_OFFSET:HEAD_BYTES]
    if len(data) < HEAD_BYTES or data[:SEAL_OFFSET] != GROWING_HEAD[:SEAL_OFFSET]:
        raise SegmentError("not a footage file of this product: the first bytes are not what the recorder writes")
    if seal == GROWING_SEAL:
        return Head(index_offset=None)
    index_offset = _index_offset(seal)
    if index_offset <= INIT_OFFSET or sealing_bytes(index_offset) != seal:
        raise SegmentError("not a footage file of this product: neither growing nor sealed")
    return Head(index_offset)


def _index_offset(seal: bytes) -> int:
    if seal[:8] == _FREE:
        return _MDAT_HEADER_OFFSET + int.from_bytes(seal[8:12], "big")
    return SEAL_OFFSET + int.from_bytes(seal[8:16], "big")
