"""RTCP: sender reports and goodbyes in, a minimal receiver report out (RFC 3550 section 6)."""

import struct
from dataclasses import dataclass, field

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203

NTP_UNIX_OFFSET_S = 2_208_988_800  # 1900-01-01 to 1970-01-01
_ERA_S = 1 << 32  # NTP seconds wrap in February 2036; the top bit tells the era (RFC 5905 section 6, RFC 4330 section 3)
_CNAME = b"mini-nvr"


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The camera's wall clock, in microseconds since the Unix epoch, at an RTP timestamp of 32 bits."""

    ssrc: int
    ntp_utc_us: int
    rtp_timestamp: int


@dataclass(slots=True)
class Reports:
    """What one compound packet holds for us."""

    sender_reports: list[SenderReport] = field(default_factory=list)
    goodbyes: list[int] = field(default_factory=list)


def parse(packet: bytes) -> Reports:
    """Read a compound packet; stops quietly where it becomes malformed. A report without wall clock (NTP 0) is left out."""
    reports = Reports()
    position = 0
    while position + 4 <= len(packet):
        first, kind, words = struct.unpack_from(">BBH", packet, position)
        end = position + 4 * (words + 1)
        if first >> 6 != 2 or end > len(packet):
            break
        if kind == SENDER_REPORT and end - position >= 28:
            ssrc, seconds, fraction, timestamp = struct.unpack_from(">IIII", packet, position + 4)
            if seconds or fraction:
                reports.sender_reports.append(SenderReport(ssrc, unix_us(seconds, fraction), timestamp))
        elif kind == GOODBYE:
            count = min(first & 0x1F, words)
            reports.goodbyes += struct.unpack_from(f">{count}I", packet, position + 4)
        position = end
    return reports


def unix_us(ntp_seconds: int, ntp_fraction: int) -> int:
    """A 64-bit NTP timestamp as microseconds since the Unix epoch, rounded down; valid from 1968 to 2104."""
    if ntp_seconds < _ERA_S // 2:
        ntp_seconds += _ERA_S
    return (ntp_seconds - NTP_UNIX_OFFSET_S) * 1_000_000 + (ntp_fraction * 1_000_000 >> 32)


def receiver_report(ssrc: int) -> bytes:
    """An empty receiver report with the CNAME that each compound packet must carry (sections 6.1, 6.4.2, 6.5).

    Some cameras end a session that sends them no RTCP.
    """
    chunk = struct.pack(">IBB", ssrc, 1, len(_CNAME)) + _CNAME
    chunk += b"\0" * (4 - len(chunk) % 4)
    return (
        struct.pack(">BBHI", 0x80, RECEIVER_REPORT, 1, ssrc)
        + struct.pack(">BBH", 0x81, SOURCE_DESCRIPTION, len(chunk) // 4)
        + chunk
    )
