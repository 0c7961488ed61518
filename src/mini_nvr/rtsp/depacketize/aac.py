"""AAC over RTP (RFC 3640, mpeg4-generic): AU headers, several access units a packet, or one in several packets."""

from collections.abc import Mapping
from dataclasses import dataclass

from mini_nvr.errors import MediaError
from mini_nvr.media.bits import BitReader
from mini_nvr.media.frame import Frame
from mini_nvr.rtsp.depacketize.access_unit import Emit

MAX_AU_BYTES = 64 * 1024
_HEADER_FIELDS = {"aac-hbr": (13, 3, 3), "aac-lbr": (6, 2, 2)}  # sections 3.3.6, 3.3.5: the only sizes that these modes allow
_UNREAD_FIELDS = ("ctsdeltalength", "dtsdeltalength", "randomaccessindication", "streamstateindication", "auxiliarydatasizelength")


@dataclass(frozen=True, slots=True)
class AuHeaderLayout:
    """Bits of the fields of an AU header (section 3.2.1.1)."""

    size_bits: int
    index_bits: int
    index_delta_bits: int


def au_header_layout(parameters: Mapping[str, str]) -> AuHeaderLayout:
    """From fmtp parameters; modes AAC-hbr and AAC-lbr have defaults, so that sloppy descriptions work too.

    Raises:
        MediaError: fields that this reader does not know, or no size field.
    """
    defaults = _HEADER_FIELDS.get(parameters.get("mode", "").lower(), (0, 0, 0))
    names = ("sizelength", "indexlength", "indexdeltalength")
    size, index, delta = (_bits(parameters, name, default) for name, default in zip(names, defaults, strict=True))
    if any(_bits(parameters, name, 0) for name in _UNREAD_FIELDS):
        raise MediaError("its packets carry header fields that are not supported")
    if not size:
        raise MediaError("its packets do not say how long the access units are")
    return AuHeaderLayout(size, index, delta)


def _bits(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 2 or int(text) > 32:
        raise MediaError(f"its description has an impossible {name}")
    return int(text)


class AacDepacketizer:
    """From payloads to raw access units; packets that cannot be taken apart are left out.

    frame_ticks: duration of one access unit in the RTP clock.
    """

    def __init__(self, layout: AuHeaderLayout, frame_ticks: int, emit: Emit) -> None:
        self._layout = layout
        self._frame_ticks = frame_ticks
        self._emit = emit
        self._pieces: list[bytes] = []  # of an access unit that is longer than a packet
        self._missing = 0
        self._timestamp = 0

    def packet(self, data: memoryview, start: int, end: int, timestamp: int, marker: int, arrival_ns: int) -> None:
        del marker  # the sizes tell where access units end
        payload = bytes(data[start:end])
        try:
            headers, position = self._headers(payload)
        except MediaError:
            self.reset()
            return
        if self._missing and timestamp == self._timestamp:
            self._continue(payload[position:], arrival_ns)
            return
        self._missing = 0
        if len(headers) == 1 and headers[0][0] > len(payload) - position:
            self._begin(payload[position:], headers[0][0], timestamp)
            return
        for size, index in headers:
            if not 0 < size <= len(payload) - position:
                return
            self._emit(Frame(payload[position : position + size], timestamp + index * self._frame_ticks, arrival_ns, is_key=True))
            position += size

    def middle(self) -> bytes:
        return b""

    def middle_pieces(self, pieces: list[memoryview], size: int) -> None:
        """Never called: there is no open unit."""

    def settle(self) -> None:
        """Pieces are copied as they come."""

    def lost(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._missing = 0
        self._pieces.clear()

    def flush(self) -> None:
        self.reset()

    def _headers(self, payload: bytes) -> tuple[list[tuple[int, int]], int]:
        """Size and position in time of each access unit, and where the first one begins (section 3.2.1).

        Raises:
            MediaError: the header section is longer than the packet.
        """
        layout = self._layout
        if len(payload) < 2:
            raise MediaError("no AU header section")
        left = payload[0] << 8 | payload[1]
        end = 2 + (left + 7) // 8
        bits = BitReader(payload[2:end])
        headers: list[tuple[int, int]] = []
        index = -1
        index_bits = layout.index_bits
        while left >= layout.size_bits + index_bits:
            size = bits.u(layout.size_bits)
            index += 1 + (bits.u(index_bits) if index_bits and headers else 0)
            if not headers:
                bits.skip(index_bits)  # AU-Index, 0 unless interleaved across packets
            headers.append((size, index))
            left -= layout.size_bits + index_bits
            index_bits = layout.index_delta_bits
        if not headers or end >= len(payload):
            raise MediaError("no access unit")
        return headers, end

    def _begin(self, piece: bytes, size: int, timestamp: int) -> None:
        if size > MAX_AU_BYTES:
            return
        self._pieces = [piece]
        self._missing = size - len(piece)
        self._timestamp = timestamp

    def _continue(self, piece: bytes, arrival_ns: int) -> None:
        self._pieces.append(piece)
        self._missing -= len(piece)
        if self._missing > 0:
            return
        if self._missing == 0:
            self._emit(Frame(b"".join(self._pieces), self._timestamp, arrival_ns, is_key=True))
        self.reset()
