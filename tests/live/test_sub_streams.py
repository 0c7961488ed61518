"""When a sub stream is connected and when it is left."""

import asyncio

from mini_nvr.errors import GapCause
from mini_nvr.ingest.source import Receiver, StreamInfo
from mini_nvr.live.sub_streams import LINGER_S, SubStream
from tests.support.clock import FakeClock
from tests.support.footage import video_clip
from tests.support.live import Screen, WallLine, frames_of


class Cameras:
    """Counts connections, and hands out the receiver of the newest."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.stream = SubStream(2, self.run, self.clock)
        self.connected = 0
        self.made = 0
        self.receiver: Receiver | None = None

    async def run(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.connected += 1
        self.made += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.connected -= 1

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    def send(self, start: int, end: int) -> None:
        assert self.receiver is not None
        if start == 0:
            self.receiver.on_connected(StreamInfo(None), WallLine())
        for frame in frames_of(video_clip())[start:end]:
            self.receiver.on_video(frame)

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settle()


async def test_one_connection_however_many_viewers() -> None:
    cameras = Cameras()
    screens = [Screen() for _ in range(20)]
    for screen in screens:
        cameras.stream.join(screen)
    await cameras.settle()
    cameras.send(0, 5)
    assert cameras.connected == cameras.made == 1
    assert {screen.story() for screen in screens} == {"HIKffff"}
    await cameras.stream.stop()
    assert cameras.connected == 0


async def test_it_is_left_ten_seconds_after_the_last_viewer() -> None:
    cameras = Cameras()
    first, second = Screen(), Screen()
    cameras.stream.join(first)
    cameras.stream.join(second)
    await cameras.settle()
    cameras.stream.leave(first)
    await cameras.pass_time(LINGER_S * 3)
    assert cameras.connected == 1
    cameras.stream.leave(second)
    await cameras.settle()
    await cameras.pass_time(LINGER_S - 0.1)
    assert cameras.connected == 1
    await cameras.pass_time(0.2)
    assert cameras.connected == 0


async def test_a_viewer_that_comes_back_in_time_finds_it_connected_and_sees_at_once() -> None:
    cameras = Cameras()
    screen, again = Screen(), Screen()
    cameras.stream.join(screen)
    await cameras.settle()
    cameras.send(0, 3)
    cameras.stream.leave(screen)
    await cameras.settle()
    await cameras.pass_time(LINGER_S / 2)
    cameras.stream.join(again)
    await cameras.pass_time(LINGER_S * 2)
    assert cameras.connected == cameras.made == 1
    assert again.story() == "HIKff"
    await cameras.stream.stop()


async def test_after_a_pause_nobody_is_shown_an_old_picture() -> None:
    cameras = Cameras()
    screen, late = Screen(), Screen()
    cameras.stream.join(screen)
    await cameras.settle()
    cameras.send(0, 3)
    cameras.stream.leave(screen)
    await cameras.settle()
    await cameras.pass_time(LINGER_S)
    cameras.stream.join(late)
    await cameras.settle()
    assert (cameras.made, late.story()) == (2, "")
    cameras.send(0, 2)
    assert late.story() == "HIKf"
    await cameras.stream.stop()


async def test_viewers_are_told_when_the_camera_cannot_be_reached() -> None:
    cameras = Cameras()
    screen = Screen()
    cameras.stream.join(screen)
    await cameras.settle()
    assert cameras.receiver is not None
    cameras.receiver.on_disconnected(GapCause.CAMERA_OFFLINE, "no answer", 1.0)
    assert screen.story() == "(ended)"
    cameras.send(0, 2)
    assert screen.story() == "(ended)HIKf"
    await cameras.stream.stop()
