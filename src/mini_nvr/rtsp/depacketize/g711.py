"""G.711 over RTP (RFC 3551 section 4.5.14): the payload is the samples, a packet is a frame."""

from mini_nvr.media.frame import Frame
from mini_nvr.rtsp.depacketize.access_unit import Emit


class G711Depacketizer:
    """A-law and mu-law alike."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    def packet(self, data: memoryview, start: int, end: int, timestamp: int, marker: int, arrival_ns: int) -> None:
        del marker  # begins a talk spurt, RFC 3551 section 4.1
        self._emit(Frame(bytes(data[start:end]), timestamp, arrival_ns, is_key=True))

    def middle(self) -> bytes:
        return b""

    def middle_pieces(self, pieces: list[memoryview], size: int) -> None:
        """Never called: there is no open unit."""

    def settle(self) -> None:
        """Nothing is kept."""

    def lost(self) -> None:
        """Each packet stands alone."""

    def reset(self) -> None:
        """Nothing is kept."""

    def flush(self) -> None:
        """Nothing is kept."""
