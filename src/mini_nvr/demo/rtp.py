"""RTP and RTCP as a camera sends them inside its RTSP connection (RFC 3550; RFC 2326 section 10.12)."""

import struct
from collections.abc import Callable, Sequence

_HEADER = struct.Struct(">BBHBBHII")  # `$`, channel, length; V=2, M+PT, sequence, timestamp, SSRC
_RTP_HEADER_BYTES = 12
_DOLLAR = 0x24
_MARKER = 0x80
_RTCP_SR = 200
_RTCP_SDES = 202
_RTCP_BYE = 203
_NTP_EPOCH_S = 2_208_988_800  # 1900-01-01 to 1970-01-01
_WRAP_16 = 0xFFFF
_WRAP_32 = 0xFFFF_FFFF

Keep = Callable[[], bool]


class RtpSender:
    """State of one RTP stream to one client; media on the even channel, RTCP on the one after it."""

    def __init__(self, *, channel: int, payload_type: int, ssrc: int, sequence: int, timestamp_base: int) -> None:
        self.channel = channel
        self.ssrc = ssrc
        self.sequence = sequence & _WRAP_16
        self._payload_type = payload_type
        self._base = timestamp_base
        self._packets = 0
        self._octets = 0

    def timestamp(self, media_ticks: int) -> int:
        """The RTP timestamp of a media time in the track's clock rate."""
        return (self._base + media_ticks) & _WRAP_32

    def write(self, out: list[bytes], payloads: Sequence[bytes], timestamp: int, *, mark_last: bool) -> None:
        """Append interleaved packets, header and payload alternating."""
        pack, sequence, last = _HEADER.pack, self.sequence, len(payloads) - 1
        channel, ssrc, payload_type = self.channel, self.ssrc, self._payload_type
        for index, payload in enumerate(payloads):
            size = len(payload)
            marker = _MARKER if mark_last and index == last else 0
            out.append(pack(_DOLLAR, channel, size + _RTP_HEADER_BYTES, 0x80, payload_type | marker, sequence, timestamp, ssrc))
            out.append(payload)
            sequence = (sequence + 1) & _WRAP_16
            self._octets += size
        self.sequence = sequence
        self._packets += len(payloads)

    def skip(self, packets: int) -> None:
        """Leave a hole of that many sequence numbers: packets that the client will never see."""
        self.sequence = (self.sequence + packets) & _WRAP_16

    def sender_report(self, utc_us: int, timestamp: int) -> bytes:
        """An interleaved SR with a CNAME (RFC 3550 sections 6.4.1 and 6.5.1): RTP clock against wall clock."""
        seconds, microseconds = divmod(utc_us, 1_000_000)
        fraction = (microseconds << 32) // 1_000_000
        ntp_seconds = (seconds + _NTP_EPOCH_S) & _WRAP_32
        counts = (self._packets & _WRAP_32, self._octets & _WRAP_32)
        report = struct.pack(">BBHIIIIII", 0x80, _RTCP_SR, 6, self.ssrc, ntp_seconds, fraction, timestamp, *counts)
        return self._interleaved_rtcp(report + self._cname())

    def bye(self) -> bytes:
        """An interleaved BYE (RFC 3550 section 6.6), behind the empty report that a compound packet starts with."""
        empty = struct.pack(">BBHI", 0x80, 201, 1, self.ssrc)
        return self._interleaved_rtcp(empty + struct.pack(">BBHI", 0x81, _RTCP_BYE, 1, self.ssrc))

    def _cname(self) -> bytes:
        item = b"\x01\x04demo"
        padded = item + bytes(4 - len(item) % 4)
        return struct.pack(">BBHI", 0x81, _RTCP_SDES, 1 + len(padded) // 4, self.ssrc) + padded

    def _interleaved_rtcp(self, packet: bytes) -> bytes:
        return struct.pack(">BBH", _DOLLAR, self.channel + 1, len(packet)) + packet
