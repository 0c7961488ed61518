"""Whole sessions against cameras that follow a script."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from mini_nvr.errors import GapCause
from mini_nvr.media.frame import Frame
from mini_nvr.rtsp import errors
from mini_nvr.rtsp.client import RtspClient
from mini_nvr.rtsp.errors import WireError
from tests.support.clock import FakeClock
from tests.support.rtp_packets import rtp
from tests.support.scripted_camera import HangUp, Request, Reset, Script, ScriptedCamera, answer, packet, scripted_camera
from tests.support.waiting import until

SDP = b"v=0\r\na=control:*\r\nm=audio 0 RTP/AVP 8\r\na=control:track1\r\nm=video 0 RTP/AVP 26\r\na=control:track2\r\n"
PASSWORD = 'p@ss:w/rd "x" §'
USER_INFO = "admin:p%40ss%3Aw%2Frd%20%22x%22%20%C2%A7"


@dataclass
class Recording:
    """A sink that keeps everything."""

    frames: list[tuple[int, Frame]] = field(default_factory=list)
    reports: list[tuple[int, int, int]] = field(default_factory=list)
    losses: list[tuple[int, int]] = field(default_factory=list)

    def on_frame(self, track: int, frame: Frame) -> None:
        self.frames.append((track, frame))

    def on_sender_report(self, track: int, ntp_utc_us: int, rtp_timestamp: int) -> None:
        self.reports.append((track, ntp_utc_us, rtp_timestamp))

    def on_loss(self, track: int, packets: int) -> None:
        self.losses.append((track, packets))


def plain(request: Request) -> bytes:
    """A camera without peculiarities."""
    if request.method == "OPTIONS":
        return answer(request, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN", "Server: Plain/1.0")
    if request.method == "DESCRIBE":
        return answer(request, "Content-Type: application/sdp", body=SDP)
    if request.method == "SETUP":
        return answer(request, "Session: 42;timeout=20", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    return answer(request, "Session: 42")


def but(method: str, reply: Callable[[Request], bytes]) -> Script:
    """The plain camera, except for one method."""
    return lambda request: reply(request) if request.method == method else plain(request)


def status(text: str, *headers: str) -> Callable[[Request], bytes]:
    return lambda request: answer(request, *headers, status=text)


def hang_up(request: Request) -> bytes:
    raise HangUp(request.method)


def reset(request: Request) -> bytes:
    raise Reset(request.method)


def client_of(camera: ScriptedCamera, user_info: str = "", clock: FakeClock | None = None, path: str = "/live") -> RtspClient:
    at = f"{user_info}@" if user_info else ""
    return RtspClient(f"rtsp://{at}127.0.0.1:{camera.port}{path}", clock or FakeClock(), response_timeout_s=30)


async def started(camera: ScriptedCamera, clock: FakeClock | None = None) -> tuple[RtspClient, Recording]:
    client, sink = client_of(camera, clock=clock), Recording()
    await client.play(await client.describe(), sink)
    return client, sink


async def test_a_plain_session_from_options_to_teardown() -> None:
    async with scripted_camera(plain) as camera:
        client, sink = await started(camera)
        camera.send(packet(0, rtp(b"abc", sequence=1, timestamp=10, payload_type=8)))
        camera.send(packet(0, rtp(b"def", sequence=3, timestamp=13, payload_type=8)))
        await until(lambda: len(sink.frames) == 2)
        await client.close()
        await client.wait_closed()
        base = f"rtsp://127.0.0.1:{camera.port}/live"
        assert [(request.method, request.uri) for request in camera.requests] == [
            ("OPTIONS", base),
            ("DESCRIBE", base),
            ("SETUP", f"{base}/track1"),
            ("PLAY", base),
            ("TEARDOWN", base),
        ]
        assert [request.headers.get("session") for request in camera.requests] == [None, None, None, "42", "42"]
        assert (client.server, client.media_bytes, client.packets_lost) == ("Plain/1.0", 6, 1)
        assert [(track, frame.data) for track, frame in sink.frames] == [(0, b"abc"), (0, b"def")]
        assert sink.losses == [(0, 1)]
        assert [(track.kind, track.encoding) for track in client.skipped] == [("video", "JPEG")]


async def test_frames_before_the_answer_to_play_are_delivered() -> None:
    early = packet(0, rtp(b"early", timestamp=10, payload_type=8))
    async with scripted_camera(but("PLAY", lambda request: early + answer(request))) as camera:
        client, sink = await started(camera)
        assert [frame.data for _, frame in sink.frames] == [b"early"]
        await client.close()


async def test_the_channels_that_the_camera_chooses_are_used() -> None:
    setup = status("200 OK", "Session: 1", "Transport: RTP/AVP/TCP;unicast;interleaved=6-7")
    async with scripted_camera(but("SETUP", setup)) as camera:
        client, sink = await started(camera)
        camera.send(packet(6, rtp(b"x", timestamp=2**32 - 5, payload_type=8)))
        report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 0x1234, 3_997_000_000, 0, 3, 0, 0)
        camera.send(packet(7, report))
        await until(lambda: bool(sink.reports))
        assert sink.reports == [(0, 1_788_011_200_000_000, 2**32 + 3)]
        await client.close()


async def test_relative_controls_are_joined_to_the_content_base() -> None:
    def reply(request: Request) -> bytes:
        return answer(request, "Content-Base: rtsp://10.1.1.1/cam/realmonitor?channel=1&subtype=0/", body=SDP)

    async with scripted_camera(but("DESCRIBE", reply)) as camera:
        client, _ = await started(camera)
        base = "rtsp://10.1.1.1/cam/realmonitor?channel=1&subtype=0/"
        assert [request.uri for request in camera.requests[2:]] == [base + "track1", base]
        await client.close()


@pytest.mark.parametrize("offered", [True, False])
async def test_the_session_is_kept_alive_at_half_its_time_out(offered: bool) -> None:
    script = plain if offered else but("OPTIONS", status("200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY"))
    clock = FakeClock()
    async with scripted_camera(script) as camera:
        client, _ = await started(camera, clock)
        for beats in (1, 2):
            await until(lambda: clock.sleepers == 1)
            clock.advance(9.9)
            assert len(camera.requests) == 4 + beats - 1
            clock.advance(0.1)
            await until(lambda beats=beats: len(camera.requests) == 4 + beats)  # type: ignore[misc]
        assert camera.methods[4:] == ["GET_PARAMETER" if offered else "OPTIONS"] * 2
        assert [report[1] for report in camera.packets] == [201, 201]
        await client.close()


@pytest.mark.parametrize("refusal", ["501 Not Implemented", "454 Session Not Found", "400 Bad Request"])
async def test_a_camera_that_does_not_take_get_parameter_after_all_gets_options(refusal: str) -> None:
    clock = FakeClock()
    async with scripted_camera(but("GET_PARAMETER", status(refusal))) as camera:
        client, _ = await started(camera, clock)
        for beats in (1, 2):
            await until(lambda: clock.sleepers == 1)
            clock.advance(10)
            await until(lambda beats=beats: len(camera.requests) == 5 + beats)  # type: ignore[misc]
        assert camera.methods[4:] == ["GET_PARAMETER", "OPTIONS", "OPTIONS"]
        await client.close()


async def test_a_camera_that_is_silent_to_get_parameter_gets_options_before_its_time_is_up() -> None:
    def reply(request: Request) -> bytes:
        if request.method == "SETUP":
            return answer(request, "Session: 42;timeout=4", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        return b"" if request.method == "GET_PARAMETER" else plain(request)

    clock = FakeClock()
    async with scripted_camera(reply) as camera:
        client, _ = await started(camera, clock)
        await until(lambda: clock.sleepers == 1)
        clock.advance(2)
        await until(lambda: camera.methods[4:6] == ["GET_PARAMETER", "OPTIONS"])
        await client.close()


async def test_a_session_that_the_camera_forgot_ends_with_the_reason() -> None:
    clock = FakeClock()

    def forgetful(request: Request) -> bytes:
        if "session" in request.headers and request.method in {"GET_PARAMETER", "OPTIONS"}:
            return answer(request, status="454 Session Not Found")
        return plain(request)

    async with scripted_camera(forgetful) as camera:
        client, _ = await started(camera, clock)
        await until(lambda: clock.sleepers == 1)
        clock.advance(10)
        with pytest.raises(errors.BadResponse, match="ended the session"):
            await client.wait_closed()
        await client.close()


END_OF_STREAM = "ANNOUNCE rtsp://cam/ RTSP/1.0\r\nCSeq: 5\r\nx-notice: 2101 End-of-Stream Reached\r\n\r\n"


@pytest.mark.parametrize(
    ("farewell", "answers"),
    [
        (packet(1, b"\x81\xcb\x00\x01\x00\x00\x12\x34"), 0),
        (b"TEARDOWN rtsp://cam/ RTSP/1.0\r\nCSeq: 5\r\n\r\n", 1),
        (b"REDIRECT rtsp://cam/ RTSP/1.0\r\nCSeq: 5\r\nLocation: rtsp://elsewhere/\r\n\r\n", 1),
        (END_OF_STREAM.encode(), 1),
    ],
)
async def test_a_goodbye_of_the_camera_is_a_clean_end(farewell: bytes, answers: int) -> None:
    async with scripted_camera(plain) as camera:
        client, sink = await started(camera)
        camera.send(packet(0, rtp(b"x", timestamp=1, payload_type=8)) + farewell)
        await client.wait_closed()
        await until(lambda: len(camera.answers) == answers)
        assert all(head.startswith(b"RTSP/1.0 200 OK\r\nCSeq: 5\r\n") for head in camera.answers)
        assert len(sink.frames) == 1
        await client.close()


async def test_requests_of_the_camera_are_answered_and_end_nothing() -> None:
    async with scripted_camera(plain) as camera:
        client, sink = await started(camera)
        for method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "DESCRIBE"):
            camera.send(f"{method} rtsp://cam/ RTSP/1.0\r\nCSeq: 5\r\n\r\n".encode())
        await until(lambda: len(camera.answers) == 4)
        assert [head.split(b" ")[1] for head in camera.answers] == [b"200", b"200", b"200", b"501"]
        camera.send(packet(0, rtp(b"x", timestamp=1, payload_type=8)))
        await until(lambda: len(sink.frames) == 1)
        await client.close()


async def test_a_closed_connection_is_a_clean_end_and_a_broken_one_is_not() -> None:
    async with scripted_camera(plain) as camera:
        client, _ = await started(camera)
        assert camera.writer is not None
        camera.writer.close()
        await client.wait_closed()
        await client.close()
        client, _ = await started(camera)
        tcp = camera.writer.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing sends a reset
        camera.writer.transport.abort()
        with pytest.raises(errors.ConnectionLost):
            await client.wait_closed()
        await client.close()


async def test_garbage_without_end_is_a_violation() -> None:
    async with scripted_camera(plain) as camera:
        client, _ = await started(camera)
        camera.send(b"\x00" * 200_000)
        with pytest.raises(errors.ProtocolViolation):
            await client.wait_closed()
        await client.close()


UNAUTHORIZED = status("401 Unauthorized", 'WWW-Authenticate: Digest realm="r", nonce="n"', 'WWW-Authenticate: Basic realm="r"')


def goes_on_asking(request: Request) -> bytes:
    return UNAUTHORIZED(request)


@pytest.mark.parametrize(
    ("script", "error", "cause", "words"),
    [
        (goes_on_asking, errors.AuthenticationFailed, GapCause.WRONG_PASSWORD, "refused the user name or the password"),
        (but("DESCRIBE", status("403 Forbidden")), errors.AuthenticationFailed, GapCause.WRONG_PASSWORD, "forbids"),
        (but("DESCRIBE", status("404 Not Found")), errors.StreamNotFound, GapCause.NO_SUCH_STREAM, "no such stream"),
        (but("SETUP", status("454 Session Not Found")), errors.StreamNotFound, GapCause.NO_SUCH_STREAM, "no such stream"),
        (but("SETUP", status("461 Unsupported Transport")), errors.BadResponse, GapCause.CAMERA_ERROR, "RTP over TCP"),
        (but("PLAY", status("500 Internal Server Error")), errors.BadResponse, GapCause.CAMERA_ERROR, "status 500"),
        (but("DESCRIBE", status("200 OK")), errors.ProtocolViolation, GapCause.CAMERA_ERROR, "not SDP"),
        (
            but("DESCRIBE", lambda request: answer(request, body=b"v=0\r\nm=video 0 RTP/AVP 26\r\n")),
            errors.NoSupportedTrack,
            GapCause.UNSUPPORTED_CODEC,
            "MJPEG",
        ),
        (
            but("SETUP", status("200 OK", "Session: 1", "Transport: RTP/AVP;unicast;client_port=5000-5001")),
            errors.ProtocolViolation,
            GapCause.CAMERA_ERROR,
            "UDP",
        ),
        (but("SETUP", status("200 OK")), errors.ProtocolViolation, GapCause.CAMERA_ERROR, "session"),
        (but("DESCRIBE", hang_up), errors.ConnectionLost, GapCause.CAMERA_OFFLINE, "DESCRIBE"),
        (but("PLAY", reset), errors.ConnectionLost, GapCause.CAMERA_OFFLINE, "PLAY"),
        (but("OPTIONS", lambda _: b"HTTP/1.0 400 Bad Request\r\n\r\n"), errors.ProtocolViolation, GapCause.CAMERA_ERROR, "HTTP"),
        (
            but("DESCRIBE", status("302 Found", "Location: rtsp://169.254.169.254/x")),
            errors.ProtocolViolation,
            GapCause.CAMERA_ERROR,
            "another host",
        ),
        (but("DESCRIBE", status("301 Moved")), errors.ProtocolViolation, GapCause.CAMERA_ERROR, "not rtsp"),
    ],
)
async def test_failures_have_their_class_cause_and_words(
    script: Script, error: type[WireError], cause: GapCause, words: str
) -> None:
    async with scripted_camera(script) as camera:
        client = client_of(camera, USER_INFO)
        with pytest.raises(error, match=words) as caught:
            await client.play(await client.describe(), Recording())
        assert caught.value.cause is cause
        assert "p@ss" not in str(caught.value)
        assert "p%40ss" not in str(caught.value)
        await client.close()


async def test_a_camera_that_wants_a_password_of_nobody() -> None:
    async with scripted_camera(goes_on_asking) as camera:
        with pytest.raises(errors.NoCredentials) as caught:
            await client_of(camera).describe()
        assert caught.value.cause is GapCause.WRONG_PASSWORD
        assert camera.methods == ["OPTIONS"]


async def test_the_password_is_tried_once_only() -> None:
    async with scripted_camera(goes_on_asking) as camera:
        with pytest.raises(errors.AuthenticationFailed):
            await client_of(camera, USER_INFO).describe()
        assert len(camera.requests) == 2


async def test_user_info_goes_nowhere_but_into_the_authorization() -> None:
    def guarded(request: Request) -> bytes:
        return plain(request) if "authorization" in request.headers else UNAUTHORIZED(request)

    async with scripted_camera(guarded) as camera:
        client = client_of(camera, USER_INFO)
        await client.play(await client.describe(), Recording())
        await client.close()
        assert camera.methods == ["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
        for request in camera.requests[1:]:
            assert f'uri="{request.uri}"' in request.headers["authorization"]
            assert "admin" not in request.uri
            assert PASSWORD not in str(request)


async def test_an_expired_nonce_in_the_middle_of_a_session_is_answered_anew() -> None:
    nonces = iter("abcdefgh")
    current = ""

    def moody(request: Request) -> bytes:
        nonlocal current
        if current and f'nonce="{current}"' in request.headers.get("authorization", "") and request.method != "PLAY":
            return plain(request)
        if request.method == "PLAY" and current == "b":
            return plain(request)
        current = next(nonces)
        return answer(request, f'WWW-Authenticate: Digest realm="r", nonce="{current}"', status="401 Unauthorized")

    async with scripted_camera(moody) as camera:
        client = client_of(camera, USER_INFO)
        await client.play(await client.describe(), Recording())
        assert camera.methods == ["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PLAY"]
        await client.close()


async def test_a_camera_that_hangs_up_with_each_challenge_is_called_again() -> None:
    def rude(request: Request) -> bytes:
        if "authorization" in request.headers:
            return plain(request)
        assert camera.writer is not None
        camera.writer.write(UNAUTHORIZED(request))
        raise HangUp

    async with scripted_camera(rude) as camera:
        client = client_of(camera, USER_INFO)
        assert len(await client.describe()) == 1
        assert camera.connections == 2
        await client.close()


async def test_a_redirect_on_the_same_host_is_followed() -> None:
    def moved(request: Request) -> bytes:
        if request.method == "DESCRIBE" and request.uri.endswith("/live"):
            return answer(request, f"Location: rtsp://127.0.0.1:{camera.port}/new", status="302 Moved Temporarily")
        return plain(request)

    async with scripted_camera(moved) as camera:
        client = client_of(camera)
        tracks = await client.describe()
        assert tracks[0].control == f"rtsp://127.0.0.1:{camera.port}/new/track1"
        await client.close()


async def test_redirects_in_circles_end() -> None:
    def circle(request: Request) -> bytes:
        return answer(request, f"Location: {request.uri}", status="301 Moved Permanently")

    async with scripted_camera(but("DESCRIBE", circle)) as camera:
        with pytest.raises(errors.ProtocolViolation, match="circles"):
            await client_of(camera).describe()


async def test_silence_times_out() -> None:
    async with scripted_camera(lambda _: b"") as camera:
        client = RtspClient(f"rtsp://127.0.0.1:{camera.port}/", FakeClock(), response_timeout_s=0.05)
        with pytest.raises(errors.TimedOut) as caught:
            await client.describe()
        assert caught.value.cause is GapCause.CAMERA_OFFLINE


async def test_a_refused_connection(unused_tcp_port: int) -> None:
    with pytest.raises(errors.ConnectionRefused) as caught:
        await RtspClient(f"rtsp://u:hunter2@127.0.0.1:{unused_tcp_port}/", FakeClock()).describe()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".invalid"])
async def test_a_name_that_does_not_resolve(host: str) -> None:
    with pytest.raises(errors.NameNotFound):
        await RtspClient(f"rtsp://{host}/", FakeClock()).describe()


async def test_close_is_quick_and_quiet_whatever_the_state() -> None:
    async with scripted_camera(but("TEARDOWN", lambda _: b"")) as camera:
        never_connected = client_of(camera)
        await never_connected.close()
        await never_connected.wait_closed()
        client, sink = await started(camera)
        camera.send(packet(0, rtp(b"x", timestamp=1, payload_type=8)))
        await until(lambda: len(sink.frames) == 1)
        async with asyncio.timeout(60):
            await client.close()
        await client.close()
        await client.wait_closed()


async def test_no_frame_comes_after_close() -> None:
    late = packet(0, rtp(b"late", timestamp=1, payload_type=8))
    async with scripted_camera(but("TEARDOWN", lambda request: late + answer(request))) as camera:
        client, sink = await started(camera)
        await client.close()
        assert sink.frames == []
