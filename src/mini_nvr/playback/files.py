"""Footage files as playback reads them: by the catalog's path, below the recording folder, and nothing else (SECURITY S1)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mini_nvr.catalog.footage import require_inside
from mini_nvr.catalog.model import SegmentRow
from mini_nvr.playback.errors import FootageUnreadable


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes [start, end) of a file that is open as `fd`, for as long as who made this says; they do not change. name: for logs."""

    name: str
    fd: int
    start: int
    end: int


@contextmanager
def opened(record_dir: Path, row: SegmentRow) -> Iterator[int]:
    """A descriptor of a segment's file; what goes wrong inside of the block is told as of this file.

    Raises:
        FootageUnreadable: the file is gone, is no regular file, or the disk refuses.
        CatalogError: the catalog names a path outside of the folder.
    """
    path = record_dir / require_inside(row.path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            yield fd
        finally:
            os.close(fd)
    except OSError as exc:
        raise FootageUnreadable(f"{row.path} cannot be read: {exc.strerror}; it may have been deleted meanwhile") from exc
