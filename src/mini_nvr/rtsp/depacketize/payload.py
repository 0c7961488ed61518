"""What every payload format offers to the RTP receiver."""

from typing import Protocol


class Depacketizer(Protocol):
    """Puts frames together from the payloads of one track and emits each when it is whole. Never raises on hostile payloads."""

    def packet(self, data: memoryview, start: int, end: int, timestamp: int, marker: int, arrival_ns: int) -> None:
        """The next payload in sequence, data[start:end], not empty; the memory is used again after `settle`.

        timestamp: of the RTP header, unwrapped. marker: not 0 when the header's marker bit is set.
        """

    def middle(self) -> bytes:
        """How the payloads of further middle pieces of the open fragmented unit begin, at most 3 bytes; empty when none is open."""

    def middle_pieces(self, pieces: list[memoryview], size: int) -> None:
        """Such pieces in sequence, without those first bytes, and how many bytes they are together; as after `packet`."""

    def settle(self) -> None:
        """The memory of all packets so far is about to be used again: copy what is still needed of it."""

    def lost(self) -> None:
        """At least one packet is missing before the next one."""

    def reset(self) -> None:
        """Another sender takes over: forget what is not finished."""

    def flush(self) -> None:
        """The stream has ended: emit what is known to be whole."""
