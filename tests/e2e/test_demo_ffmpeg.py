"""Debian's FFmpeg as a client of the demo cameras: it finds every track and decodes without a word of complaint."""

import json
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig, default_cameras

pytestmark = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="ffmpeg and ffprobe are not installed (apt install ffmpeg)",
)
TIMEOUT_S = 120
SCENES = {
    1: {("h264", 640, 360), ("aac", "16000", 1)},
    2: {("hevc", 640, 360)},
    3: {("h264", 640, 360), ("pcm_alaw", "8000", 1)},
    4: {("h264", 640, 360)},
}


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    with DemoRig(default_cameras(4), user="admin", password="p@ss w/rd:") as rig:
        yield rig


def probe(url: str) -> set[tuple[object, ...]]:
    """The tracks that ffprobe sees."""
    command = ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_streams", "-of", "json", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    keys = {"video": ("codec_name", "width", "height"), "audio": ("codec_name", "sample_rate", "channels")}
    streams = json.loads(done.stdout)["streams"]
    return {tuple(stream[key] for key in keys[stream["codec_type"]]) for stream in streams}


def decode(url: str, seconds: float) -> str:
    """Decode everything for that long; what FFmpeg had to say about it."""
    command = ["ffmpeg", "-nostdin", "-v", "warning", "-rtsp_transport", "tcp", "-i", url, "-t", str(seconds), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    return done.stderr


@pytest.mark.parametrize("number", SCENES)
def test_the_scenes_are_found_and_decode_cleanly(rig: DemoRig, number: int) -> None:
    assert probe(rig.url(number)) == SCENES[number]
    assert decode(rig.url(number), 2) == ""


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_clips_decode_cleanly_across_their_loops(codec: str, b_frames: int) -> None:
    spec = ClipSpec("h264" if codec == "h264" else "h265", b_frames=b_frames, gop_frames=10, frames=20, audio="pcmu")
    with DemoRig([DemoCamera(1, ClipSource(spec, pace=2))]) as rig:
        assert decode(rig.url(1), 4) == ""


def test_parameter_sets_in_band_are_enough() -> None:
    with DemoRig([DemoCamera(1, ClipSource(ClipSpec(gop_frames=10)))]) as rig:
        rig.camera(1).faults.sdp_without_sets = True
        assert probe(rig.url(1)) == {("h264", 320, 180)}


@pytest.mark.parametrize("basic", [False, True])
def test_a_wrong_password_is_refused(basic: bool) -> None:
    with DemoRig([DemoCamera(1, ClipSource())], user="admin", password="right", basic=basic) as rig:
        assert probe(rig.url(1)) == {("h264", 320, 180)}
        with pytest.raises(subprocess.CalledProcessError) as refusal:
            probe(rig.url(1, password="wrong"))
    assert "401" in refusal.value.stderr
