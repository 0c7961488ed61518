"""Bit by bit through a raw byte sequence payload (ITU-T H.264 clause 7.2, H.265 clause 7.2), most significant bit first."""

from mini_nvr.errors import MediaError

_LONGEST_PREFIX = 32  # ue(v) codes up to 2**32 - 2 (H.264 clause 9.1)


class BitReader:
    """Reads fixed-length and Exp-Golomb codes; every read raises `MediaError` where the data ends.

    data: without emulation prevention bytes. Each read costs time in the bits read, not in the length of the data.
    """

    __slots__ = ("_data", "_end", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._end = len(data) * 8
        self._position = 0

    @property
    def left(self) -> int:
        """Bits not read yet, trailing bits included."""
        return self._end - self._position

    def u(self, count: int) -> int:
        """An unsigned integer of `count` bits: u(n)."""
        start = self._position
        end = start + count
        if end > self._end:
            raise MediaError(f"ends {end - self._end} bits early")
        self._position = end
        covering = int.from_bytes(self._data[start >> 3 : (end + 7) >> 3])
        return (covering >> (-end & 7)) & ((1 << count) - 1)

    def flag(self) -> bool:
        """One bit: u(1)."""
        return self.u(1) == 1

    def skip(self, count: int) -> None:
        """Leave out `count` bits."""
        if count > self.left:
            raise MediaError(f"ends {count - self.left} bits early")
        self._position += count

    def ue(self) -> int:
        """An unsigned Exp-Golomb code: ue(v), H.264 clause 9.1."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > _LONGEST_PREFIX:
                raise MediaError("Exp-Golomb code longer than 32 bits")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb code: se(v), H.264 clause 9.1.1."""
        code = self.ue()
        return (code + 1) >> 1 if code & 1 else -(code >> 1)

    def ue_up_to(self, limit: int, name: str) -> int:
        """A ue(v) whose semantics allow 0..limit; `name` is the specification's, for the message."""
        value = self.ue()
        if value > limit:
            raise MediaError(f"{name} is {value}, at most {limit} is allowed")
        return value
