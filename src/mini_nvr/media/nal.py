"""NAL units: how they stand in a frame's data, and what is inside them without emulation prevention.

In frames and in files each NAL unit follows its length as 4 bytes big-endian (ISO/IEC 14496-15 clauses 5.3.2, 8.3.2).
"""

from collections.abc import Iterable

from mini_nvr.errors import MediaError

LENGTH_SIZE = 4
MAX_PARAMETER_SET_BYTES = 0xFFFF  # avcC and hvcC count them in 16 bits


def split_length_prefixed(data: bytes, length_size: int = LENGTH_SIZE) -> list[bytes]:
    """The NAL units in `data`; foreign footage has lengths of 1 or 2 bytes too.

    Raises:
        MediaError: a length points beyond the end, or is zero.
    """
    nals: list[bytes] = []
    position, end = 0, len(data)
    while position < end:
        start = position + length_size
        position = start + int.from_bytes(data[position:start])
        if not start < position <= end:
            raise MediaError(f"NAL unit at byte {start - length_size} of {end} has an impossible length")
        nals.append(data[start:position])
    return nals


def length_prefixed(nals: Iterable[bytes]) -> bytes:
    """`nals` one after the other, each behind its length."""
    pieces: list[bytes] = []
    for nal in nals:
        pieces.append(len(nal).to_bytes(LENGTH_SIZE))
        pieces.append(nal)
    return b"".join(pieces)


def remove_emulation_prevention(nal: bytes) -> bytes:
    """`nal` without the bytes that keep start codes from appearing inside it (H.264 clause 7.4.1, H.265 clause 7.4.2)."""
    return nal.replace(b"\x00\x00\x03", b"\x00\x00")


def counted_by_16_bits(sets: Iterable[bytes]) -> bytes:
    """Parameter sets as `avcC` and `hvcC` hold them, each behind its length as 2 bytes.

    Raises:
        MediaError: one is longer than the length field can say.
    """
    pieces: list[bytes] = []
    for nal in sets:
        if len(nal) > MAX_PARAMETER_SET_BYTES:
            raise MediaError(
                f"parameter set of {len(nal)} bytes; at most {MAX_PARAMETER_SET_BYTES} fit into a decoder configuration"
            )
        pieces.append(len(nal).to_bytes(2))
        pieces.append(nal)
    return b"".join(pieces)


class CountedSets:
    """Reads the parameter sets of an `avcC` or `hvcC` from `position` on; `MediaError` where it ends too early."""

    def __init__(self, config: bytes, position: int) -> None:
        self._config = config
        self._position = position

    def number(self, size: int) -> int:
        """An unsigned integer of `size` bytes."""
        return int.from_bytes(self._take(size))

    def sets(self, count: int) -> list[bytes]:
        """`count` parameter sets, each behind its length as 2 bytes."""
        return [self._take(self.number(2)) for _ in range(count)]

    def _take(self, size: int) -> bytes:
        start, self._position = self._position, self._position + size
        if self._position > len(self._config):
            raise MediaError(f"the decoder configuration ends {self._position - len(self._config)} bytes early")
        return self._config[start : self._position]
