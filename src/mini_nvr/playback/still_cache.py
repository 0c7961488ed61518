"""Stills on disk, at most so many bytes; those not asked for longest go first.

A file's modification time is when it was last asked for. Writing is atomic (a draft, renamed), so a crash leaves whole pictures.
The cache is a convenience: a disk that refuses costs speed, never an answer.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from threading import Lock, get_ident

_KEPT_OF_BOUND = 0.9  # clearing makes room for many, so that it happens rarely
_SUFFIX = ".jpg"
_DRAFT = ".draft"

log = logging.getLogger(__name__)


class StillCache:
    """A folder of JPEGs by key, a file name without suffix."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._size_bytes: int | None = None  # not counted yet

    def get(self, key: str) -> bytes | None:
        """The picture, None when it is not there."""
        path = self._folder / (key + _SUFFIX)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return data or None

    def put(self, key: str, jpeg: bytes) -> None:
        """Keep a picture; larger than the whole cache: not."""
        if len(jpeg) > self._max_bytes:
            return
        path = self._folder / (key + _SUFFIX)
        draft = self._folder / f"{key}.{os.getpid()}.{get_ident()}{_DRAFT}"
        try:
            with self._lock:
                if self._size_bytes is None:
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._clear_drafts()
                    self._size_bytes = sum(size for _, size, _ in self._entries())
                draft.write_bytes(jpeg)
                before = path.stat().st_size if path.exists() else 0
                draft.rename(path)
                self._size_bytes += len(jpeg) - before
                if self._size_bytes > self._max_bytes:
                    self._size_bytes = self._shrink(path)
        except OSError as exc:
            with suppress(OSError):
                draft.unlink()
            log.warning("still cache %s cannot be written: %s", self._folder, exc.strerror)

    def _shrink(self, newest: Path) -> int:
        """Remove the oldest until there is room; returns the bytes left."""
        entries = sorted(self._entries())
        left = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if left <= self._max_bytes * _KEPT_OF_BOUND:
                break
            if path != newest:
                path.unlink(missing_ok=True)
                left -= size
        return left

    def _entries(self) -> list[tuple[int, int, Path]]:
        """(last asked for, size, path) of the pictures."""
        found = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(_SUFFIX):
                    with suppress(FileNotFoundError):
                        stat = entry.stat(follow_symlinks=False)
                        found.append((stat.st_mtime_ns, stat.st_size, Path(entry.path)))
        return found

    def _clear_drafts(self) -> None:
        """What a crash left; nobody else writes yet."""
        for draft in self._folder.glob(f"*{_DRAFT}"):
            draft.unlink(missing_ok=True)
