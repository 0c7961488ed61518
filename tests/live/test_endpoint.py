"""Both ends of the socket, for real: viewers of every speed, refusals, and a recorder that goes away."""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from mini_nvr.live import client, protocol
from mini_nvr.live.client import RecorderNotRunning, WatchRefused
from mini_nvr.live.endpoint import CONNECTIONS_MAX, LiveEndpoint
from mini_nvr.live.events import EventBoard
from mini_nvr.live.hub import StreamHub, Watchable
from mini_nvr.live.protocol import KIND_PART, REQUEST_MAX_BYTES, SOCKET_NAME, LiveError, StreamName
from mini_nvr.live.viewer import QUEUE_LIMIT_BYTES
from mini_nvr.media.frame import Frame
from tests.support.footage import FRAME_90K, video_clip, video_format
from tests.support.live import WallLine, frames_of, letter, pictures
from tests.support.waiting import until

LINE = WallLine()


class Door:
    """An endpoint with one channel and its event board."""

    def __init__(self) -> None:
        self.hub = StreamHub(1, "main")
        self.hub.on_format(video_format(video_clip()), None, LINE)
        self.board = EventBoard(lambda: [{"channel": 1, "status": "LIVE"}])
        self.endpoint = LiveEndpoint(self.find, self.board)

    def find(self, channel: int, stream: StreamName) -> Watchable:
        if (channel, stream) != (1, "main"):
            raise LiveError(f"there is no channel {channel}")
        return self.hub

    def noise(self, number: int, size: int = 20_000, gop: int = 25) -> None:
        """A frame that nobody will decode."""
        self.hub.on_video(Frame(number.to_bytes(8, "big") + bytes(size), number * FRAME_90K, 0, number % gop == 0))


@asynccontextmanager
async def open_door(data_dir: Path) -> AsyncIterator[Door]:
    door = Door()
    await door.endpoint.start(data_dir)
    try:
        yield door
    finally:
        await door.endpoint.stop()


async def take(messages: AsyncIterator[bytes], count: int) -> list[bytes]:
    async with asyncio.timeout(60):
        return [await anext(messages) for _ in range(count)]


def number_of(message: bytes) -> int:
    """Of a frame that `Door.noise` made."""
    data = protocol.read_part(message).data
    return int.from_bytes(data[data.index(b"mdat") + 4 :][:8])


async def test_a_viewer_gets_the_stream_from_the_last_key_frame_on(tmp_path: Path) -> None:
    frames = frames_of(video_clip())
    async with open_door(tmp_path) as door:
        for frame in frames[:30]:
            door.hub.on_video(frame)
        async with client.watch(tmp_path, 1, "main") as messages:
            got = await take(messages, 7)
            for frame in frames[30:]:
                door.hub.on_video(frame)
            got += await take(messages, 70)
        assert "".join(map(letter, got)).startswith("HIKffff")
        assert pictures(got) == 75
        await until(lambda: not door.hub.viewers)


async def test_a_mark_stands_between_what_was_there_and_what_comes(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, client.watch(tmp_path, 1, "main", marked=True) as early:
        assert "".join(map(letter, await take(early, 1))) == "(caughtUp)"
        for number in range(3):
            door.noise(number)
        async with client.watch(tmp_path, 1, "main", marked=True) as messages:
            got = await take(messages, 6)
            door.noise(3)
            got += await take(messages, 1)
        assert "".join(map(letter, got)) == "HIKff(caughtUp)f"
        assert "".join(map(letter, await take(early, 6))) == "HIKfff"


def test_it_works_on_the_recorder_s_own_event_loop(tmp_path: Path) -> None:
    uvloop.run(test_a_viewer_gets_the_stream_from_the_last_key_frame_on(tmp_path))
    assert list(tmp_path.iterdir()) == []


async def test_fifty_viewers_lose_no_frame_while_one_does_not_read(tmp_path: Path) -> None:
    frames = 250

    async def watch() -> list[int]:
        async with client.watch(tmp_path, 1, "main") as messages:
            return [number_of(message) for message in await take(messages, frames + 2) if message[0] == KIND_PART]

    async with open_door(tmp_path) as door, client.watch(tmp_path, 1, "main"):
        viewers = [asyncio.create_task(watch()) for _ in range(50)]
        await until(lambda: len(door.hub.viewers) == 51)
        for number in range(frames):
            door.noise(number)
            await asyncio.sleep(0)
            if number % 10 == 0:  # otherwise they are slow, too
                await until(lambda: sum(connection.queued_bytes > 0 for connection in door.endpoint.connections) <= 1)
        assert all(numbers == list(range(frames)) for numbers in await asyncio.gather(*viewers))


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_slow_reader_goes_on_at_a_key_frame_and_costs_bounded_memory(
    tmp_path: Path, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def scenario() -> None:
        async with open_door(tmp_path) as door, client.watch(tmp_path, 1, "main") as messages:
            for number in range(700):
                door.noise(number, size=100_000)
                await asyncio.sleep(0)
            (connection,) = door.endpoint.connections
            assert connection.queued_bytes < QUEUE_LIMIT_BYTES
            story, numbers = "", []
            async with asyncio.timeout(60):
                async for message in messages:
                    story += letter(message)
                    numbers += [number_of(message)] if message[0] == KIND_PART else []
                    if numbers[-1:] == [699]:
                        break
        skips = story.split("(skipped)")
        assert len(skips) > 1
        assert all(rest.startswith("K") for rest in skips[1:])
        holes = [(a, b) for a, b in zip(numbers, numbers[1:], strict=False) if b != a + 1]
        assert len(holes) == len(skips) - 1
        assert all(b % 25 == 0 for _, b in holes)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(scenario())


@pytest.mark.parametrize(
    "line",
    [b"\n", b"hello\n", b'{"watch": 7, "stream": "main"}\n', b'{"watch": 1, "stream": "sub"}\n', b"x" * REQUEST_MAX_BYTES * 3],
)
async def test_a_request_that_cannot_be_met_is_refused_with_a_reason(tmp_path: Path, line: bytes) -> None:
    async with open_door(tmp_path):
        reader, writer = await asyncio.open_unix_connection(tmp_path / SOCKET_NAME)
        writer.write(line)
        async with asyncio.timeout(60):
            answer = await reader.read()
        writer.close()
    assert protocol.read_json(answer[4:])["event"] == "refused"
    assert protocol.read_json(answer[4:])["reason"]


async def test_the_client_says_why_it_was_refused(tmp_path: Path) -> None:
    async with open_door(tmp_path):
        with pytest.raises(WatchRefused, match="there is no channel 9"):
            async with client.watch(tmp_path, 9, "main"):
                pass


async def test_listeners_hear_the_state_first_and_then_the_news(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, client.events(tmp_path) as news:
        async with asyncio.timeout(60):
            assert await anext(news) == {"event": "channel", "channel": 1, "status": "LIVE"}
            await until(lambda: bool(door.board.listeners))
            door.board.publish("segmentSealed", {"channel": 1, "path": "ch1/a.mp4"})
            assert await anext(news) == {"event": "segmentSealed", "channel": 1, "path": "ch1/a.mp4"}


@pytest.mark.parametrize("folder", ["", "missing"])
async def test_no_recorder_is_a_plain_error(tmp_path: Path, folder: str) -> None:
    with pytest.raises(RecorderNotRunning, match="mini-nvr run"):
        async with client.watch(tmp_path / folder, 1, "main"):
            pass
    with pytest.raises(RecorderNotRunning):
        async with client.events(tmp_path / folder):
            pass


async def test_the_iterator_ends_with_the_recorder(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, client.watch(tmp_path, 1, "main") as messages, client.events(tmp_path) as news:
        door.noise(0)
        await door.endpoint.stop()
        async with asyncio.timeout(60):
            assert "".join([letter(message) async for message in messages]) == "HIK"
            assert [item async for item in news] == [{"event": "channel", "channel": 1, "status": "LIVE"}]


async def test_a_recorder_that_dies_in_the_middle_of_a_message_ends_the_iterator(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(protocol.event("accepted").framed + protocol.init(bytes(100)).framed[:50])
        writer.close()

    async with await asyncio.start_unix_server(serve, tmp_path / SOCKET_NAME), client.watch(tmp_path, 1, "main") as messages:
        assert [message async for message in messages] == []


@pytest.mark.parametrize("answer", [b"", b"\0\0\0\x02\x04{", b"\0\0\0\1\2", b"\xff\xff\xff\xff", protocol.event("hello").framed])
async def test_an_answer_that_makes_no_sense_is_our_error(tmp_path: Path, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(serve, tmp_path / SOCKET_NAME):
        with pytest.raises(LiveError):
            async with client.watch(tmp_path, 1, "main"):
                pass


async def test_who_asks_for_nothing_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mini_nvr.live.endpoint.REQUEST_TIMEOUT_S", 0.05)
    async with open_door(tmp_path) as door:
        reader, writer = await asyncio.open_unix_connection(tmp_path / SOCKET_NAME)
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()
        await until(lambda: not door.endpoint.connections)


async def test_too_many_viewers_are_told_so(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        held = [await asyncio.open_unix_connection(tmp_path / SOCKET_NAME) for _ in range(CONNECTIONS_MAX)]
        await until(lambda: len(door.endpoint.connections) == CONNECTIONS_MAX)
        with pytest.raises(WatchRefused, match="too many"):
            async with client.watch(tmp_path, 1, "main"):
                pass
        for _, writer in held:
            writer.close()
        await until(lambda: not door.endpoint.connections)


async def test_the_socket_is_the_owners_alone_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / SOCKET_NAME))
    old = os.umask(0)
    try:
        async with open_door(tmp_path):
            assert stat.S_IMODE((tmp_path / SOCKET_NAME).stat().st_mode) == 0o600
            with pytest.raises(LiveError, match="another recorder"):
                await Door().endpoint.start(tmp_path)
    finally:
        os.umask(old)
    assert not (tmp_path / SOCKET_NAME).exists()
    with pytest.raises(LiveError, match="DATA_DIR"):
        await Door().endpoint.start(tmp_path / "missing")
