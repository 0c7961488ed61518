"""What the recorder's process had taken from its cameras, and when: what it can be blamed for losing.

A frame that a camera has written and the recorder has not yet read waits in the kernel, and how long it does is a matter of the
machine's load. So the bytes taken are those that the camera wrote, less those in its own buffers, less those in the recorder's
receive queue; the log of what was sent tells which frames these are.
"""

import asyncio
import fcntl
import struct
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mini_nvr.clock import NS_PER_S, SystemClock
from mini_nvr.demo import DemoRig, SentFrame
from tests.e2e.held_up import held_up_ns
from tests.e2e.recorder_process import WAIT_TIMEOUT_S, RecorderProcess, pause, wait_until
from tests.e2e.sent_frames import lasted_s, lost_s

WRITTEN_WITHIN_S = 0.25
"""What has been read at one go is on the disk by then, if nobody else needs the processor."""
_SETTLES_WITHIN_S = 1.0  # an acknowledgement is delayed by 40 to 200 ms
_LOOK_EACH_S = 0.02


@dataclass(frozen=True, slots=True)
class Taken:
    """Of each channel, how many bytes of its camera's stream had been taken at the latest at an instant.

    held_up_ns: for how long its threads have been ready to run and another program had the processor, since they began.
    settled: nothing was on its way in the kernel; otherwise it may have been a little more.
    """

    monotonic_ns: int
    held_up_ns: int
    stream_bytes: Mapping[int, int]
    settled: bool

    def frames(self, channel: int, sent: Sequence[SentFrame]) -> list[SentFrame]:
        """The frames of one connection that had been taken whole."""
        limit = self.stream_bytes.get(channel, 0)
        return [frame for frame in sent if frame.stream_end <= limit]


def look(rig: DemoRig, channels: Sequence[int], recorder: RecorderProcess) -> Taken:
    """What had been taken by now; while the process runs, never too much."""
    before_ns = held_up_ns(recorder.pid)  # first: a test that is held up itself must not blame the recorder for it
    streams = rig.call(lambda: _streams(rig, channels))
    return Taken(
        SystemClock().monotonic_ns(),
        before_ns,
        {number: stream.taken_bytes for number, stream in streams.items()},
        all(stream.unsent_bytes == 0 for stream in streams.values()),
    )


def look_at_stopped(rig: DemoRig, channels: Sequence[int], recorder: RecorderProcess) -> Taken:
    """What a process that is stopped had taken, to the byte; its cameras are silent.

    Until an acknowledgement has come, what it is about lies in both ends' queues. It does not come for what the other end has no
    room for, and that lies in one queue only.
    """
    found = look(rig, channels, recorder)
    deadline_ns = found.monotonic_ns + round(_SETTLES_WITHIN_S * NS_PER_S)
    while not found.settled and SystemClock().monotonic_ns() < deadline_ns:
        pause(_LOOK_EACH_S)
        found = look(rig, channels, recorder)
    return found


def wait_until_taken(rig: DemoRig, channels: Sequence[int]) -> None:
    """Until all that silent cameras have sent has been taken, by each of their clients."""

    def is_taken() -> bool:
        connections = [viewer.transport for number in channels for viewer in rig.camera(number).viewers]
        unsent = sum(map(_unsent_bytes, connections))
        unread = _receive_queues_bytes()
        return unsent + sum(unread.get(_ends(connection), 0) for connection in connections) == 0

    wait_until(lambda: rig.call(is_taken), "everything that was sent being taken", WAIT_TIMEOUT_S)


def lost_of_taken_s(
    channel: int, sent: Sequence[SentFrame], stored: Sequence[bytes], looks: Sequence[Taken], killed_ns: int, clock_hz: int
) -> float:
    """Media time that a kill cost, of the frames that had been taken. The last look is that at the stopped process.

    Frames may be taken at one go, seconds of them when it was others' turn before, and cannot be on the disk the instant after. So
    what is lost may also be reckoned from a look just before: the media time that was missing already, and the time since then in
    which none of the recorder's threads waited for a processor. The least counts, back to the look at which it had had
    `WRITTEN_WITHIN_S` of such time, and no further: time that others took before that is no excuse.
    """
    last = looks[-1]
    least_s = lost_s(last.frames(channel, sent), stored, clock_hz)
    newest = next((at for at, frame in enumerate(sent) if stored and frame.digest == stored[-1]), 0)
    for at in reversed(looks[:-1]):
        ran_s = max(killed_ns - at.monotonic_ns - (last.held_up_ns - at.held_up_ns), 0) / NS_PER_S
        least_s = min(least_s, lasted_s(at.frames(channel, sent)[newest:], clock_hz) + ran_s)
        if ran_s >= WRITTEN_WITHIN_S:
            break
    return least_s


@dataclass(frozen=True, slots=True)
class _Stream:
    """Of one connection. unsent_bytes: not acknowledged by the other end, or not even with the kernel."""

    taken_bytes: int
    unsent_bytes: int


def _streams(rig: DemoRig, channels: Sequence[int]) -> dict[int, _Stream]:
    """Of the channels that play, on the cameras' loop. Bytes pass from the first queue to the second, which is read last."""
    viewers = {number: rig.camera(number).viewers[-1] for number in channels if rig.camera(number).viewers}
    unsent = {number: _unsent_bytes(viewer.transport) for number, viewer in viewers.items()}
    unread = _receive_queues_bytes()
    found = {}
    for number, viewer in viewers.items():
        found[number] = _Stream(viewer.written_bytes - unsent[number] - unread.get(_ends(viewer.transport), 0), unsent[number])
    return found


def _ends(transport: asyncio.WriteTransport) -> tuple[str, str]:
    """The client's address and ours, as `_receive_queues_bytes` has them."""
    connection = transport.get_extra_info("socket")
    return _hex_address(*connection.getpeername()), _hex_address(*connection.getsockname())


def _unsent_bytes(transport: asyncio.WriteTransport) -> int:
    file = transport.get_extra_info("socket").fileno()
    (unacknowledged,) = struct.unpack("=i", fcntl.ioctl(file, termios.TIOCOUTQ, bytes(4)))  # tcp(7), SIOCOUTQ
    return transport.get_write_buffer_size() + int(unacknowledged)


def _receive_queues_bytes() -> dict[tuple[str, str], int]:
    """By (own address, other's address), what each socket has received and its program has not read: proc_net_tcp(5)."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {(fields[1], fields[2]): int(fields[4].partition(":")[2], 16) for fields in lines}


def _hex_address(host: str, port: int) -> str:
    """As that file prints it: the address's four bytes as one number of this machine."""
    (number,) = struct.unpack("=I", bytes(int(byte) for byte in host.split(".")))
    return f"{number:08X}:{port:04X}"
