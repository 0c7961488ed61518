"""The parameter sets in force on a video track, by identifier, and the format that they amount to."""

from collections.abc import Callable, Sequence

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoFormat

MAX_SET_BYTES = 8 * 1024
MAX_SETS = 64  # H.264 allows 32 + 256, H.265 16 + 16 + 64; cameras send a handful

SetKey = tuple[int, int]
"""Rank (its place in the order VPS, SPS, PPS) and identifier of a parameter set."""
Identify = Callable[[bytes], SetKey]
"""Key of a set; raises MediaError when it does not parse."""
Build = Callable[[Sequence[Sequence[bytes]]], VideoFormat]
"""Format from the sets of each rank, none of them empty; raises MediaError."""


class ParameterSets:
    """Follows the sets of one track.

    A set replaces the one of the same rank and identifier. Sets that do not parse are kept out and the format in force stays.
    Those received last come first in the format, because its first SPS describes the picture.

    format: None until a set of every rank is there.
    """

    def __init__(self, ranks: int, identify: Identify, build: Build, note: Callable[[str], None]) -> None:
        self._ranks = ranks
        self._identify = identify
        self._build = build
        self._note = note
        self._noted = False
        self._sets: dict[SetKey, bytes] = {}
        self._in_force: frozenset[bytes] = frozenset()
        self.format: VideoFormat | None = None

    def update(self, nals: Sequence[bytes]) -> None:
        """Take the sets that came with one access unit, or with the SDP, in the order received."""
        if self._in_force.issuperset(nals):
            return
        received: dict[SetKey, bytes] = {}
        for nal in nals:
            try:
                received[self._key(nal)] = nal
            except MediaError as exc:
                self._reject(exc)
        merged = received | {key: nal for key, nal in self._sets.items() if key not in received}
        if not received or len(merged) > MAX_SETS:
            return
        by_rank = [[nal for key, nal in merged.items() if key[0] == rank] for rank in range(self._ranks)]
        if all(by_rank):
            try:
                self.format = self._build(by_rank)
            except MediaError as exc:
                self._reject(exc)
                return
        self._sets = merged
        self._in_force = frozenset(merged.values())

    def _key(self, nal: bytes) -> SetKey:
        if len(nal) > MAX_SET_BYTES:
            raise MediaError(f"a parameter set of {len(nal)} bytes")
        return self._identify(nal)

    def _reject(self, error: MediaError) -> None:
        if not self._noted:
            self._noted = True
            self._note(f"the camera sent a parameter set that does not parse, it is left out: {error}")
