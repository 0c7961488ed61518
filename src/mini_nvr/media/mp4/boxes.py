"""Building ISO base media boxes (ISO/IEC 14496-12 clause 4.2), and the box types and numbers that several files share."""

import struct

from mini_nvr.clock import US_PER_S

MOVIE_TIMESCALE = 90_000
PRODUCT_UUID = bytes.fromhex("c1a5e3d24f0b4e0a9d6b7a3146e2c850")
"""Extended type of the `uuid` box in `moov/udta` that holds the footage header; chosen once, at random, for this product."""

U32_MAX = 0xFFFF_FFFF

SYNC_SAMPLE = 0x0200_0000
"""Sample flags (clause 8.8.3.1): sample_depends_on = 2 (on no other), a sync sample."""
NON_SYNC_SAMPLE = 0x0101_0000
"""Sample flags: sample_depends_on = 1, sample_is_non_sync_sample."""
IS_NON_SYNC = 0x0001_0000

_EPOCH_1904_S = 2_082_844_800  # seconds from 1904-01-01, the epoch of the format, to 1970-01-01
_IDENTITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

BRANDS = b"iso6" + (0x200).to_bytes(4, "big") + b"iso6cmfcmp41"
"""Major brand, minor version, compatible brands (clause 4.3): `iso6` for `tfdt`, `cmfc` for CMAF."""


def box(kind: bytes, *payload: bytes | bytearray) -> bytes:
    """A box with a 32-bit size; raises struct.error beyond 4 GiB."""
    size = 8 + sum(map(len, payload))
    return b"".join((struct.pack(">I4s", size, kind), *payload))


def full_box(kind: bytes, version: int, flags: int, *payload: bytes | bytearray) -> bytes:
    """A box with version and flags (clause 4.2)."""
    return box(kind, ((version << 24) | flags).to_bytes(4, "big"), *payload)


def file_type() -> bytes:
    """The `ftyp` box, 28 bytes."""
    return box(b"ftyp", BRANDS)


def metadata_box(metadata: bytes) -> bytes:
    """`udta` with our metadata in a `uuid` box (storage I5)."""
    return box(b"udta", box(b"uuid", PRODUCT_UUID, metadata))


def movie_header(start_utc_us: int, duration: int, next_track_id: int) -> bytes:
    """`mvhd` version 1 (clause 8.2.2); `duration` in 90 kHz."""
    created = _seconds_since_1904(start_utc_us)
    times = struct.pack(">QQIQ", created, created, MOVIE_TIMESCALE, duration)
    rate_and_volume = struct.pack(">IHH8x", 0x10000, 0x0100, 0)
    return full_box(b"mvhd", 1, 0, times, rate_and_volume, _IDENTITY_MATRIX, bytes(24), next_track_id.to_bytes(4, "big"))


def track_header(track_id: int, start_utc_us: int, duration: int, size: tuple[int, int]) -> bytes:
    """`tkhd` version 1, enabled and in the movie (clause 8.3.2).

    duration: in 90 kHz, an empty edit included.
    size: width and height of a picture as shown, in 1/65536 pixel; (0, 0) for audio, which then gets full volume.
    """
    created = _seconds_since_1904(start_utc_us)
    times = struct.pack(">QQI4xQ", created, created, track_id, duration)
    volume = 0 if any(size) else 0x0100
    placement = struct.pack(">8xHHH2x", 0, 0, volume)
    return full_box(b"tkhd", 1, 3, times, placement, _IDENTITY_MATRIX, struct.pack(">II", *size))


def media_header(start_utc_us: int, timescale: int, duration: int) -> bytes:
    """`mdhd` version 1, language undetermined (clause 8.4.2)."""
    created = _seconds_since_1904(start_utc_us)
    return full_box(b"mdhd", 1, 0, struct.pack(">QQIQHH", created, created, timescale, duration, 0x55C4, 0))


def _seconds_since_1904(utc_us: int) -> int:
    return utc_us // US_PER_S + _EPOCH_1904_S
