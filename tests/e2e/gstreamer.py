"""GStreamer's RTSP server as a camera that none of us wrote; the script lies beside the checkout, in ../shared/tools."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "shared" / "tools" / "gst_rtsp_server.py"
SYSTEM_PYTHON = "/usr/bin/python3"
_CAN_IMPORT = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def why_missing() -> str | None:
    """What keeps these tests from running here, None when nothing does."""
    if not SCRIPT.exists():
        return f"{SCRIPT.name} is not beside the checkout (../shared/tools)"
    if not Path(SYSTEM_PYTHON).exists():
        return f"{SYSTEM_PYTHON} is missing"
    found = subprocess.run([SYSTEM_PYTHON, "-c", _CAN_IMPORT], capture_output=True, check=False, env={"PATH": os.defpath})
    return None if found.returncode == 0 else "Debian's gir1.2-gst-rtsp-server-1.0 is missing"


needs_gstreamer = pytest.mark.skipif(why_missing() is not None, reason=why_missing() or "")


@contextmanager
def gstreamer_cameras(*arguments: str) -> Iterator[int]:
    """The port of a running server; its mounts are /stream1, /stream2 and so on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with subprocess.Popen(
        [SYSTEM_PYTHON, str(SCRIPT), "--port", str(port), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": os.defpath},
    ) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().startswith("ready"), "GStreamer's server did not start"
            yield port
        finally:
            server.kill()


def make_clip(path: Path, seconds: int = 60) -> None:
    """An H.264 file for the server's --file: a moving bar, 25 frames a second, a key frame each second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "x264-params": "keyint=25:scenecut=0"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.time_base = Fraction(1, 25)
        for number in range(seconds * 25):
            picture = np.full((180, 320, 3), 40, np.uint8)
            picture[:, number * 4 % 300 : number * 4 % 300 + 20] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
