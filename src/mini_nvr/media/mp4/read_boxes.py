"""Finding boxes (ISO/IEC 14496-12 clause 4.2) in a file, read by position, and inside bytes in memory.

Whatever the bytes say, each step moves forward by at least a box header, so no input makes a walk endless.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from mini_nvr.errors import MediaError

ReadAt = Callable[[int, int], bytes]
"""(offset, size) -> the bytes there; fewer only at the end of the file."""

MAX_CHILDREN = 1_000

_HEADER = struct.Struct(">I4s")
_LARGE_SIZE = struct.Struct(">Q")
_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16


class Box(NamedTuple):
    """Where a box lies. `size` includes the header; the box may reach beyond what is stored of it.

    A tuple because a rescan makes a hundred of them a file: a frozen dataclass takes three times as long to make.
    """

    kind: bytes
    offset: int
    header_size: int
    size: int

    @property
    def body(self) -> int:
        return self.offset + self.header_size

    @property
    def end(self) -> int:
        return self.offset + self.size


@contextmanager
def malformed(what: str) -> Iterator[None]:
    """Turn what reading beyond the end raises into MediaError."""
    try:
        yield
    except (struct.error, IndexError, OverflowError) as exc:
        raise MediaError(f"{what} is malformed: {exc}") from exc


def parse_box(data: bytes, position: int, offset: int) -> Box:
    """The box whose header stands at `position` of `data`, which is `offset` in the file.

    Raises:
        MediaError: the header is cut short, or the size is impossible (0, "to the end of the file", is not supported).
    """
    header_size = _HEADER_BYTES
    try:
        size, kind = _HEADER.unpack_from(data, position)
        if size == 1:
            (size,) = _LARGE_SIZE.unpack_from(data, position + _HEADER_BYTES)
            header_size = _LARGE_HEADER_BYTES
    except struct.error as exc:
        raise MediaError(f"a box header at byte {offset} is cut short") from exc
    if size < header_size:
        raise MediaError(f"a box at byte {offset} claims {size} bytes")
    return Box(kind, offset, header_size, size)


def file_boxes(read_at: ReadAt, start: int, end: int) -> Iterator[Box]:
    """The boxes of a file from `start` up to `end`; the last one may reach beyond `end`.

    Raises:
        MediaError: see `parse_box`.
    """
    while start < end:
        box = parse_box(read_at(start, min(_LARGE_HEADER_BYTES, end - start)), 0, start)
        yield box
        start = box.end


def children(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that fill `data[start:end]`; offsets are positions in `data`.

    Raises:
        MediaError: see `parse_box`, a child reaches beyond its parent, or the children are more than `MAX_CHILDREN`.
    """
    end = len(data) if end is None else end
    for _ in range(MAX_CHILDREN):
        if start >= end:
            return
        box = parse_box(data, start, start)
        start += box.size
        if start > end:
            raise MediaError(f"a {box.kind!r} box at byte {box.offset} reaches beyond its parent")
        yield box
    raise MediaError(f"a box has more than {MAX_CHILDREN} children")


def find(data: bytes, parent: Box, *path: bytes) -> Box | None:
    """The first box at `path` below `parent`, or None."""
    box = parent
    for kind in path:
        for child in children(data, box.body, box.end):
            if child.kind == kind:
                box = child
                break
        else:
            return None
    return box


def require(data: bytes, parent: Box, *path: bytes) -> Box:
    """The first box at `path` below `parent`.

    Raises:
        MediaError: there is none.
    """
    box = find(data, parent, *path)
    if box is None:
        raise MediaError(f"a {parent.kind!r} box lacks {b'/'.join(path)!r}")
    return box
