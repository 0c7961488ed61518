"""One TCP connection to a camera: opening it, requests and answers in turn, packets to their handlers (RFC 2326 section 10.12)."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import cast

from mini_nvr.clock import Clock
from mini_nvr.rtsp.errors import (
    ConnectionLost,
    ConnectionRefused,
    HostUnreachable,
    NameNotFound,
    ProtocolViolation,
    TimedOut,
    WireError,
)
from mini_nvr.rtsp.interleaved import DOLLAR, Demultiplexer, PacketHandler, RunHandler, Settle
from mini_nvr.rtsp.message import Response, ServerRequest, format_answer, format_request

OnServerRequest = Callable[[ServerRequest], None]
OnEnd = Callable[[WireError | None], None]
_ANSWERED = frozenset({"OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE", "REDIRECT", "TEARDOWN"})


class Connection(asyncio.BufferedProtocol):
    """The camera's end of the line. Requests wait for their answer one at a time.

    on_server_request: called with each request of the camera after it was answered.
    on_end: called once, with None when the camera closed the connection in good order or we did.
    """

    def __init__(self, clock: Clock, on_server_request: OnServerRequest, on_end: OnEnd) -> None:
        self._monotonic_ns = clock.monotonic_ns
        self._on_server_request = on_server_request
        self._on_end = on_end
        self._demultiplexer = Demultiplexer(self._message)
        self._room = self._demultiplexer.room
        self._transport: asyncio.Transport | None = None
        self._turn = asyncio.Lock()
        self._cseq = 0
        self._answer: asyncio.Future[Response] | None = None
        self._closed = False
        self._error: WireError | None = None

    # -- for the client

    @property
    def is_closed(self) -> bool:
        return self._closed

    @property
    def garbage_bytes(self) -> int:
        """Skipped because they were neither RTSP nor RTP."""
        return self._demultiplexer.garbage_bytes

    def register(self, channel: int, handler: PacketHandler, settle: Settle | None = None, run: RunHandler | None = None) -> None:
        """Packets of an interleaved channel go to `handler`; `settle` is called before their memory is used again."""
        self._demultiplexer.register(channel, handler, settle, run)

    def is_registered(self, channel: int) -> bool:
        return self._demultiplexer.is_registered(channel)

    def mute(self) -> None:
        """Drop all packets from now on."""
        self._demultiplexer.mute()

    async def request(self, method: str, uri: str, headers: Iterable[tuple[str, str]], timeout_s: float) -> Response:
        """Send a request and wait for its answer, whatever its status.

        Raises:
            TimedOut: no answer within `timeout_s`.
            ConnectionLost: the connection ended instead.
            ProtocolViolation: something that is no RTSP came instead.
        """
        async with self._turn:
            if self._transport is None or self.is_closed:
                raise self._error or ConnectionLost(f"the camera closed the connection before {method}")
            self._cseq += 1
            answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
            self._answer = answer
            try:
                async with asyncio.timeout(timeout_s):
                    self._transport.write(format_request(method, uri, self._cseq, headers))
                    return await answer
            except TimeoutError as exc:
                raise TimedOut(f"the camera did not answer {method} within {timeout_s:g} s") from exc
            except ConnectionLost as exc:
                raise ConnectionLost(f"{exc}, instead of answering {method}") from exc
            finally:
                self._answer = None

    def send_packet(self, channel: int, packet: bytes) -> None:
        """Send one packet on an interleaved channel, unless the connection is closed."""
        if self._transport is not None and not self.is_closed:
            self._transport.write(bytes((DOLLAR, channel)) + len(packet).to_bytes(2) + packet)

    def close(self) -> None:
        """Close at once; what was not sent yet is lost. A connection that is closed already stays as it is."""
        self._end(None)

    # -- for the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its base class
        tcp = transport.get_extra_info("socket")
        if tcp is not None:
            with suppress(OSError):  # a fake transport, or the camera has gone already
                tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return self._room()

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._demultiplexer.received(nbytes, self._monotonic_ns())
        except ProtocolViolation as exc:
            self._end(exc)

    def eof_received(self) -> None:
        """The camera has no more to send; asyncio closes the transport."""

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self._end(None)
        else:
            lost = ConnectionLost("the connection to the camera broke")
            lost.__cause__ = exc
            self._end(lost)
        self._demultiplexer.release()

    # -- inside

    def _end(self, error: WireError | None) -> None:
        if self.is_closed:
            return
        self._error = error
        self._closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionLost("the camera closed the connection"))
        if self._transport is not None:
            self._transport.abort()
        self._on_end(error)

    def _message(self, message: Response | ServerRequest) -> None:
        if isinstance(message, ServerRequest):
            self._server_request(message)
            return
        if message.status < 200 or self._answer is None or self._answer.done():
            return  # 100 Continue, or the answer to a request that was given up
        cseq = message.headers.integer("CSeq")
        if cseq is None or cseq == self._cseq:  # some cameras leave it out
            self._answer.set_result(message)

    def _server_request(self, request: ServerRequest) -> None:
        if self._transport is None or self.is_closed:
            return
        status, reason = (200, "OK") if request.method in _ANSWERED else (501, "Not Implemented")
        self._transport.write(format_answer(request, status, reason))
        self._on_server_request(request)


async def connect(host: str, port: int, timeout_s: float, make: Callable[[], Connection]) -> Connection:
    """Open a connection to the first address of `host` that accepts one.

    Raises:
        NameNotFound, ConnectionRefused, HostUnreachable, TimedOut: in words for the owner.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            return await _connect_first(loop, host, port, make)
    except TimeoutError as exc:
        raise TimedOut(f"{host} did not accept a connection on port {port} within {timeout_s:g} s") from exc
    except socket.gaierror as exc:
        raise NameNotFound(f"the host name {host} does not resolve; check the address") from exc
    except ConnectionRefusedError as exc:
        raise ConnectionRefused(f"{host} refuses connections on port {port}; check the port and that RTSP is switched on") from exc
    except OSError as exc:
        reason = exc.strerror or "network error"
        raise HostUnreachable(f"{host} cannot be reached: {reason}; check the address, the camera's power and cable") from exc
    except UnicodeError as exc:  # the IDNA codec, for labels that are empty or too long
        raise NameNotFound(f"{host} is no host name") from exc


async def _connect_first(loop: asyncio.AbstractEventLoop, host: str, port: int, make: Callable[[], Connection]) -> Connection:
    """One address after the other, so that each error keeps its number; the last one is raised."""
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for _, _, _, _, address in addresses:
        try:
            _, connection = await loop.create_connection(make, str(address[0]), port)
        except OSError as exc:
            failure = exc
        else:
            return connection
    raise failure
