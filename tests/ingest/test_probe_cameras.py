"""Probing simulated cameras over real sockets: what they send is measured, and each fault has its name."""

import socket
from collections.abc import Iterator

import pytest

from mini_nvr.clock import SystemClock
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from mini_nvr.ingest.probe import ProbeResult, probe

PASSWORD = "c4n4ry p%ss/@:"  # every character that a URL treats specially


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    cameras = [
        DemoCamera(1, ClipSource(ClipSpec(gop_frames=12, audio="pcma"))),
        DemoCamera(2, ClipSource(ClipSpec(codec="h265", gop_frames=12, audio="aac"))),
        DemoCamera(3, ClipSource(ClipSpec(gop_frames=12, b_frames=2))),
        DemoCamera(4, ClipSource(ClipSpec(gop_frames=12))),
    ]
    with DemoRig(cameras, user="anna", password=PASSWORD) as rig:
        yield rig


@pytest.fixture
def faulty(rig: DemoRig) -> Iterator[DemoRig]:
    """The rig, whose fourth camera a test may damage."""
    yield rig
    rig.camera(4).faults.clear()
    rig.change_password(PASSWORD)
    rig.online()


async def look(url: str) -> ProbeResult:
    return await probe(url, SystemClock(), longest_s=1.5, shortest_s=0.5, connect_timeout_s=0.5, response_timeout_s=0.5)


async def refusal(url: str) -> tuple[GapCause, str]:
    """The cause and the message of a probe that must fail."""
    with pytest.raises(Exception) as caught:
        await look(url)
    cause = getattr(caught.value, "cause", None)
    assert isinstance(cause, GapCause)
    assert PASSWORD not in str(caught.value)
    return cause, str(caught.value)


@pytest.mark.parametrize(
    ("number", "codec", "audio"), [(1, "h264", "pcma"), (2, "h265", "aac"), (3, "h264", None)], ids=["G.711", "H.265", "B-frames"]
)
async def test_a_camera_is_measured(rig: DemoRig, number: int, codec: str, audio: str | None) -> None:
    result = await look(rig.url(number))
    assert (result.video.codec, result.video.width, result.video.height) == (codec, 320, 180)
    assert result.frame_rate == pytest.approx(25, rel=0.01)
    assert result.key_interval_s == pytest.approx(0.48, rel=0.01)
    assert result.bitrate_bps is not None
    assert 50_000 < result.bitrate_bps < 1_000_000
    assert (result.audio.codec if result.audio else None) == audio
    assert result.packets_lost == 0


async def test_parameter_sets_that_come_only_in_the_stream_are_found(faulty: DemoRig) -> None:
    faulty.camera(4).faults.sdp_without_sets = True
    assert (await look(faulty.url(4))).video.width == 320


async def test_a_stream_that_is_not_recorded_is_named(faulty: DemoRig) -> None:
    faulty.camera(4).faults.metadata_track = True
    assert len((await look(faulty.url(4))).skipped) == 1


async def test_lost_packets_are_counted(faulty: DemoRig) -> None:
    faulty.camera(4).faults.lose_every = 20
    assert (await look(faulty.url(4))).packets_lost > 0


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("stalled", GapCause.STREAM_STALLED),
        ("no_key_frames", GapCause.NO_KEY_FRAME),
        ("not_found", GapCause.NO_SUCH_STREAM),
        ("password_refused", GapCause.WRONG_PASSWORD),
        ("unsupported_video", GapCause.UNSUPPORTED_CODEC),
        ("broken_sdp", GapCause.CAMERA_ERROR),
    ],
)
async def test_a_fault_has_its_cause(faulty: DemoRig, fault: str, cause: GapCause) -> None:
    setattr(faulty.camera(4).faults, fault, True)
    assert (await refusal(faulty.url(4)))[0] == cause


async def test_a_wrong_password_is_named(rig: DemoRig) -> None:
    assert (await refusal(rig.url(1, password="other")))[0] == GapCause.WRONG_PASSWORD
    assert (await refusal(f"rtsp://127.0.0.1:{rig.port}/stream1"))[0] == GapCause.WRONG_PASSWORD


async def test_a_path_that_is_not_there_is_named(rig: DemoRig) -> None:
    assert (await refusal(rig.url(1).replace("stream1", "stream99")))[0] == GapCause.NO_SUCH_STREAM


async def test_a_camera_that_hangs_up_is_named(faulty: DemoRig) -> None:
    faulty.camera(4).faults.close_after_describe = True
    cause, _ = await refusal(faulty.url(4))
    assert cause in {GapCause.CAMERA_OFFLINE, GapCause.CAMERA_ERROR}


async def test_nobody_there_is_named(faulty: DemoRig) -> None:
    faulty.offline()
    assert (await refusal(faulty.url(4)))[0] == GapCause.CAMERA_OFFLINE


async def test_a_camera_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert (await refusal(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/"))[0] == GapCause.CAMERA_OFFLINE
