"""RTP packets of one track: header, order and loss, timestamps (RFC 3550 section 5.1 and appendix A).

Over TCP packets arrive in order; what is missing was lost before the camera's socket, or dropped there because it was full.
"""

import struct
from collections.abc import Callable

from mini_nvr.rtsp.depacketize.payload import Depacketizer

HEADER_BYTES = 12
MAX_DROPOUT = 3000  # a larger step ahead is a sender that started anew (RFC 3550 appendix A.1)
MAX_MISORDER = 100  # a smaller step back is a packet that came late or twice

_DOLLAR = 0x24  # RFC 2326 section 10.12
_unpack_header = struct.Struct(">BBHII").unpack_from
_PLAIN = 0x80  # version 2, no padding, no extension, no contributing sources
_HALF = 1 << 31
_MASK = (1 << 32) - 1
_WITHOUT_LENGTH = ~(0xFFFF << 32)


def payload_bounds(packet: memoryview, start: int, end: int) -> tuple[int, int]:
    """Where the payload of an RTP packet begins and ends; empty (start == end) when the packet contradicts itself.

    packet[start:end] is the packet, at least 12 bytes of it.
    """
    first = packet[start]
    payload = start + HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:  # header extension, section 5.3.1
        if payload + 4 > end:
            return end, end
        payload += 4 + 4 * (packet[payload + 2] << 8 | packet[payload + 3])
    if first & 0x20:  # the last byte counts the padding
        end -= packet[end - 1]
    return (payload, end) if payload < end else (end, end)


class TimestampUnwrapper:
    """32-bit timestamps on a 64-bit line; steps back are steps back (B-frames), the first one seen keeps its value."""

    __slots__ = ("_last", "_seen")

    def __init__(self) -> None:
        self._last = 0
        self._seen = False

    def advance(self, timestamp: int) -> int:
        """Unwrap, and make it the reference for the next."""
        self._last = self.near(timestamp)
        return self._last

    def near(self, timestamp: int) -> int:
        """The instant nearest to the reference whose lower 32 bits are `timestamp`."""
        if not self._seen:
            self._seen = True
            self._last = timestamp
        return self._last + ((timestamp - self._last + _HALF) & _MASK) - _HALF


class RtpReceiver:
    """Feeds the payloads of one track, in order and once each, to its depacketizer.

    payload_bytes: payload received. packets_lost: missing from the sequence. packets_ignored: malformed, late, repeated, or of
    another payload type.
    """

    __slots__ = (
        "_deliver",
        "_depacketizer",
        "_expected",
        "_on_loss",
        "_pts",
        "_ssrc",
        "_timestamp",
        "_type",
        "packets_ignored",
        "packets_lost",
        "payload_bytes",
        "timestamps",
    )

    def __init__(self, payload_type: int, depacketizer: Depacketizer, on_loss: Callable[[int], None]) -> None:
        self._type = payload_type
        self._depacketizer = depacketizer
        self._deliver = depacketizer.packet
        self._on_loss = on_loss
        self._expected = -1
        self._ssrc = -1
        self._timestamp = -1
        self._pts = 0
        self.timestamps = TimestampUnwrapper()
        self.payload_bytes = 0
        self.packets_lost = 0
        self.packets_ignored = 0

    @property
    def ssrc(self) -> int:
        """The current sender, -1 before the first packet."""
        return self._ssrc

    def packet(self, data: memoryview, start: int, end: int, arrival_ns: int) -> None:
        """Take the RTP packet `data[start:end]`. The hot path: some hundred times a second for each camera."""
        payload = start + HEADER_BYTES
        if payload > end:
            self.packets_ignored += 1
            return
        first, second, sequence, timestamp, ssrc = _unpack_header(data, start)
        if first != _PLAIN:
            payload, end = payload_bounds(data, start, end)
        marker = second ^ self._type
        if sequence != self._expected or ssrc != self._ssrc:
            if marker & 0x7F:  # a stream of its own, with its own numbers: metadata, what turns the camera
                self.packets_ignored += 1
                return
            if not self._reorder(sequence, ssrc):
                return
        self._expected = sequence + 1
        if marker & 0x7F or payload == end:
            self.packets_ignored += 1
            return
        if timestamp != self._timestamp:
            self._timestamp = timestamp
            self._pts = self.timestamps.advance(timestamp)
        self.payload_bytes += end - payload
        self._deliver(data, payload, end, self._pts, marker, arrival_ns)

    def lane(self, channel: int) -> Callable[[bytearray, memoryview, int, int], int]:
        """A function that takes runs of middle pieces of one fragmented NAL unit, most packets of a camera, in one call.

        It is the `interleaved.RunHandler` of `channel`. A packet is taken when its interleaved prefix and its RTP header are the
        expected ones, bit by bit, and its payload begins like every middle piece; whatever differs is left to `packet`.
        """
        prefix = (_DOLLAR << 24 | channel << 16) << 32 | (_PLAIN << 8 | self._type) << 16
        unpackers = [struct.Struct(f">QQ{size}s").unpack_from for size in range(4)]
        depacketizer = self._depacketizer

        def run(buffer: bytearray, view: memoryview, read: int, written: int) -> int:
            middle = depacketizer.middle()
            if not middle:
                return read
            overhead = HEADER_BYTES + len(middle)
            skipped = 4 + overhead
            unpack = unpackers[len(middle)]
            expected = prefix | self._expected
            sender = self._timestamp << 32 | self._ssrc
            pieces: list[memoryview] = []
            size = 0
            while written - read > skipped and expected & 0xFFFF:
                head, from_sender, begins = unpack(buffer, read)
                if head & _WITHOUT_LENGTH != expected or from_sender != sender or begins != middle:
                    break
                length = head >> 32 & 0xFFFF
                end = read + 4 + length
                if end > written or length <= overhead:
                    break
                pieces.append(view[read + skipped : end])
                size += length - overhead
                expected += 1
                read = end
            if pieces:
                self._expected = expected & 0xFFFF or 0x10000
                self.payload_bytes += size + len(middle) * len(pieces)
                depacketizer.middle_pieces(pieces, size)
            return read

        return run

    def flush(self) -> None:
        """No more packets will come."""
        self._depacketizer.flush()

    def _reorder(self, sequence: int, ssrc: int) -> bool:
        """Judge a packet that is not the next one of the sequence; False when it must be dropped."""
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self._depacketizer.reset()
            return True
        ahead = (sequence - self._expected) & 0xFFFF
        if not ahead:
            return True  # 65535 came before
        if ahead > 0xFFFF - MAX_MISORDER:
            self.packets_ignored += 1
            return False
        lost = ahead if ahead <= MAX_DROPOUT else 1  # after a restart of the sequence nobody knows how many
        self.packets_lost += lost
        self._depacketizer.lost()
        self._on_loss(lost)
        return True
