"""A record of what went out, to compare with what was recorded."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Literal, NamedTuple

Outcome = Literal["sent", "cut", "dropped"]
DIGEST_BYTES = 16


class SentFrame(NamedTuple):
    """One access unit to one client.

    digest: `digest()` of the bytes that a recorder stores (`Frame.data`): NAL units without parameter sets, each behind its length
        as 4 bytes, or the audio payload.
    outcome: `sent` all of it was written to the connection; `cut` some packets were left out on purpose; `dropped` the client read
        too slowly, nothing was written.
    stream_end: how many bytes had been written to the connection with the frame's last one.
    """

    client: int
    track: int
    digest: bytes
    rtp_timestamp: int
    is_key: bool
    outcome: Outcome
    stream_end: int


def digest(data: bytes) -> bytes:
    """The digest under which a frame is logged."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def digest_of(pieces: Iterable[bytes]) -> bytes:
    """The digest of the concatenated pieces."""
    state = blake2b(digest_size=DIGEST_BYTES)
    for piece in pieces:
        state.update(piece)
    return state.digest()


class SentLog:
    """Frames in the order of sending; empty unless `enabled`. Appended on the server's loop, readable from any thread."""

    def __init__(self, *, enabled: bool = False) -> None:
        self.enabled = enabled
        self.frames: list[SentFrame] = []

    def whole(self, track: int = 0, client: int | None = None) -> list[SentFrame]:
        """The frames of a track that were sent completely, to one client or to all."""
        return [
            frame for frame in self.frames if frame.track == track and frame.outcome == "sent" and client in (None, frame.client)
        ]

    def clear(self) -> None:
        """Forget everything."""
        self.frames.clear()
