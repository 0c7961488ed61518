"""What a camera does with its frames: RTP packets of H.264 and H.265, written independently of the code that reads them."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mini_nvr.media.frame import Frame
from mini_nvr.rtsp.depacketize.payload import Depacketizer
from mini_nvr.rtsp.rtp import RtpReceiver

Codec = Literal["h264", "h265"]
PAYLOAD_TYPE = 96


def rtp(  # noqa: PLR0913  the fields of the header
    payload: bytes,
    *,
    sequence: int = 0,
    timestamp: int = 0,
    marker: bool = False,
    payload_type: int = PAYLOAD_TYPE,
    ssrc: int = 0x1234,
    first: int = 0x80,
) -> bytes:
    """One RTP packet."""
    second = payload_type | (0x80 if marker else 0)
    return struct.pack(">BBHII", first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def fragments(codec: Codec, nal: bytes, size: int, *, end_bit: bool = True) -> list[bytes]:
    """A NAL unit as FU-A or FU payloads of at most `size` bytes of content."""
    header_bytes = 1 if codec == "h264" else 2
    body = nal[header_bytes:]
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    payloads = []
    for number, piece in enumerate(pieces):
        flags = (0x80 if number == 0 else 0) | (0x40 if end_bit and number == len(pieces) - 1 else 0)
        if codec == "h264":
            header = bytes((nal[0] & 0xE0 | 28, flags | nal[0] & 0x1F))
        else:
            header = bytes((nal[0] & 0x81 | 49 << 1, nal[1], flags | nal[0] >> 1 & 0x3F))
        payloads.append(header + piece)
    return payloads


def aggregate(codec: Codec, nals: Iterable[bytes]) -> bytes:
    """Several NAL units as one STAP-A or AP."""
    header = bytes((0x78,)) if codec == "h264" else bytes((48 << 1, 1))
    return header + b"".join(len(nal).to_bytes(2) + nal for nal in nals)


def payloads_of(codec: Codec, nals: Sequence[bytes], *, mtu: int = 1400, end_bit: bool = True) -> list[bytes]:
    """The payloads of one access unit: short NAL units alone, long ones in fragments."""
    payloads: list[bytes] = []
    for nal in nals:
        payloads += [nal] if len(nal) <= mtu else fragments(codec, nal, mtu, end_bit=end_bit)
    return payloads


@dataclass
class RtpStream:
    """Numbers packets like a sender."""

    sequence: int = 65_500
    ssrc: int = 0x1234

    def unit(self, payloads: Sequence[bytes], timestamp: int, *, markers: Iterable[int] = (-1,)) -> list[bytes]:
        """The packets of one access unit; `markers` tells which ones carry the marker bit."""
        marked = {index % len(payloads) for index in markers}
        packets = []
        for index, payload in enumerate(payloads):
            packets.append(rtp(payload, sequence=self.sequence, timestamp=timestamp, marker=index in marked, ssrc=self.ssrc))
            self.sequence = self.sequence + 1 & 0xFFFF
        return packets


@dataclass
class Received:
    """What came out of a receiver."""

    frames: list[Frame] = field(default_factory=list)
    losses: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def feed(self, reader: Depacketizer, packets: Iterable[bytes], *, flush: bool = True) -> RtpReceiver:
        """Send the packets through a new receiver; packet n arrives at n nanoseconds."""
        receiver = RtpReceiver(PAYLOAD_TYPE, reader, self.losses.append)
        for number, packet in enumerate(packets):
            receiver.packet(memoryview(packet), 0, len(packet), number)
        if flush:
            receiver.flush()
        return receiver
