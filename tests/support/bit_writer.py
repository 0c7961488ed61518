"""Writes what `mini_nvr.media.bits` reads, to craft parameter sets that no encoder at hand makes."""


class BitWriter:
    """Bits, most significant first; calls can be chained."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, count: int, value: int) -> "BitWriter":
        self._bits += f"{value:0{count}b}" if count else ""
        return self

    def ue(self, *values: int) -> "BitWriter":
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code
        return self

    def se(self, *values: int) -> "BitWriter":
        return self.ue(*(2 * value - 1 if value > 0 else -2 * value for value in values))

    def rbsp(self) -> bytes:
        """With rbsp_trailing_bits and emulation prevention, ready to follow a NAL header."""
        padded = self._bits + "1"
        padded += "0" * (-len(padded) % 8)
        output = bytearray()
        zeros = 0
        for byte in int(padded, 2).to_bytes(len(padded) // 8):
            if zeros >= 2 and byte <= 3:
                output.append(3)
                zeros = 0
            output.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return bytes(output)
