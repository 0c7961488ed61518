"""The bytes of one open file, read on threads, so that a slow disk holds up nobody else."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from typing import Final

from mini_nvr.api.byte_ranges import Span
from mini_nvr.playback.files import Stretch

CHUNK_BYTES: Final = 512 * 1024

_log = logging.getLogger(__name__)


class FileSource:
    """Owns a descriptor. While one chunk is being sent, the next one is read.

    name: for the log. sealed: no byte of it changes any more, so the kernel may send it later than it was asked to; what was sent
    of a growing file is a copy, for its headers are written anew when it is sealed.
    """

    def __init__(self, name: str, fd: int, *, sealed: bool, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._name = name
        self._fd = fd
        self._sealed = sealed
        self._chunk_bytes = chunk_bytes
        self._ahead: asyncio.Future[bytes] | None = None

    async def read(self, span: Span) -> AsyncIterator[bytes]:
        position = span.start
        self._ahead = self._pread(position, span.end)
        while position < span.end:
            try:
                chunk = await asyncio.shield(self._ahead)  # the thread goes on whatever becomes of the request
            except OSError as exc:
                _log.error("%s cannot be read at byte %d: %s", self._name, position, exc.strerror)
                return
            if not chunk:
                return  # shorter than the catalog says
            position += len(chunk)
            self._ahead = self._pread(position, span.end)
            yield chunk

    async def pieces(self, span: Span) -> AsyncIterator[bytes | Stretch]:
        if self._sealed:
            yield Stretch(self._name, self._fd, span.start, span.end)
            return
        async for chunk in self.read(span):
            yield chunk

    async def close(self) -> None:
        if self._ahead is not None and not self._ahead.done():
            await asyncio.wait([self._ahead])  # a thread still reads from the descriptor
        os.close(self._fd)

    def _pread(self, position: int, end: int) -> asyncio.Future[bytes]:
        wanted = min(self._chunk_bytes, end - position)
        return asyncio.get_running_loop().run_in_executor(None, os.pread, self._fd, wanted, position)
