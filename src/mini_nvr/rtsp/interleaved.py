"""Taking a TCP stream of RTSP messages and interleaved binary data apart (RFC 2326 section 10.12). No I/O.

One buffer, allocated once, is read into and parsed in place. Everything that may have to stand in it whole, an interleaved frame of
64 KiB or a message, is shorter than the buffer, so it never grows.
"""

import re
import struct
from collections.abc import Callable

from mini_nvr.rtsp.errors import ProtocolViolation
from mini_nvr.rtsp.message import MAX_HEAD_BYTES, Response, ServerRequest, parse_head

BUFFER_BYTES = 256 * 1024
MIN_READ_BYTES = 64 * 1024  # less room than that and the rest is moved to the front first
MAX_GARBAGE_BYTES = 64 * 1024  # in one stretch

DOLLAR = 0x24
_PREFIX = 4  # dollar sign, channel, length
_unpack_prefix = struct.Struct(">BBHB").unpack_from  # and the first byte of the packet
_START = 8  # bytes that tell a message from garbage
_RESPONSE_STARTS = frozenset({b"RTSP/1.0", b"RTSP/1.1"})
_HTTP_STARTS = frozenset({b"HTTP/1.0", b"HTTP/1.1"})
_REQUEST_STARTS = frozenset({b"OPTIONS ", b"ANNOUNCE", b"DESCRIBE", b"GET_PARA", b"SET_PARA", b"REDIRECT", b"TEARDOWN"})
_STARTS = _RESPONSE_STARTS | _REQUEST_STARTS
_LINE_ENDS = b"\r\n"
_HEAD_END = re.compile(rb"\r?\n\r?\n")

PacketHandler = Callable[[memoryview, int, int, int], None]
"""Takes (data, start, end, arrival_ns): the packet is data[start:end] and gone after the call of `settle` that follows."""
Settle = Callable[[], None]
"""Copies what a handler still needs of its packets."""
RunHandler = Callable[[bytearray, memoryview, int, int], int]
"""Takes (buffer, view, read, written) and as many interleaved packets from `read` on as need no judgement; where it stopped."""
MessageHandler = Callable[[Response | ServerRequest], None]


def _discard(data: memoryview, start: int, end: int, arrival_ns: int) -> None:
    """Nobody wants these packets any more."""


class Demultiplexer:
    """Calls a handler for each packet of a registered channel and one for each message.

    Use: read into `room()`, then call `received`. After garbage it goes on at the next thing that looks like a message or like a
    packet of a registered channel.

    garbage_bytes: skipped so far. stray_packets: of channels that nobody registered.
    """

    def __init__(self, on_message: MessageHandler) -> None:
        self._on_message = on_message
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._read = 0
        self._written = 0
        self._channels: list[PacketHandler | None] = [None] * 256
        self._runs: list[RunHandler | None] = [None] * 256
        self._settle: list[Settle] = []
        self._garbage_run = 0
        self.garbage_bytes = 0
        self.stray_packets = 0

    def register(self, channel: int, handler: PacketHandler, settle: Settle | None = None, run: RunHandler | None = None) -> None:
        """Packets of this channel go to `handler` from now on.

        settle: called before their memory is used again. run: asked after each packet whether it takes the ones behind it.
        """
        self._channels[channel] = handler
        self._runs[channel] = run
        if settle is not None:
            self._settle.append(settle)

    def is_registered(self, channel: int) -> bool:
        return self._channels[channel] is not None

    def mute(self) -> None:
        """Drop the packets of all channels from now on."""
        self._channels[:] = [_discard] * len(self._channels)
        self._runs[:] = [None] * len(self._runs)

    def release(self) -> None:
        """Nothing more will be received: give the memory back now; the collector looks for cycles but rarely."""
        self.mute()
        self._settle.clear()
        self._buffer = bytearray()
        self._view = memoryview(self._buffer)
        self._read = self._written = 0

    def room(self) -> memoryview:
        """Where the next bytes go; never empty."""
        if BUFFER_BYTES - self._written < MIN_READ_BYTES:
            rest = self._written - self._read
            self._view[:rest] = self._view[self._read : self._written]
            self._read, self._written = 0, rest
        return self._view[self._written :]

    def received(self, count: int, arrival_ns: int) -> None:
        """`count` bytes were read into `room()`.

        Raises:
            ProtocolViolation: this is not RTSP, or no longer.
        """
        buffer, view, channels, runs = self._buffer, self._view, self._channels, self._runs
        written = self._written = self._written + count
        read = self._read
        while written - read > _PREFIX:
            dollar, channel, length, first = _unpack_prefix(buffer, read)
            if dollar == DOLLAR and 0x80 <= first < 0xC0:  # RTP and RTCP version 2
                start = read + _PREFIX
                end = start + length
                if end > written:
                    break
                handler = channels[channel]
                if handler is not None:
                    if self._garbage_run:
                        self._garbage_run = 0
                    handler(view, start, end, arrival_ns)
                    run = runs[channel]
                    read = end if run is None else run(buffer, view, end, written)
                else:
                    self.stray_packets += 1
                    read = end
            else:
                after = self._other(read)
                if after == read:
                    break
                read = after
        for settle in self._settle:
            settle()
        if read == written:
            self._read = self._written = 0
        else:
            self._read = read

    def _other(self, read: int) -> int:
        """What is no plausible packet: a message, an empty packet, or garbage; where it ends, or `read` when more must come."""
        buffer, written = self._buffer, self._written
        if buffer[read] == DOLLAR and buffer[read + 2] == 0 == buffer[read + 3]:
            return read + _PREFIX
        if buffer[read] in _LINE_ENDS:
            return read + 1
        if written - read < _START:
            return read
        start = bytes(buffer[read : read + _START])
        if start in _STARTS:
            return self._message(read)
        if start in _HTTP_STARTS:
            raise ProtocolViolation("the port speaks HTTP, not RTSP; use the camera's RTSP port, usually 554")
        return self._resynchronise(read)

    def _message(self, read: int) -> int:
        """A message from its first byte on; where it ends, or `read` while it is not whole."""
        buffer, written = self._buffer, self._written
        found = _HEAD_END.search(buffer, read, min(written, read + MAX_HEAD_BYTES))
        if found is None:
            return self._resynchronise(read) if written - read >= MAX_HEAD_BYTES else read
        message, body_bytes = parse_head(bytes(buffer[read : found.start()]))
        body = found.end()
        if body + body_bytes > written:
            return read
        message.body = bytes(buffer[body : body + body_bytes])
        self._garbage_run = 0
        self._on_message(message)
        return body + body_bytes

    def _resynchronise(self, read: int) -> int:
        """Skip at least one byte, up to the next plausible beginning."""
        found = self._next_plausible(read + 1)
        skipped = found - read
        self.garbage_bytes += skipped
        self._garbage_run += skipped
        if self._garbage_run > MAX_GARBAGE_BYTES:
            raise ProtocolViolation(f"{self._garbage_run} bytes in a row that are neither RTSP nor RTP")
        return found

    def _next_plausible(self, position: int) -> int:
        """The first place from `position` on where a message or a registered packet may begin; the end if there is none."""
        buffer, written = self._buffer, self._written
        while position < written:
            byte = buffer[position]
            if byte == DOLLAR:
                if written - position <= _PREFIX or (
                    self.is_registered(buffer[position + 1]) and buffer[position + 4] & 0xC0 == 0x80
                ):
                    return position
            elif 0x41 <= byte <= 0x54:  # A to T, the first letters of a message
                start = bytes(buffer[position : min(position + _START, written)])
                if start in _STARTS or (len(start) < _START and any(known.startswith(start) for known in _STARTS)):
                    return position
            position += 1
        return written
