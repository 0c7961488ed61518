"""The RTSP dialogue over real sockets, line by line."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mini_nvr.demo.auth import parse_parameters
from mini_nvr.demo.camera import DemoCamera
from mini_nvr.demo.clip import ClipSource, ClipSpec
from mini_nvr.demo.server import DemoServer
from tests.support.rtsp_dialogue import Dialogue
from tests.support.waiting import until

SPEC = ClipSpec(width=64, height=64, bit_rate=60_000, gop_frames=5, frames=10, audio="pcma")


class Place:
    """A running server and the clients that called it."""

    def __init__(self, server: DemoServer, cameras: list[DemoCamera], port: int) -> None:
        self.server = server
        self.cameras = cameras
        self._port = port
        self._clients: list[Dialogue] = []

    async def call(self, path: str = "stream1") -> Dialogue:
        client = await Dialogue.open(self._port, path)
        self._clients.append(client)
        return client

    async def playing(self, path: str = "stream1") -> Dialogue:
        """A client that has been given its first packet."""
        client = await self.call(path)
        await client.set_up(0)
        assert (await client.request("PLAY")).status == 200
        await client.packet()
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        await self.server.stop()


@asynccontextmanager
async def serving(
    user: str | None = None,
    password: str | None = None,
    *,
    basic: bool = False,
    session_timeout_s: int = 60,
    cameras: list[DemoCamera] | None = None,
) -> AsyncIterator[Place]:
    cameras = cameras or [DemoCamera(number, ClipSource(SPEC)) for number in (1, 2)]
    server = DemoServer(cameras, user=user, password=password, basic=basic, session_timeout_s=session_timeout_s)
    place = Place(server, cameras, await server.start())
    try:
        yield place
    finally:
        await place.close()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with serving() as place:
        yield place


async def test_a_whole_session(place: Place) -> None:
    client = await place.call()
    options = await client.request("OPTIONS")
    assert "DESCRIBE" in options.headers["public"]
    description = await client.request("DESCRIBE", Accept="application/sdp")
    assert description.headers["content-type"] == "application/sdp"
    assert description.headers["content-base"] == client.base + "/"
    assert "m=video" in description.body
    assert "PCMA" in description.body
    video = await client.set_up(0)
    assert "interleaved=0-1" in video.headers["transport"]
    assert video.headers["session"].endswith(";timeout=60")
    assert "interleaved=2-3" in (await client.set_up(1)).headers["transport"]
    play = await client.request("PLAY", Range="npt=0.000-")
    assert play.status == 200
    packets = [await client.packet() for _ in range(20)]
    assert {packet.channel for packet in packets} == {0, 1, 2, 3}
    assert_rtp_info(play.headers["rtp-info"], client.base, next(p.data for p in packets if p.channel == 0))
    assert (await client.request("GET_PARAMETER")).status == 200
    assert (await client.request("TEARDOWN")).status == 200
    assert not place.cameras[0].viewers


def assert_rtp_info(info: str, base: str, first: bytes) -> None:
    """The first packet carries the announced number; its timestamp is the announced one or a little later."""
    fields = dict(field.split("=", 1) for field in info.split(",", maxsplit=1)[0].split(";"))
    assert fields["url"] == f"{base}/trackID=0"
    assert int(fields["seq"]) == int.from_bytes(first[2:4], "big")
    ahead = int.from_bytes(first[4:8], "big") - int(fields["rtptime"]) & 0xFFFF_FFFF
    assert ahead < 90_000


async def test_media_begins_with_parameter_sets_and_a_key_frame(place: Place) -> None:
    client = await place.call()
    await client.set_up(0)
    await client.request("PLAY")
    report, sets, *rest = [await client.packet() for _ in range(5)]
    assert (report.channel, report.data[1]) == (1, 200)
    assert sets.data[12] & 0x1F == 24  # STAP-A
    kinds = [packet.data[12] & 0x1F for packet in rest]
    assert kinds[0] == 6  # SEI
    assert next(kind for kind in kinds if kind != 6) in (5, 28)  # IDR, whole or in fragments


async def test_pause_and_play_again(place: Place) -> None:
    client = await place.playing()
    assert (await client.request("PAUSE")).status == 200
    assert not place.cameras[0].viewers
    assert (await client.request("PLAY")).status == 200
    assert len(place.cameras[0].viewers) == 1
    assert (await client.request("PLAY")).status == 200  # harmless
    assert len(place.cameras[0].viewers) == 1
    await client.close()
    await until(lambda: not place.cameras[0].viewers)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("DESCRIBE", "stream3", {}, 404),
        ("DESCRIBE", "", {}, 404),
        ("SETUP", "stream1", {"Transport": "RTP/AVP/TCP;interleaved=0-1"}, 404),
        ("SETUP", "stream1/trackID=2", {"Transport": "RTP/AVP/TCP;interleaved=0-1"}, 404),
        ("SETUP", "stream1/trackID=0", {"Transport": "RTP/AVP;unicast;client_port=5000-5001"}, 461),
        ("PLAY", "stream1", {}, 454),
        ("PLAY", "stream1", {"Session": "12345678"}, 454),
        ("TEARDOWN", "stream1", {}, 454),
        ("RECORD", "stream1", {}, 501),
    ],
)
async def test_what_cannot_be_is_answered_with_its_status(
    place: Place, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    client = await place.call(path)
    assert (await client.request(method, **headers)).status == status


async def test_bytes_that_are_no_request_end_the_connection(place: Place) -> None:
    client = await place.call()
    client.writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert (await client.reader.readline()).startswith(b"RTSP/1.0 400 ")
    assert await client.at_end()


async def test_a_foreign_session_is_refused(place: Place) -> None:
    client = await place.playing()
    assert (await client.request("TEARDOWN", Session="0000")).status == 454
    assert len(place.cameras[0].viewers) == 1


async def test_silent_clients_are_cut_off() -> None:
    async with serving(session_timeout_s=1) as place:
        silent, speaking = await place.playing(), await place.playing()
        speaking.writer.write(b"$\x01\x00\x00")  # any RTCP shows that the client lives
        end = asyncio.create_task(silent.at_end())
        while not end.done():
            await asyncio.wait([end], timeout=0.3)
            speaking.writer.write(b"$\x01\x00\x00")
        assert len(place.cameras[0].viewers) == 1


async def test_digest_is_asked_for_and_checked() -> None:
    async with serving("admin", "a b") as place:
        client = await place.call()
        assert (await client.request("OPTIONS")).status == 200
        refusal = await client.request("DESCRIBE")
        assert refusal.status == 401
        assert (await client.request("DESCRIBE", Authorization=_digest(refusal.headers, client.base, "a b"))).status == 200
        assert (await client.request("DESCRIBE", Authorization=_digest(refusal.headers, client.base, "wrong"))).status == 401
        place.server.authenticator.password = "changed"
        assert (await client.request("DESCRIBE", Authorization=_digest(refusal.headers, client.base, "a b"))).status == 401
        assert (await client.request("DESCRIBE", Authorization=_digest(refusal.headers, client.base, "changed"))).status == 200
        place.cameras[0].faults.password_refused = True
        assert (await client.request("DESCRIBE", Authorization=_digest(refusal.headers, client.base, "changed"))).status == 401


def _digest(headers: dict[str, str], uri: str, password: str) -> str:
    given = parse_parameters(headers["www-authenticate"].partition(" ")[2])
    ha1, ha2 = (
        hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        for text in (f"admin:{given['realm']}:{password}", f"DESCRIBE:{uri}")
    )
    response = hashlib.md5(f"{ha1}:{given['nonce']}:{ha2}".encode(), usedforsecurity=False).hexdigest()
    fields = {"username": "admin", "realm": given["realm"], "nonce": given["nonce"], "uri": uri, "response": response}
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


async def test_basic_is_asked_for_and_checked() -> None:
    async with serving("admin", "ö", basic=True) as place:
        client = await place.call()
        assert (await client.request("DESCRIBE")).headers["www-authenticate"].startswith("Basic ")
        token = base64.b64encode("admin:ö".encode()).decode()
        assert (await client.request("DESCRIBE", Authorization=f"Basic {token}")).status == 200


@pytest.mark.parametrize("reset", [False, True])
async def test_a_dropped_connection_ends_as_asked(place: Place, reset: bool) -> None:
    victim, other = await place.playing("stream1"), await place.playing("stream2")
    place.cameras[0].faults.drop_connections(reset=reset)
    if reset:
        with pytest.raises(ConnectionResetError):
            await victim.at_end()
    else:
        assert await victim.at_end()
    await other.packet()
    await place.playing("stream1")


@pytest.mark.parametrize("reset", [False, True])
async def test_an_offline_server_refuses_until_it_is_back(place: Place, reset: bool) -> None:
    client = await place.playing()
    await place.server.offline(reset=reset)
    if reset:
        with pytest.raises(ConnectionResetError):
            await client.at_end()
    else:
        assert await client.at_end()
    with pytest.raises(ConnectionRefusedError):
        await place.call()
    await place.server.online()
    await place.playing()


async def test_faults_of_the_description(place: Place) -> None:
    client, faults = await place.call(), place.cameras[0].faults
    faults.sdp_without_sets = True
    assert "sprop" not in (await client.request("DESCRIBE")).body
    faults.clear()
    faults.broken_sdp = True
    assert "v=0" not in (await client.request("DESCRIBE")).body
    faults.clear()
    faults.not_found = True
    assert (await client.request("DESCRIBE")).status == 404
    faults.clear()
    faults.close_after_describe = True
    assert (await client.request("DESCRIBE")).status == 200
    assert await client.at_end()


async def test_a_slow_camera_answers_late_and_never_holds_up_the_server(place: Place) -> None:
    place.cameras[0].faults.answer_delay_s = 3600
    slow, quick = await place.call("stream1"), await place.call("stream2")
    waiting = asyncio.create_task(slow.request("OPTIONS"))
    assert (await quick.request("OPTIONS")).status == 200
    assert not waiting.done()
    await place.server.offline()  # does not wait for the answer
    with pytest.raises(asyncio.IncompleteReadError):
        await waiting


async def test_one_connection_may_turn_to_another_camera(place: Place) -> None:
    client = await place.playing("stream1")
    client.base = client.base.replace("stream1", "stream2")
    await client.set_up(0)
    assert not place.cameras[0].viewers
    assert (await client.request("PLAY")).status == 200
    assert len(place.cameras[1].viewers) == 1


async def test_a_client_that_stops_reading_loses_frames_and_holds_nobody_up() -> None:
    """Eight megabits a second at twenty times the pace fill the kernel's buffers and ours within a second or two."""
    source = ClipSource(ClipSpec(width=640, height=360, bit_rate=8_000_000, gop_frames=5, frames=25), pace=20)
    camera = DemoCamera(1, source, log_sent=True)
    async with serving(cameras=[camera]) as place:
        lazy, keen = await place.playing(), await place.playing()
        lazy.writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(60):
            while not any(frame.outcome == "dropped" for frame in camera.sent.frames):
                await keen.packet()
        assert {frame.client for frame in camera.sent.frames if frame.outcome == "dropped"} == {1}
