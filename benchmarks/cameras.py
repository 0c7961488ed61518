"""The cameras of a benchmark: 1080p25, H.264 at 4 Mbit/s, a key frame every 2 s, served in real time over loopback.

GStreamer's RTSP server is used where it is installed, else the demo server. Its CPU is not counted, but it shares the machine.
"""

import multiprocessing
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from benchmarks.waiting import BenchmarkFailed, end, wait_until

HOST = "127.0.0.1"
FPS = 25
GOP_FRAMES = 50
BIT_RATE = 4_000_000
SYSTEM_PYTHON = "/usr/bin/python3"  # has Debian's bindings of GStreamer
_ENCODED_S = 20
_BINDINGS = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
_LAUNCHER = Path(__file__).with_name("gstreamer_cameras.py")

ServerKind = Literal["gstreamer", "demo"]


@dataclass(frozen=True, slots=True)
class Cameras:
    """A running server with the mounts stream1, stream2, ..."""

    kind: ServerKind
    port: int

    def url(self, number: int | str) -> str:
        return f"rtsp://{HOST}:{self.port}/stream{number}"


def available_server() -> ServerKind:
    """GStreamer's where the system interpreter has its bindings."""
    if not Path(SYSTEM_PYTHON).exists():
        return "demo"
    probe = subprocess.run([SYSTEM_PYTHON, "-c", _BINDINGS], capture_output=True, check=False)
    return "demo" if probe.returncode else "gstreamer"


@contextmanager
def served(kind: ServerKind, count: int, folder: Path, seconds: float) -> Iterator[Cameras]:
    """Serve `count` cameras while the context lasts. seconds: how long a client may watch at most.

    Raises:
        BenchmarkFailed: the server does not start.
    """
    port = _free_port()
    if kind == "demo":
        process = multiprocessing.get_context("spawn").Process(target=_serve_demo, args=(count, port), daemon=True)
        process.start()
        try:
            wait_until(lambda: _listens(port), 60, "the demo server listens")
            yield Cameras(kind, port)
        finally:
            process.terminate()
            process.join()
        return
    clip = folder / "clip.mp4"
    if not clip.exists():
        _make_clip(clip, seconds)
    server = subprocess.Popen([SYSTEM_PYTHON, str(_LAUNCHER), str(port), str(count), str(clip)])
    try:
        wait_until(lambda: _listens(port), 20, "GStreamer's server listens")
        yield Cameras(kind, port)
    finally:
        end(server)


def _serve_demo(count: int, port: int) -> None:
    import uvloop  # noqa: PLC0415  these are not to be mapped into a process that measures what others take

    from mini_nvr.demo import ClipSpec  # noqa: PLC0415
    from mini_nvr.demo.lineup import serve  # noqa: PLC0415

    clip = ClipSpec(width=1920, height=1080, fps=Fraction(FPS), bit_rate=BIT_RATE, gop_frames=GOP_FRAMES, frames=2 * GOP_FRAMES)
    uvloop.run(serve(count, HOST, port, clip=clip))


def _make_clip(clip: Path, seconds: float) -> None:
    """A test picture under noise, so that the encoder needs the bit rate; encoded once, then repeated without encoding."""
    once = clip.with_name("once.mp4")
    source = f"testsrc2=size=1920x1080:rate={FPS},noise=alls=12:allf=t"
    rate = ["-b:v", str(BIT_RATE), "-maxrate", str(BIT_RATE), "-bufsize", str(BIT_RATE)]
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0"]
    gop = ["-g", str(GOP_FRAMES), "-keyint_min", str(GOP_FRAMES), "-sc_threshold", "0"]
    _ffmpeg("-f", "lavfi", "-i", source, "-t", str(_ENCODED_S), *codec, *rate, *gop, str(once))
    repeats = int(seconds / _ENCODED_S) + 1
    _ffmpeg("-stream_loop", str(repeats), "-i", str(once), "-c", "copy", str(clip))
    once.unlink()


def _ffmpeg(*arguments: str) -> None:
    try:
        subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments], check=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        raise BenchmarkFailed(f"ffmpeg could not make the clip: {exc}") from exc


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
