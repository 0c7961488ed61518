"""The NVR of the pictures in the documentation: four cameras, and hours of footage that look like those of an ordinary day.

Drawing hours would take hours. Half a minute of each scene is drawn and repeated; how many frames of a second are kept follows a
random walk, so that the time line rises and falls as it does with movement. The clock in the picture is right in the first second
of each file, which is what lists show, and throughout the two minutes that are played.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

import httpx

from mini_nvr.clock import US_PER_S, SystemClock
from mini_nvr.demo import DemoCamera, DemoRig
from mini_nvr.demo.live import LiveScene
from mini_nvr.demo.scenes import CAR_PARK, DOORWAY, STREET, WAREHOUSE, Scene
from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from mini_nvr.segment.volume import create_volume
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.e2e.recorder_process import RecorderProcess, camera_settings, wait_until
from tests.e2e.viewer.nvr import PASSWORD, USER, WALL, ZONE
from tests.support.footage import Clip, Sample
from tests.support.past import FPS, Projector, offline, write_run

PAST_S: Final = 6 * 3600
FILE_S: Final = 300
LOOP_S: Final = 30
PLAYED_S: Final = 120
PLAYED_AGO_S: Final = 2 * 3600
GAPS_AGO_S: Final = {
    "Gate": (PLAYED_AGO_S - PLAYED_S // 2, PLAYED_AGO_S - PLAYED_S // 2 - 100),
    "Yard": (15_600, 14_100),
    "Warehouse": (5_400, 5_000),
}
"""Each camera's absence: begin and end, before now. The gate's follows what is played."""
SCENES: Final = {
    "Gate": (STREET, "Street"),
    "Front door": (DOORWAY, "Doorway"),
    "Yard": (CAR_PARK, "Car park"),
    "Warehouse": (WAREHOUSE, "Warehouse"),
}
LIMIT_GB: Final = 40


@dataclass(frozen=True)
class PicturedNvr:
    """played_us: an instant of channel 1 with a minute of pictures before and after it, whose clock is right."""

    url: str
    played_us: int


class _Reel(Projector):
    """A scene of which little is drawn, but for one stretch of time."""

    def __init__(self, scene: Scene, name: str, drawn_from_us: int) -> None:
        super().__init__(WALL, scene, name)
        self._drawn_from_us = drawn_from_us
        self._loop = super().clip(drawn_from_us, LOOP_S * FPS).samples
        self._chance = Random(name)  # noqa: S311  frames, not secrets
        self._kept = FPS // 2

    def clip(self, start_utc_us: int, frames: int) -> Clip:
        if start_utc_us == self._drawn_from_us:
            return super().clip(start_utc_us, frames)
        begin = super().clip(start_utc_us, FPS)
        rest = (sample for second in range(1, frames // FPS) for sample in self._second(second))
        return Clip(begin.format, (*begin.samples, *rest))

    def _second(self, second: int) -> Iterator[Sample]:
        """The first frames of a second of the loop; the last of them stands until the next second."""
        self._kept = min(FPS, max(1, self._kept + self._chance.choice((-1, 0, 0, 1))))
        first = second % LOOP_S * FPS
        for number, sample in enumerate(self._loop[first : first + self._kept]):
            at = second * VIDEO_CLOCK_HZ + number * sample.duration
            left = (FPS - number) * sample.duration if number == self._kept - 1 else sample.duration
            yield replace(sample, dts=at, pts=at, duration=left)


def _write_past(record_dir: Path, channel: int, camera: str, now_us: int) -> None:
    """From six hours ago until now, with the camera's absence in it."""
    absent_from, absent_to = (now_us - ago * US_PER_S for ago in GAPS_AGO_S.get(camera, (0, 0)))
    reel = _Reel(*SCENES[camera], drawn_from_us=now_us - (PLAYED_AGO_S + PLAYED_S // 2) * US_PER_S)
    start_us = now_us - PAST_S * US_PER_S
    for begin_us, end_us in ((start_us, absent_from), (absent_to, now_us)):
        gap = offline(absent_from, absent_to) if begin_us == absent_to else None
        if end_us > begin_us:
            write_run(record_dir, channel, begin_us, _lengths_s((end_us - begin_us) // US_PER_S), ZONE, projector=reel, gap=gap)


def _lengths_s(total_s: int) -> list[int]:
    """Files of a run, of which the last has the length of what is played."""
    whole, rest = divmod(total_s - PLAYED_S, FILE_S)
    return [*[FILE_S] * whole, *([rest] if rest else []), PLAYED_S]


@contextmanager
def running(folder: Path) -> Iterator[PicturedNvr]:
    """Recording, and signed in to by the user of the viewer's tests; ends with the block."""
    port = free_port(DEMO_HOST, 0)
    cameras = [
        DemoCamera(number, LiveScene(scene, name), name=name) for number, (scene, name) in enumerate(SCENES.values(), start=1)
    ]
    with ExitStack() as stack:
        rig = stack.enter_context(DemoRig(cameras))
        settings = camera_settings(rig, len(SCENES), WEB_PORT=str(port), TZ=ZONE.key, SYNC_INTERVAL="2")
        settings |= {f"CHANNEL_{number}_NAME": name for number, name in enumerate(SCENES, start=1)}
        settings |= {"user1": USER, "pass1": PASSWORD, "MAX_STORAGE_GB": str(LIMIT_GB)}
        program = RecorderProcess(folder, settings, command=("run",))
        program.record_dir.mkdir(parents=True)
        create_volume(program.record_dir)
        now_us = SystemClock().utc_us() // US_PER_S * US_PER_S
        for channel, camera in enumerate(SCENES, start=1):
            _write_past(program.record_dir, channel, camera, now_us)
        stack.callback(program.close)
        program.start()
        program.wait_recording(len(SCENES))
        program.wait_filled()
        url = f"http://{DEMO_HOST}:{port}"
        wait_until(lambda: _answers(url), "the web service", 60)
        yield PicturedNvr(url, now_us - PLAYED_AGO_S * US_PER_S)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
