"""A camera's life with a fake clock and a scripted source: no network, no waiting."""

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest

from mini_nvr.clock import NS_PER_S
from mini_nvr.errors import GapCause, RtspError
from mini_nvr.ingest.session import CameraSession
from mini_nvr.ingest.source import Receiver, StreamInfo, TimeLine
from mini_nvr.media.frame import Frame
from mini_nvr.rtsp.errors import ConnectionLost
from tests.support.clock import FakeClock


class Refused(RtspError):
    cause = GapCause.CAMERA_OFFLINE


class WrongPassword(RtspError):
    cause = GapCause.WRONG_PASSWORD


class ScriptedSource:
    """`opening`: what `open` raises; `ending`: what ends the stream (None: cleanly) once the test sets `over`."""

    def __init__(self, clock: FakeClock, opening: Exception | None = None, ending: Exception | None = None) -> None:
        self.clock = clock
        self.opening = opening
        self.ending = ending
        self.over = asyncio.Event()
        self.last_frame_ns = 0
        self.media_bytes = 0
        self.packets_lost = 0
        self.closed = False

    async def open(self) -> StreamInfo:
        if self.opening:
            raise self.opening
        return StreamInfo(None)

    async def play(self, receiver: Receiver) -> None:
        self.frame()

    async def wait_closed(self) -> None:
        await self.over.wait()
        if self.ending:
            raise self.ending

    async def close(self) -> None:
        self.closed = True

    def frame(self) -> None:
        self.last_frame_ns = self.clock.monotonic_ns()
        self.media_bytes += 1_000


class Listener:
    """Notes what the session says."""

    def __init__(self) -> None:
        self.ended: list[tuple[GapCause, str, float]] = []

    def on_connected(self, info: StreamInfo, time_line: TimeLine) -> None: ...

    def on_video(self, frame: Frame) -> None: ...

    def on_audio(self, frame: Frame) -> None: ...

    def on_disconnected(self, cause: GapCause, detail: str, retry_in_s: float) -> None:
        self.ended.append((cause, detail, retry_in_s))


class Stage:
    """A session with its fakes; `sources` are used one after the other, the last one again and again."""

    def __init__(self, *scripts: Callable[[FakeClock], ScriptedSource]) -> None:
        self.clock = FakeClock()
        self.listener = Listener()
        self.scripts = list(scripts)
        self.sources: list[ScriptedSource] = []
        self.reachable = False
        self.looks = 0
        look: Callable[[], Awaitable[bool]] = self._look
        self.session = CameraSession("ch1", self._new, self.listener, self.clock, reachable=look, jitter=lambda: 0.0)
        self.task = asyncio.ensure_future(self.session.run())

    def _new(self) -> ScriptedSource:
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.sources.append(script(self.clock))
        return self.sources[-1]

    async def _look(self) -> bool:
        self.looks += 1
        return self.reachable

    async def settle(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    async def advance(self, seconds: float, *, frames: bool = False) -> None:
        for _ in range(round(seconds * 4)):
            self.clock.advance(0.25)
            if frames and self.sources:
                self.sources[-1].frame()
            await self.settle()

    async def end(self) -> None:
        self.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.task


async def test_refused_connections_follow_the_ladder_and_say_so() -> None:
    stage = Stage(lambda clock: ScriptedSource(clock, Refused("nobody listens")))
    await stage.settle()
    await stage.advance(60)
    assert [round(delay) for _, _, delay in stage.listener.ended[:6]] == [1, 2, 5, 10, 30, 30]
    assert {(cause, detail) for cause, detail, _ in stage.listener.ended} == {(GapCause.CAMERA_OFFLINE, "nobody listens")}
    assert all(source.closed for source in stage.sources)
    await stage.end()


async def test_a_camera_that_comes_back_is_asked_within_two_seconds() -> None:
    stage = Stage(lambda clock: ScriptedSource(clock, Refused("nobody listens")))
    await stage.advance(40)
    attempts = len(stage.sources)
    stage.reachable = True
    await stage.advance(2)
    assert len(stage.sources) > attempts
    await stage.end()


async def test_a_camera_that_hangs_up_on_us_is_asked_less_and_less_often() -> None:
    """It takes connections all the time, as one with too many viewers does: that it can be reached is no news."""
    stage = Stage(lambda clock: ScriptedSource(clock, ConnectionLost("the camera closed the connection")))
    stage.reachable = True
    await stage.settle()
    await stage.advance(60)
    assert [round(delay) for _, _, delay in stage.listener.ended] == [1, 2, 5, 10, 30, 30]
    await stage.end()


async def test_a_camera_that_hangs_up_and_restarts_is_asked_at_once() -> None:
    stage = Stage(lambda clock: ScriptedSource(clock, ConnectionLost("the camera closed the connection")))
    stage.reachable = True
    await stage.advance(20)
    stage.reachable = False
    await stage.advance(5)
    attempts = len(stage.sources)
    stage.reachable = True
    await stage.advance(2)
    assert len(stage.sources) > attempts
    await stage.end()


async def test_a_wrong_password_is_not_tried_again_for_five_minutes() -> None:
    stage = Stage(lambda clock: ScriptedSource(clock, WrongPassword("the camera refused the password")))
    stage.reachable = True
    await stage.settle()
    await stage.advance(299)
    assert len(stage.sources) == 1
    await stage.advance(62)
    assert len(stage.sources) == 2
    await stage.end()


async def test_a_camera_that_restarts_during_the_password_back_off_is_asked_at_once() -> None:
    stage = Stage(lambda clock: ScriptedSource(clock, WrongPassword("the camera refused the password")))
    stage.reachable = True
    await stage.advance(10)
    stage.reachable = False
    await stage.advance(10)
    stage.reachable = True
    await stage.advance(2)
    assert len(stage.sources) == 2
    await stage.end()


async def test_a_clean_end_after_footage_reconnects_at_once() -> None:
    stage = Stage(ScriptedSource)
    await stage.settle()
    await stage.advance(20, frames=True)
    stage.sources[-1].over.set()
    await stage.settle()
    assert stage.listener.ended == [(GapCause.CAMERA_OFFLINE, "the camera ended the stream", 0.0)]
    assert len(stage.sources) == 2
    await stage.end()


async def test_silence_for_ten_seconds_is_a_stall() -> None:
    stage = Stage(ScriptedSource)
    await stage.settle()
    await stage.advance(5, frames=True)
    await stage.advance(9.5)
    assert stage.listener.ended == []
    await stage.advance(2)
    assert [cause for cause, _, _ in stage.listener.ended] == [GapCause.STREAM_STALLED]
    assert stage.sources[0].closed
    await stage.end()


async def test_data_that_never_becomes_a_frame_is_named() -> None:
    stage = Stage(ScriptedSource)
    await stage.settle()
    stage.sources[0].media_bytes += 5_000_000
    await stage.advance(12)
    assert [cause for cause, _, _ in stage.listener.ended] == [GapCause.NO_KEY_FRAME]
    await stage.end()


async def test_an_address_that_cannot_be_used_is_told_once_and_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(clock: FakeClock) -> ScriptedSource:
        raise RtspError("rtsps:// is not supported; write another address")

    stage = Stage(refuse)
    await stage.settle()
    await stage.advance(60)
    assert stage.listener.ended == [(GapCause.CAMERA_ERROR, "rtsps:// is not supported; write another address", math.inf)]
    assert caplog.text.count("ch1: camera error: rtsps:// is not supported") == 1
    assert "Traceback" not in caplog.text
    assert stage.looks == 0
    await stage.end()


async def test_an_unexpected_error_ends_one_connection_only(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(lambda clock: ScriptedSource(clock, ZeroDivisionError("bug")), ScriptedSource)
    await stage.settle()
    await stage.advance(2, frames=True)
    assert stage.listener.ended[0][0] is GapCause.CAMERA_ERROR
    assert stage.sources[-1].last_frame_ns > stage.clock.monotonic_ns() - NS_PER_S
    assert "ZeroDivisionError" in caplog.text
    await stage.end()


class Mute(ScriptedSource):
    """Connected, but its first frame is late."""

    async def play(self, receiver: Receiver) -> None:
        pass


async def test_a_camera_is_being_connected_until_its_first_frame() -> None:
    stage = Stage(Mute)
    assert not stage.session.connecting
    await stage.settle()
    assert stage.session.connecting
    stage.sources[-1].frame()
    assert not stage.session.connecting
    await stage.end()


async def test_a_camera_that_is_waited_for_is_not_being_connected() -> None:
    stage = Stage(lambda clock: ScriptedSource(clock, Refused("nobody listens")))
    await stage.advance(3)
    assert stage.sources and not stage.session.connecting
    await stage.end()
