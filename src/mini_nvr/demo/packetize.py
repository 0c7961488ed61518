"""From access units to RTP payloads: RFC 6184 (H.264), RFC 7798 (H.265), RFC 3640 (AAC). G.711 needs none (RFC 3551).

Pure functions; the RTP header is added by `rtp.py`.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence

from mini_nvr.media.frame import VideoCodec

MAX_PAYLOAD_BYTES = 1400

_STAP_A = 24  # RFC 6184 section 5.7.1
_FU_A = 28  # RFC 6184 section 5.8
_AP = 48  # RFC 7798 section 4.4.2
_FU = 49  # RFC 7798 section 4.4.3
_FU_START = 0x80
_FU_END = 0x40


def h264_payloads(nals: Iterable[bytes], max_payload: int = MAX_PAYLOAD_BYTES) -> Iterator[bytes]:
    """Single NAL unit packets, and FU-A where a NAL unit is larger than `max_payload`."""
    for nal in nals:
        if len(nal) <= max_payload:
            yield nal
            continue
        indicator = (nal[0] & 0xE0) | _FU_A
        for flags, chunk in _fragments(nal, 1, max_payload - 2):
            yield bytes((indicator, flags | (nal[0] & 0x1F))) + chunk


def h265_payloads(nals: Iterable[bytes], max_payload: int = MAX_PAYLOAD_BYTES) -> Iterator[bytes]:
    """Single NAL unit packets, and FU where a NAL unit is larger than `max_payload`; no DONL fields."""
    for nal in nals:
        if len(nal) <= max_payload:
            yield nal
            continue
        header = bytes(((nal[0] & 0x81) | (_FU << 1), nal[1]))
        unit_type = (nal[0] >> 1) & 0x3F
        for flags, chunk in _fragments(nal, 2, max_payload - 3):
            yield header + bytes((flags | unit_type,)) + chunk


def _fragments(nal: bytes, header_bytes: int, chunk_bytes: int) -> Iterator[tuple[int, bytes]]:
    """(start and end flags, chunk) for the NAL unit behind its header."""
    last = len(nal) - chunk_bytes
    for offset in range(header_bytes, len(nal), chunk_bytes):
        flags = (_FU_START if offset == header_bytes else 0) | (_FU_END if offset >= last else 0)
        yield flags, nal[offset : offset + chunk_bytes]


def h264_aggregate(nals: Sequence[bytes]) -> bytes:
    """One STAP-A with all of them; its NRI is the highest of theirs."""
    nri = max(nal[0] & 0x60 for nal in nals)
    return bytes((nri | _STAP_A,)) + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def h265_aggregate(nals: Sequence[bytes]) -> bytes:
    """One aggregation packet with all of them, on the lowest layer and temporal id of theirs."""
    layer = min(((nal[0] & 1) << 5) | (nal[1] >> 3) for nal in nals)
    temporal = min(nal[1] & 7 for nal in nals)
    header = bytes(((_AP << 1) | (layer >> 5), ((layer & 0x1F) << 3) | temporal))
    return header + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def video_payloads(codec: VideoCodec, nals: Iterable[bytes]) -> tuple[bytes, ...]:
    """The NAL units of one access unit as RTP payloads, in order."""
    return tuple(h264_payloads(nals) if codec == "h264" else h265_payloads(nals))


def parameter_set_payload(codec: VideoCodec, sets: Sequence[bytes]) -> bytes:
    """All parameter sets in one packet."""
    return h264_aggregate(sets) if codec == "h264" else h265_aggregate(sets)


def aac_payload(access_unit: bytes) -> bytes:
    """AAC-hbr with one access unit: a 16-bit AU header of 13 bits size and 3 bits index (RFC 3640 section 3.3.6).

    Raises:
        ValueError: the unit is larger than 13 bits can say.
    """
    if len(access_unit) >= 1 << 13:
        raise ValueError(f"AAC access unit of {len(access_unit)} bytes; AAC-hbr carries at most 8191")
    return struct.pack(">HH", 16, len(access_unit) << 3) + access_unit


def length_prefixed(nals: Iterable[bytes]) -> bytes:
    """NAL units as a recorder stores them: each behind its length as 4 bytes big-endian."""
    return b"".join(struct.pack(">I", len(nal)) + nal for nal in nals)
