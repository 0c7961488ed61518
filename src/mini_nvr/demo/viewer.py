"""One client that plays a camera: its RTP streams and what is still buffered for it."""

import asyncio
import secrets
import socket
import struct

from mini_nvr.demo.faults import Faults
from mini_nvr.demo.model import TrackSpec, Unit
from mini_nvr.demo.rtp import RtpSender
from mini_nvr.demo.sent import Outcome

MAX_BUFFERED_BYTES = 4 * 1024 * 1024  # a client this far behind loses frames up to the next key frame
VIDEO_TRACK = 0  # sources put video first


class Viewer:
    """The media side of an RTSP session. `number` tells clients apart in the sent log.

    transport: the connection. written_bytes: what was written to it so far, answers to requests included.
    """

    def __init__(self, number: int, transport: asyncio.WriteTransport) -> None:
        self.number = number
        self.transport = transport
        self.written_bytes = 0
        self.senders: dict[int, RtpSender] = {}
        self._marked: dict[int, bool] = {}
        self._clocks_hz: dict[int, int] = {}
        self._started = False
        self._behind = False

    def write(self, data: bytes) -> None:
        """Everything that goes to this client passes here."""
        self.written_bytes += len(data)
        self.transport.write(data)

    def set_up(self, track: int, spec: TrackSpec, channel: int) -> None:
        """Add a track on an interleaved channel pair; SSRC, sequence and timestamp start at random (RFC 3550 section 5.1)."""
        self.senders[track] = RtpSender(
            channel=channel,
            payload_type=spec.payload_type,
            ssrc=secrets.randbits(32),
            sequence=secrets.randbits(16),
            timestamp_base=secrets.randbits(32),
        )
        self._marked[track] = spec.codec not in ("pcma", "pcmu")  # RFC 3551 section 4.1: only after silence
        self._clocks_hz[track] = spec.clock_hz

    def wait_for_key(self) -> None:
        """Send nothing more before the next key frame."""
        self._started = False

    def timestamp(self, track: int, media_ns: int) -> int:
        """The RTP timestamp of a media time in nanoseconds."""
        return self.senders[track].timestamp(media_ns * self._clocks_hz[track] // 1_000_000_000)

    def deliver(self, unit: Unit, shift_s: float, faults: Faults) -> tuple[Outcome, int] | None:
        """Send a unit; the outcome with its RTP timestamp, or None when this client does not expect it (yet)."""
        sender = self.senders.get(unit.track)
        if sender is None or not (self._started or self._may_start(unit, faults)):
            return None
        self._started = True
        timestamp = sender.timestamp(unit.pts + round(shift_s * self._clocks_hz[unit.track]))
        sets = () if faults.sets_only_in_sdp else unit.sets
        if self._is_behind(unit):
            sender.skip(len(sets) + len(unit.payloads))
            return "dropped", timestamp
        pieces: list[bytes] = []
        sender.write(pieces, sets + unit.payloads, timestamp, mark_last=self._marked[unit.track])
        cut = False
        if faults.mangling:
            pieces, cut = faults.mangle(pieces)
        self.write(b"".join(pieces))
        return ("cut" if cut else "sent"), timestamp

    def _may_start(self, unit: Unit, faults: Faults) -> bool:
        if VIDEO_TRACK not in self.senders:
            return True
        return unit.track == VIDEO_TRACK and (unit.is_key or faults.no_key_frames)

    def _is_behind(self, unit: Unit) -> bool:
        full = self.transport.get_write_buffer_size() > MAX_BUFFERED_BYTES
        if full:
            self._behind = True
        elif self._behind and unit.is_key and (unit.track == VIDEO_TRACK or VIDEO_TRACK not in self.senders):
            self._behind = False
        return self._behind

    def report(self, media_ns: int, utc_us: int, shift_s: float) -> None:
        """Send a sender report for each track: this wall instant is that RTP timestamp."""
        shifted_ns = media_ns + round(shift_s * 1_000_000_000)
        reports = [sender.sender_report(utc_us, self.timestamp(track, shifted_ns)) for track, sender in self.senders.items()]
        self.write(b"".join(reports))

    def end(self) -> None:
        """Say goodbye (RTCP BYE) and close the connection once everything is written."""
        self.write(b"".join(sender.bye() for sender in self.senders.values()))
        self.transport.close()


def cut_off(transport: asyncio.WriteTransport, *, reset: bool) -> None:
    """End a TCP connection at once: with FIN, or with RST by lingering for no time (SO_LINGER, socket(7))."""
    if reset:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
