"""Cameras that describe sound and refuse to send it."""

import asyncio

import pytest

from mini_nvr.media.frame import Frame
from mini_nvr.rtsp import errors
from mini_nvr.rtsp.client import RtspClient
from tests.support.clock import FakeClock
from tests.support.rtp_packets import rtp
from tests.support.scripted_camera import Request, Script, answer, packet, scripted_camera

PICTURES = b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
SOUND = b"m=audio 0 RTP/AVP 8\r\na=control:track2\r\n"


def refusing(refused: str, status: str, media: bytes) -> Script:
    def reply(request: Request) -> bytes:
        if request.method == "DESCRIBE":
            return answer(request, "Content-Type: application/sdp", body=b"v=0\r\n" + media)
        if request.method == "SETUP" and request.uri.endswith(refused):
            return answer(request, status=status)
        if request.method == "SETUP":
            return answer(request, "Session: 42", f"Transport: {request.headers['transport']}")
        return answer(request, "Session: 42")

    return reply


class Packets:
    """A sink that notes which tracks lost packets: a packet went to the right place when its track counts."""

    def __init__(self) -> None:
        self.lost: asyncio.Queue[int] = asyncio.Queue()

    def on_frame(self, track: int, frame: Frame) -> None:
        """None is whole."""

    def on_sender_report(self, track: int, ntp_utc_us: int, rtp_timestamp: int) -> None:
        """None comes."""

    def on_loss(self, track: int, packets: int) -> None:
        self.lost.put_nowait(track)


@pytest.mark.parametrize("media", [PICTURES + SOUND, SOUND + PICTURES])
@pytest.mark.parametrize("status", ["404 Not Found", "461 Unsupported Transport", "500 Internal Server Error"])
async def test_pictures_are_played_without_the_refused_sound(status: str, media: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with scripted_camera(refusing("track2", status, media)) as camera:
        client, sink = RtspClient(f"rtsp://127.0.0.1:{camera.port}/", FakeClock(), response_timeout_s=30), Packets()
        tracks = await client.describe()
        await client.play(tracks, sink)
        pictures = [track.kind for track in tracks].index("video")
        for sequence in (1, 3):
            camera.send(packet(2 * pictures, rtp(b"\x41\x9a\x00", sequence=sequence, timestamp=1, payload_type=96)))
        async with asyncio.timeout(60):
            assert await sink.lost.get() == pictures
        assert camera.methods[2:] == ["SETUP", "SETUP", "PLAY"]
        assert [(track.kind, track.encoding) for track in client.skipped] == [("audio", "PCMA")]
        assert "its sound is left out" in caplog.text
        await client.close()


@pytest.mark.parametrize(("refused", "media"), [("track1", PICTURES + SOUND), ("track2", SOUND)])
async def test_refused_pictures_and_sound_alone_are_an_error(refused: str, media: bytes) -> None:
    async with scripted_camera(refusing(refused, "500 Internal Server Error", media)) as camera:
        client = RtspClient(f"rtsp://127.0.0.1:{camera.port}/", FakeClock(), response_timeout_s=30)
        with pytest.raises(errors.BadResponse, match="SETUP"):
            await client.play(await client.describe(), Packets())
