"""Who gets which frames when: the camera's pump on a fake clock, with a connection that only remembers."""

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from mini_nvr.demo.camera import DemoCamera
from mini_nvr.demo.clip import ClipSource, ClipSpec
from mini_nvr.demo.viewer import MAX_BUFFERED_BYTES, Viewer
from tests.support.clock import FakeClock

SPEC = ClipSpec(width=64, height=64, bit_rate=60_000, gop_frames=5, frames=10)  # 25 frames a second, a key frame each 0.2 s


class Sent(NamedTuple):
    channel: int
    kind: int  # payload type with marker, or RTCP packet type
    sequence: int
    timestamp: int


class Line(asyncio.WriteTransport):
    """A connection into the void; `backlog` is how many bytes the client has not read."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = 0
        self.closed = False
        self.data = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.backlog

    def close(self) -> None:
        self.closed = True

    def packets(self, channel: int = 0) -> list[Sent]:
        found, offset = [], 0
        while offset < len(self.data):
            _, on, size, _, kind, sequence, timestamp = struct.unpack_from(">BBHBBHI", self.data, offset)
            found.append(Sent(on, kind, sequence, timestamp))
            offset += 4 + size
        return [packet for packet in found if packet.channel == channel]


class Rig:
    """A camera on a fake clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.camera = DemoCamera(1, ClipSource(SPEC), log_sent=True)
        self.camera.bind(self.clock)
        self.viewers = 0

    def join(self) -> tuple[Viewer, Line]:
        self.viewers += 1
        line = Line()
        viewer = Viewer(self.viewers, line)
        viewer.set_up(0, self.camera.tracks()[0], 0)
        self.camera.join(viewer)
        return viewer, line

    async def run(self, frames: int) -> None:
        """Let that many frame intervals pass."""
        for _ in range(frames):
            for _ in range(4):
                await asyncio.sleep(0)
            self.clock.advance(0.04)
        for _ in range(4):
            await asyncio.sleep(0)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    yield rig
    rig.camera.stop()


def pictures(line: Line) -> list[int]:
    """RTP timestamps of whole pictures (their last packet carries the marker)."""
    return [packet.timestamp for packet in line.packets() if packet.kind == 96 | 0x80]


async def test_a_newcomer_starts_at_a_key_frame(rig: Rig) -> None:
    rig.join()
    await rig.run(7)
    _, late = rig.join()
    await rig.run(10)
    frames = [frame for frame in rig.camera.sent.frames if frame.client == 2]
    assert frames[0].is_key
    assert len(frames) == len(pictures(late)) == 8  # numbers 10 to 17
    both = {frame.digest for frame in rig.camera.sent.whole(client=1)}
    assert {frame.digest for frame in frames} < both


async def test_the_log_knows_where_in_the_stream_each_frame_ends(rig: Rig) -> None:
    viewer, line = rig.join()
    await rig.run(10)
    assert rig.camera.viewers == (viewer,)
    assert viewer.written_bytes == len(line.data)
    ends, offset = {}, 0
    while offset < len(line.data):
        channel, size, kind, timestamp = struct.unpack_from(">xBHxBxxI", line.data, offset)
        offset += 4 + size
        if channel == 0 and kind == 96 | 0x80:
            ends[timestamp] = offset
    assert {frame.rtp_timestamp: frame.stream_end for frame in rig.camera.sent.frames} == ends


async def test_two_clients_have_streams_of_their_own(rig: Rig) -> None:
    _, one = rig.join()
    _, other = rig.join()
    await rig.run(5)
    assert len(pictures(one)) == len(pictures(other)) == 6
    assert pictures(one) != pictures(other)  # random starts


async def test_the_source_rests_when_the_last_client_leaves(rig: Rig) -> None:
    viewer, line = rig.join()
    await rig.run(3)
    rig.camera.leave(viewer)
    sent = len(line.data)
    await rig.run(5)
    assert len(line.data) == sent
    assert rig.clock.sleepers == 0
    assert not rig.camera.viewers


async def test_a_client_that_reads_too_slowly_loses_frames_up_to_a_key_frame(rig: Rig) -> None:
    _, line = rig.join()
    await rig.run(2)
    line.backlog = MAX_BUFFERED_BYTES + 1
    await rig.run(4)
    line.backlog = 0
    await rig.run(10)
    outcomes = [(frame.outcome, frame.is_key) for frame in rig.camera.sent.frames]
    dropped = [index for index, (outcome, _) in enumerate(outcomes) if outcome == "dropped"]
    assert dropped == list(range(3, 10))
    assert outcomes[10] == ("sent", True)
    numbers = [packet.sequence for packet in line.packets()]
    gaps = [later - earlier & 0xFFFF for earlier, later in zip(numbers, numbers[1:], strict=False)]
    assert [gap for gap in gaps if gap != 1] != []  # the client can tell


async def test_a_stall_keeps_the_connection_and_ends_with_a_key_frame(rig: Rig) -> None:
    _, line = rig.join()
    await rig.run(2)
    before = len(line.data)
    rig.camera.faults.stalled = True
    await rig.run(200)
    assert len(line.data) == before  # no media, no sender reports
    assert not line.closed
    rig.camera.faults.stalled = False
    await rig.run(6)
    assert rig.camera.sent.frames[3].is_key
    numbers = [packet.sequence for packet in line.packets()]
    assert all(later - earlier & 0xFFFF == 1 for earlier, later in zip(numbers, numbers[1:], strict=False))


async def test_without_key_frames_only_the_others_come(rig: Rig) -> None:
    rig.camera.faults.no_key_frames = True
    rig.join()
    await rig.run(12)
    assert len(rig.camera.sent.frames) == 10  # 13 frames, of which 0, 5 and 10 are key frames
    assert not any(frame.is_key for frame in rig.camera.sent.frames)


async def test_timestamps_jump_both_ways(rig: Rig) -> None:
    _, line = rig.join()
    await rig.run(2)
    rig.camera.faults.jump_timestamps(3600)
    await rig.run(2)
    rig.camera.faults.jump_timestamps(-7200)
    await rig.run(1)
    stamps = pictures(line)
    steps = [later - earlier + (1 << 31) & 0xFFFF_FFFF for earlier, later in zip(stamps, stamps[1:], strict=False)]
    assert [step - (1 << 31) for step in steps] == [3600, 3600, 3600 + 3600 * 90_000, 3600, 3600 - 7200 * 90_000]


async def test_sender_reports_come_at_once_and_every_five_seconds(rig: Rig) -> None:
    _, line = rig.join()
    await rig.run(260)  # 10.4 s
    reports = [packet for packet in line.packets(channel=1) if packet.kind == 200]
    assert len(reports) == 3
    at = [struct.unpack_from(">I", line.data, index)[0] for index in _report_timestamps(line)]
    assert [later - earlier & 0xFFFF_FFFF for earlier, later in zip(at, at[1:], strict=False)] == [450_000, 450_000]


def _report_timestamps(line: Line) -> list[int]:
    """Offsets of the RTP timestamps in sender reports."""
    found, offset = [], 0
    while offset < len(line.data):
        _, channel, size = struct.unpack_from(">BBH", line.data, offset)
        if channel == 1:
            found.append(offset + 4 + 16)
        offset += 4 + size
    return found


async def test_lost_packets_are_logged_as_a_cut_frame(rig: Rig) -> None:
    rig.camera.faults.lose_every = 4
    rig.join()
    await rig.run(9)
    outcomes = {frame.outcome for frame in rig.camera.sent.frames}
    assert outcomes == {"sent", "cut"}


async def test_a_source_that_ends_says_goodbye_and_hangs_up() -> None:
    clock = FakeClock()
    camera = DemoCamera(1, ClipSource(SPEC, frames=3))
    camera.bind(clock)
    line = Line()
    viewer = Viewer(1, line)
    viewer.set_up(0, camera.tracks()[0], 0)
    camera.join(viewer)
    for _ in range(5):
        for _ in range(4):
            await asyncio.sleep(0)
        clock.advance(0.04)
    assert len(pictures(line)) == 3
    assert line.closed
    assert line.data[-8:-4] == b"\x81\xcb\x00\x01"  # BYE with one source
    assert not camera.viewers


async def test_sets_can_be_kept_out_of_the_stream(rig: Rig) -> None:
    rig.camera.faults.sets_only_in_sdp = True
    _, line = rig.join()
    await rig.run(6)
    assert rig.camera.source.tracks()[0].parameter_sets[0] not in line.data
    rig.camera.faults.clear()
    await rig.run(6)
    assert rig.camera.source.tracks()[0].parameter_sets[0] in line.data
