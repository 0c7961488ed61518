"""Recording from GStreamer's server: what our own demo cameras could never tell us about ourselves."""

from pathlib import Path

import av
import pytest

from mini_nvr.segment.scan import scan
from tests.e2e.conftest import MakeRecorder
from tests.e2e.gstreamer import gstreamer_cameras, make_clip, needs_gstreamer
from tests.e2e.played import has_footage

pytestmark = needs_gstreamer

PASSWORD = "p@ss:w/rd #1"
PICTURES = 50


def decoded_frames(path: Path) -> int:
    """Decodes everything; any error of the decoder is raised."""
    with av.open(str(path)) as container:
        return sum(1 for frame in container.decode(video=0) if not frame.is_corrupt)


def has_pictures(path: Path) -> bool:
    return has_footage(path) and scan(path).video_frames > PICTURES


def test_four_mounts_are_recorded_with_an_env_file_under_the_supervisor(tmp_path: Path, make_recorder: MakeRecorder) -> None:
    make_clip(tmp_path / "clip.mp4")
    with gstreamer_cameras("--mounts", "4", "--file", str(tmp_path / "clip.mp4")) as port:
        settings = {
            "DVR_IP": "127.0.0.1",
            "DVR_PORT": str(port),
            "NUM_CHANNELS": "4",
            "RTSP_URL_TEMPLATE": "rtsp://{ip}:{port}/stream{channel}",
            "SEGMENT_DURATION": "10",
        }
        recorder = make_recorder(settings, command=("run",))
        recorder.start()
        recorder.wait_recording(4)
        recorder.wait_until(
            lambda: all(len(recorder.files(channel)) >= 2 for channel in range(1, 5)), "a second file of each channel"
        )
        assert recorder.stop() == 0
    for channel in range(1, 5):
        rows = recorder.segments(channel)
        assert len(rows) >= 2
        assert all(scan(path).sealed for path in recorder.files(channel))
        seconds = sum(row.duration_us for row in rows) / 1e6
        assert sum(map(decoded_frames, recorder.files(channel))) == pytest.approx(seconds * 25, abs=2)
        for earlier, later in zip(rows, rows[1:], strict=False):
            assert abs(later.start_utc_us - earlier.end_utc_us) < 10_000


@pytest.mark.parametrize(
    ("codec", "audio", "stored_audio", "basic"),
    [("h264", "alaw", "aac", False), ("h264", "ulaw", "aac", True), ("h265", "aac", "aac", False), ("h264", "opus", None, True)],
)
def test_codecs_and_sign_in(make_recorder: MakeRecorder, codec: str, audio: str, stored_audio: str | None, *, basic: bool) -> None:
    arguments = ["--live", "--codec", codec, "--audio", audio, "--user", "admin", "--password", PASSWORD]
    with gstreamer_cameras(*arguments, *(["--basic"] if basic else [])) as port:
        settings = {
            "DVR_IP": "127.0.0.1",
            "DVR_PORT": str(port),
            "DVR_USER": "admin",
            "DVR_PASS": PASSWORD,
            "RTSP_URL_TEMPLATE": "rtsp://{user}:{pass}@{ip}:{port}/stream{channel}",
        }
        recorder = make_recorder(settings)
        recorder.start()
        recorder.wait_recording(1)
        recorder.wait_until(lambda: has_pictures(recorder.files(1)[0]), f"more than {PICTURES} pictures")
        recorder.stop()
    (path,) = recorder.files(1)
    facts = scan(path)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == {"h264": "h264", "h265": "hevc"}[codec]
        assert [stream.codec_context.name for stream in container.streams.audio] == ([stored_audio] if stored_audio else [])
        sound = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0)) if stored_audio else 0.0
    assert decoded_frames(path) == facts.video_frames > PICTURES
    assert not stored_audio or sound == pytest.approx(facts.duration_us / 1e6, abs=1.0)
    assert ("left out audio" in recorder.log()) == (stored_audio is None)
    assert PASSWORD not in recorder.log()
