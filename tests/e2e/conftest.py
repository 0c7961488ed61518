"""Real cameras on loopback and the real program, for all end-to-end tests."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.demo.live import LiveScene
from mini_nvr.demo.scenes import CAR_PARK, STREET
from tests.e2e.recorder_process import RecorderProcess, camera_settings
from tests.e2e.taken_frames import wait_until_taken

MakeRecorder = Callable[..., RecorderProcess]

CLIPS = {
    1: ClipSpec(gop_frames=25, audio="aac"),
    2: ClipSpec(gop_frames=50, frames=100, b_frames=2, audio="pcma"),
    3: ClipSpec(codec="h265", fps=Fraction(15), gop_frames=30, frames=60, audio="aac"),
    4: ClipSpec(fps=Fraction(30_000, 1_001), gop_frames=40, frames=80, b_frames=2, audio="pcmu"),
}
SCENES = {
    5: LiveScene(STREET, "Street", audio="aac"),
    6: LiveScene(CAR_PARK, "Car park", audio="pcma"),
}
SEGMENTS = 6
SEGMENT_S = 10


@dataclass(frozen=True, slots=True)
class Minute:
    """What is left of a minute of six cameras, recorded in both formats at the same time.

    cameras: by channel; their logs tell clients apart, `clients` which of them was which recorder.
    """

    cameras: Mapping[int, DemoCamera]
    recorders: Mapping[str, RecorderProcess]
    clients: Mapping[tuple[int, str], int]


@pytest.fixture
def make_recorder(tmp_path: Path) -> Iterator[MakeRecorder]:
    """Makes `RecorderProcess`es in folders of their own and stops them all at the end; they are not started yet."""
    with ExitStack() as stack:

        def make(settings: Mapping[str, str], *, name: str = "nvr", command: tuple[str, ...] = ("recorder",)) -> RecorderProcess:
            process = RecorderProcess(tmp_path / name, settings, command)
            stack.callback(process.close)
            return process

        yield make


@pytest.fixture(scope="session")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Minute:
    """Six whole segments of each camera and a piece of the seventh; everything has ended when the fixture returns."""
    sources = {number: ClipSource(spec) for number, spec in CLIPS.items()} | SCENES
    cameras = {number: DemoCamera(number, source, log_sent=True) for number, source in sources.items()}
    recorders: dict[str, RecorderProcess] = {}
    clients: dict[tuple[int, str], int] = {}
    with ExitStack() as stack:
        rig = stack.enter_context(DemoRig(list(cameras.values())))
        for container in ("mp4", "mkv"):
            settings = camera_settings(rig, len(cameras), SEGMENT_DURATION=str(SEGMENT_S), RECORD_FORMAT=container)
            recorder = RecorderProcess(tmp_path_factory.mktemp(container), settings)
            recorders[container] = stack.enter_context(recorder)
            recorder.wait_recording(len(cameras))
            clients.update(((number, container), _newest_client(camera)) for number, camera in cameras.items())
        for recorder in recorders.values():
            _wait_for_segments(recorder, cameras)
        for camera in cameras.values():
            camera.faults.stalled = True
        wait_until_taken(rig, list(cameras))
        for container, recorder in recorders.items():
            assert recorder.stop() == 0, f"{container}\n{recorder.last_words()}"
    return Minute(cameras, recorders, clients)


def _newest_client(camera: DemoCamera) -> int:
    """The recorders come one after the other, and clients are numbered in that order."""
    return max(frame.client for frame in camera.sent.frames)


def _wait_for_segments(recorder: RecorderProcess, cameras: Mapping[int, DemoCamera]) -> None:
    def all_have_enough() -> bool:
        return all(len(recorder.files(number)) > SEGMENTS for number in cameras)

    recorder.wait_until(all_have_enough, f"{SEGMENTS} whole segments of each camera", 3 * SEGMENTS * SEGMENT_S)
