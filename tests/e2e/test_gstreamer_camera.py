"""The wire room against GStreamer's RTSP server, which nobody here wrote, and FFmpeg's decoders behind it."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote

import av
import pytest

from mini_nvr.clock import SystemClock
from mini_nvr.media.frame import AudioFormat, Frame, VideoFormat
from mini_nvr.rtsp.client import RtspClient, Track
from mini_nvr.rtsp.errors import AuthenticationFailed, NoCredentials, StreamNotFound
from tests.support.waiting import until

SERVER = Path(__file__).parents[3] / "shared" / "tools" / "gst_rtsp_server.py"
PYTHON = "/usr/bin/python3"  # the interpreter that Debian's GStreamer bindings belong to
PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
NASTY_PASSWORD = 'p@ss:w/rd?#[]%41 "§'
FRAMES_WANTED = 40


@cache
def missing() -> str:
    """Why these tests cannot run here, empty when they can."""
    if not SERVER.exists():
        return f"{SERVER.name} is not beside the repository"
    if not Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", PROBE], capture_output=True, check=False).returncode:
        return "needs Debian's python3-gi and gir1.2-gst-rtsp-server-1.0"
    return ""


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@contextmanager
def gstreamer(*arguments: str) -> Iterator[int]:
    """The server with one live stream; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [PYTHON, str(SERVER), "--port", str(port), "--live", "--width", "320", "--height", "240", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"ready")
        yield port
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


class Collected:
    """A sink that keeps the frames of each track."""

    def __init__(self) -> None:
        self.frames: dict[int, list[Frame]] = {0: [], 1: []}
        self.reports = 0

    def on_frame(self, track: int, frame: Frame) -> None:
        self.frames[track].append(frame)

    def on_sender_report(self, track: int, ntp_utc_us: int, rtp_timestamp: int) -> None:
        assert self.frames[track] == [] or abs(rtp_timestamp - self.frames[track][-1].pts) < 2**31
        self.reports += ntp_utc_us > 0

    def on_loss(self, track: int, packets: int) -> None:
        raise AssertionError(f"{packets} packets of track {track} lost on the loopback")


async def collect(url: str) -> tuple[tuple[Track, ...], Collected]:
    client, sink = RtspClient(url, SystemClock()), Collected()
    try:
        tracks = await client.describe()
        await client.play(tracks, sink)
        await until(lambda: len(sink.frames[0]) >= FRAMES_WANTED and sink.reports > 0)  # the first report may take 5 s
        await until(lambda: all(len(sink.frames[track]) >= 10 for track in range(len(tracks))))
    finally:
        await client.close()
    assert client.server == "GStreamer RTSP server"
    assert client.packets_lost == 0
    return tracks, sink


def decode_video(known: VideoFormat, frames: list[Frame]) -> int:
    """How many pictures FFmpeg gets out of the frames, errors being fatal."""
    codec = av.CodecContext.create("hevc" if known.codec == "h265" else "h264", "r")
    codec.extradata = known.decoder_config
    codec.options = {"err_detect": "explode"}
    pictures = [picture for frame in frames for picture in codec.decode(av.Packet(frame.data))]
    pictures += codec.decode(None)
    assert {(picture.width, picture.height) for picture in pictures} == {(known.width, known.height)}
    return len(pictures)


def decode_audio(known: AudioFormat, frames: list[Frame]) -> int:
    """How many samples FFmpeg gets out of the frames."""
    names = {"aac": "aac", "pcma": "pcm_alaw", "pcmu": "pcm_mulaw"}
    codec = av.CodecContext.create(names[known.codec], "r")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate = known.sample_rate_hz
    codec.layout = "mono" if known.channels == 1 else "stereo"
    if known.decoder_config:
        codec.extradata = known.decoder_config
    return sum(sound.samples for frame in frames for sound in codec.decode(av.Packet(frame.data)))


@pytest.mark.parametrize(("codec", "audio"), [("h264", "aac"), ("h264", "ulaw"), ("h265", "alaw")])
async def test_every_frame_decodes(codec: str, audio: str) -> None:
    with gstreamer("--codec", codec, "--audio", audio) as port:
        (video, sound), got = await collect(f"rtsp://127.0.0.1:{port}/stream1")
    assert (video.codec, sound.codec) == (codec, {"aac": "aac", "alaw": "pcma", "ulaw": "pcmu"}[audio])
    pictures = got.frames[0]
    known = pictures[0].new_format
    assert known is not None
    assert (known.width, known.height) == (320, 240)
    start = next(index for index, frame in enumerate(pictures) if frame.is_key)
    assert decode_video(known, pictures[start:]) == len(pictures) - start
    assert {after.pts - before.pts for before, after in zip(pictures, pictures[1:], strict=False)} == {3600}
    assert isinstance(sound.format, AudioFormat)
    sounds = got.frames[1]
    span = sounds[-1].pts - sounds[0].pts
    assert abs(decode_audio(sound.format, sounds[:-1]) - span) <= 2 * 1024  # AAC decoders owe the first frame


@pytest.mark.parametrize("method", [(), ("--basic",)])
async def test_passwords(method: tuple[str, ...]) -> None:
    with gstreamer("--user", "admin", "--password", NASTY_PASSWORD, *method) as port:
        _, got = await collect(f"rtsp://admin:{quote(NASTY_PASSWORD, safe='')}@127.0.0.1:{port}/stream1")
        assert got.frames[0]
        with pytest.raises(AuthenticationFailed):
            await RtspClient(f"rtsp://admin:wrong@127.0.0.1:{port}/stream1", SystemClock()).describe()
        with pytest.raises(NoCredentials):
            await RtspClient(f"rtsp://127.0.0.1:{port}/stream1", SystemClock()).describe()


async def test_a_path_that_does_not_exist() -> None:
    with gstreamer() as port:
        with pytest.raises(StreamNotFound):
            await RtspClient(f"rtsp://127.0.0.1:{port}/stream9", SystemClock()).describe()
        client = RtspClient(f"rtsp://127.0.0.1:{port}/stream1", SystemClock())
        assert len(await client.describe()) == 1
        await client.close()


async def test_a_server_that_dies_ends_the_session() -> None:
    with gstreamer() as port:
        client, sink = RtspClient(f"rtsp://127.0.0.1:{port}/stream1", SystemClock()), Collected()
        await client.play(await client.describe(), sink)
        await until(lambda: len(sink.frames[0]) > 0)
    await client.wait_closed()
    await client.close()
