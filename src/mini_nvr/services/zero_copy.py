"""HTTP/1.1 connections that send bytes of files without reading them: the kernel copies from its page cache (sendfile(2)).

This is the extension `http.response.zerocopysend` of the ASGI specification, which uvicorn lacks: in place of a body, a message
names `file` (a descriptor), `offset` and `count` (here always both), and the descriptor is the sender's own again once the message
is sent or its sending was cancelled. It is offered where bytes go out as they are, so not under TLS.

The kernel waits for the disk inside of the call, so it is called on the threads that read files too: a disk that stalls holds up
one of these, never the event loop. It does not wait for the client, as the socket does not block: a slow one is waited for on the
event loop, without a thread, and takes no memory but what the kernel allows its socket.
"""

import asyncio
import errno
import os
from typing import Any, Final, cast

import h11
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from mini_nvr.api.byte_answer import ZERO_COPY

READ_BYTES: Final = 256 * 1024
AHEAD_BYTES: Final = 1 << 20
"""Asked of the disk while what stands before is sent; the kernel alone asks for 128 KiB, and a busy disk seeks for each."""
_NO_SENDFILE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""From a file system whose files cannot be sent that way."""
_NO_ROUTE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET})


class ZeroCopy(H11Protocol):
    """One connection; uvicorn makes and drives it."""

    _waiting: asyncio.Future[None] | None = None

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._wrapped = self.app
        self.app = self._with_extension

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._wake()

    async def _with_extension(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if self.scheme == "https":
            await self._wrapped(scope, receive, send)
            return
        cycle = self.cycle

        async def send_or_copy(message: ASGISendEvent) -> None:
            if str(message["type"]) == ZERO_COPY:
                await self._copy(cycle, cast(dict[str, Any], message))
            else:
                await send(message)

        cast(dict[str, Any], scope)["extensions"] = {ZERO_COPY: {}}
        await self._wrapped(scope, receive, send_or_copy)

    async def _copy(self, cycle: RequestResponseCycle, message: dict[str, Any]) -> None:
        """
        Raises:
            OSError: the file cannot be read or is shorter; the answer cannot be finished.
        """
        if cycle.disconnected:
            return
        stretch: Any = _Announced(message["count"])
        for piece in self.conn.send_with_data_passthrough(h11.Data(data=stretch)) or ():
            if piece is stretch:
                await self._flush()
                await self._send_file(cycle, message["file"], message["offset"], message["offset"] + len(stretch))
            else:
                self.transport.write(piece)
        if not message.get("more_body", False):
            await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _flush(self) -> None:
        """Returns when the kernel has what was written before, or the connection is gone."""
        if self.transport.is_closing() or not self.transport.get_write_buffer_size():
            return
        low, high = self.transport.get_write_buffer_limits()
        self.transport.set_write_buffer_limits(high=0)
        try:
            await self.flow.drain()
        finally:
            if not self.transport.is_closing():
                self.transport.set_write_buffer_limits(high, low)

    async def _send_file(self, cycle: RequestResponseCycle, file: int, offset: int, end: int) -> None:
        if self.transport.is_closing():
            return
        ends = _Ends(self.transport.get_extra_info("socket").fileno(), file)
        try:
            while offset < end and not (cycle.disconnected or self.transport.is_closing()):
                offset = await ends.send(offset, end)
                if offset < end:
                    await self._until_writable(ends.socket)
        except OSError as exc:
            if not (isinstance(exc, ConnectionError | TimeoutError) or exc.errno in _NO_ROUTE):
                raise
            cycle.disconnected = True
            self.transport.abort()
        finally:
            ends.close()

    async def _until_writable(self, socket: int) -> None:
        """Or until the connection is gone."""
        self._waiting = self.loop.create_future()
        self.loop.add_writer(socket, self._wake)
        try:
            await self._waiting
        finally:
            self.loop.remove_writer(socket)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class _Announced:
    """Stands for so many bytes where HTTP's framing only counts them."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count


class _Ends:
    """Descriptors of a socket that does not block, and of a file, for a thread that may outlive the connection and the request."""

    def __init__(self, socket: int, file: int) -> None:
        self.socket = os.dup(socket)
        self._file = os.dup(file)
        self._sending: asyncio.Future[int] | None = None

    async def send(self, offset: int, end: int) -> int:
        """Send from `offset` on what the socket takes at once; the place of the first byte that is left."""
        self._sending = asyncio.get_running_loop().run_in_executor(None, _send, self.socket, self._file, offset, end)
        return await asyncio.shield(self._sending)  # the thread goes on whatever becomes of the request

    def close(self) -> None:
        """As soon as no thread uses them."""
        if self._sending is None or self._sending.done():
            self._close(self._sending)
        else:
            self._sending.add_done_callback(self._close)

    def _close(self, sent: asyncio.Future[int] | None) -> None:
        if sent is not None and not sent.cancelled():
            sent.exception()  # of a request that was given up nobody else asks for it, and asyncio would tell it as an error
        os.close(self.socket)
        os.close(self._file)


def _send(socket: int, file: int, offset: int, end: int) -> int:
    try:
        while offset < end:
            until = min(end, (offset // AHEAD_BYTES + 1) * AHEAD_BYTES)
            if until < end:
                os.posix_fadvise(file, until, min(AHEAD_BYTES, end - until), os.POSIX_FADV_WILLNEED)
            sent = _send_once(socket, file, offset, until - offset)
            if not sent:
                raise OSError(errno.ENODATA, f"the file ends at byte {offset}")
            offset += sent
    except BlockingIOError:
        pass
    return offset


def _send_once(socket: int, file: int, offset: int, count: int) -> int:
    try:
        return os.sendfile(socket, file, offset, count)
    except OSError as exc:
        if exc.errno not in _NO_SENDFILE:
            raise
    data = os.pread(file, min(count, READ_BYTES), offset)
    return os.write(socket, data) if data else 0
