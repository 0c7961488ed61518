"""What can be wrong with a camera, each fault injectable while it runs and clearable.

Settings are plain attributes, read for each request or access unit: set them from any thread. Actions happen once; they are carried
out on the server's loop and return when done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

_GARBAGE = bytes(byte for byte in range(255, 0, -7) if byte not in b"$R")  # nothing that could start a message


class FaultTarget(Protocol):
    """The camera, callable from any thread."""

    def drop_connections(self, *, reset: bool) -> None: ...

    def jump_timestamps(self, seconds: float) -> None: ...

    def change_resolution(self, width: int, height: int) -> None: ...


@dataclass(slots=True)
class FaultSettings:
    """Each one is off by default.

    stalled: the connection stays, requests are answered, no media and no sender reports go out.
    not_found: 404 for the camera's path.
    password_refused: 401 for every request, whatever the password.
    sdp_without_sets: parameter sets only in-band, before each key frame.
    sets_only_in_sdp: parameter sets never in-band.
    unsupported_video: the SDP names a video encoding that nobody knows.
    metadata_track: the SDP has a further track with an ONVIF metadata encoding.
    broken_sdp: the SDP is no SDP.
    close_after_describe: the connection ends right after the answer to DESCRIBE.
    no_key_frames: key frames are left out.
    lose_every: every n-th RTP packet is left out, its sequence number too; 0 is off.
    garbage_every: before every n-th RTP packet go some bytes that belong to no message; 0 is off.
    answer_delay_s: seconds before each answer.
    """

    stalled: bool = False
    not_found: bool = False
    password_refused: bool = False
    sdp_without_sets: bool = False
    sets_only_in_sdp: bool = False
    unsupported_video: bool = False
    metadata_track: bool = False
    broken_sdp: bool = False
    close_after_describe: bool = False
    no_key_frames: bool = False
    lose_every: int = 0
    garbage_every: int = 0
    answer_delay_s: float = 0.0


class Faults(FaultSettings):
    """The faults of one camera."""

    __slots__ = ("_garbage_due", "_lost_due", "_target")

    def __init__(self, target: FaultTarget) -> None:
        super().__init__()
        self._target = target
        self._lost_due = 0
        self._garbage_due = 0

    def clear(self) -> None:
        """Switch all settings off."""
        for field in fields(FaultSettings):
            setattr(self, field.name, field.default)

    def drop_connections(self, *, reset: bool = False) -> None:
        """End all TCP connections to this camera, cleanly (FIN) or with a reset (RST)."""
        self._target.drop_connections(reset=reset)

    def jump_timestamps(self, seconds: float) -> None:
        """Move the RTP clocks of all tracks, forward or (negative) backward."""
        self._target.jump_timestamps(seconds)

    def change_resolution(self, width: int, height: int) -> None:
        """New picture size and parameter sets from the next key frame on."""
        self._target.change_resolution(width, height)

    @property
    def mangling(self) -> bool:
        """Whether `mangle` would do anything."""
        return self.lose_every > 0 or self.garbage_every > 0

    def mangle(self, pieces: Sequence[bytes]) -> tuple[list[bytes], bool]:
        """Leave out packets and put garbage between them.

        pieces: header and payload of each packet, alternating. Returns what to send, and whether packets are missing.
        """
        out: list[bytes] = []
        cut = False
        for header, payload in zip(pieces[::2], pieces[1::2], strict=True):
            if self.garbage_every > 0:
                self._garbage_due += 1
                if self._garbage_due >= self.garbage_every:
                    self._garbage_due = 0
                    out.append(_GARBAGE)
            if self.lose_every > 0:
                self._lost_due += 1
                if self._lost_due >= self.lose_every:
                    self._lost_due = 0
                    cut = True
                    continue
            out += (header, payload)
        return out, cut
