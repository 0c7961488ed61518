"""The program under test for the viewer: real services, demo cameras, and footage of the past."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import psutil

from mini_nvr.clock import SystemClock, to_datetime, to_utc_us
from mini_nvr.demo import DemoCamera, DemoRig
from mini_nvr.demo.live import LiveScene
from mini_nvr.demo.scenes import CAR_PARK, DOORWAY, STREET, WAREHOUSE
from mini_nvr.segment.volume import create_volume
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.e2e.recorder_process import RecorderProcess, camera_settings, wait_until
from tests.support.past import Projector, offline, write_run

USER, PASSWORD = "anna", "c4n4ry horse battery"
ZONE = ZoneInfo("Europe/Berlin")
CHANNELS = 4
WALL = to_datetime(SystemClock().utc_us()).astimezone().tzinfo or UTC
"""The zone of the clocks in all pictures, as of the demo cameras: this machine's."""
_US_PER_S = 1_000_000
AROUND_US = 1800 * _US_PER_S


@dataclass(frozen=True)
class Nvr:
    """The program under test and its cameras. 1: H.264 with sound and a sub stream, 2: H.265, 3: a hostile name, 4: H.264."""

    rig: DemoRig
    program: RecorderProcess
    port: int
    past: "Past"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self, service: str) -> None:
        """SIGKILL to one of the services; the supervisor starts it again."""
        for process in psutil.Process(self.program.pid).children():
            if service in process.cmdline():
                process.kill()
                return
        raise AssertionError(f"there is no {service} to kill")

    def alive(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@dataclass(frozen=True)
class Past:
    """Footage from before the NVR was started, UTC microseconds: two files of channel 1 that join across the last local midnight
    but one, and after a minute without the camera another one. Channel 4 has the first two minutes of it, channels 2 and 3 forty
    seconds, all in H.264. `spare`: where files of channels 3 and 4 begin that may be deleted. `forward`, `back`: when the clocks of
    the zone were last set forward, and back; channel 4 has ten seconds from half an hour before and after on (`AROUND_US`)."""

    start: int
    midnight: int
    gap_start: int
    gap_end: int
    end: int
    spare: int
    forward: int
    back: int


def set_clocks(before: datetime) -> tuple[int, int]:
    """When the zone's clocks were last set forward, and back: UTC microseconds, more than two days before an instant."""
    found: dict[bool, int] = {}
    hour = before.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    while len(found) < len(("forward", "back")):
        earlier = hour - timedelta(hours=1)
        change = offset_s(hour) - offset_s(earlier)
        if change:
            found.setdefault(change > 0, to_utc_us(hour))
        hour = earlier
    return found[True], found[False]


def offset_s(at: datetime) -> float:
    """Seconds by which the zone's clocks are ahead of UTC."""
    return (at.astimezone(ZONE).utcoffset() or timedelta()).total_seconds()


def write_past(record_dir: Path) -> Past:
    now = to_datetime(SystemClock().utc_us(), ZONE)
    night = datetime.combine(now.date() - timedelta(days=1), time(0), ZONE).astimezone(UTC)
    midnight = to_utc_us(night)
    start, gap_start, gap_end = (midnight + seconds * _US_PER_S for seconds in (-60, 60, 120))
    projector = Projector(WALL)
    write_run(record_dir, 1, start, [60, 60], ZONE, projector=projector)
    write_run(record_dir, 1, gap_end, [60], ZONE, projector=projector, gap=offline(gap_start, gap_end))
    write_run(record_dir, 4, start, [60, 60], ZONE, projector=Projector(WALL, WAREHOUSE, "Warehouse"))
    for channel, scene, name in ((2, DOORWAY, "Doorway"), (3, CAR_PARK, "Car park")):
        write_run(record_dir, channel, start, [40], ZONE, projector=Projector(WALL, scene, name))
    spare = gap_end + 600 * _US_PER_S
    for channel in (3, 4):
        write_run(record_dir, channel, spare, [10], ZONE, projector=Projector(WALL, WAREHOUSE, "Warehouse"))
    forward, back = set_clocks(now)
    for change in (forward, back):
        for begin in (change - AROUND_US, change + AROUND_US):
            write_run(record_dir, 4, begin, [10], ZONE, projector=Projector(WALL, WAREHOUSE, "Warehouse"))
    return Past(start, midnight, gap_start, gap_end, gap_end + 60 * _US_PER_S, spare, forward, back)


@contextmanager
def running(folder: Path, names: Mapping[int, str]) -> Iterator[Nvr]:
    """Four cameras (`Nvr`) under these names, recorded into a folder that has a past; ends with the block."""
    port = free_port(DEMO_HOST, 0)
    cameras = [
        DemoCamera(1, LiveScene(STREET, "Street", audio="aac"), name="Street"),
        DemoCamera(2, LiveScene(DOORWAY, "Doorway", codec="h265", gop_s=2), name="Doorway"),
        DemoCamera(3, LiveScene(CAR_PARK, "Car park"), name="Car park"),
        DemoCamera(4, LiveScene(WAREHOUSE, "Warehouse"), name="Warehouse"),
        DemoCamera(5, LiveScene(STREET, "Street sub", size=(320, 180)), name="Street sub"),
    ]
    with ExitStack() as stack:
        rig = stack.enter_context(DemoRig(cameras))
        settings = camera_settings(rig, CHANNELS, WEB_PORT=str(port), TZ=ZONE.key, SEGMENT_DURATION="20", SYNC_INTERVAL="2")
        settings |= {f"CHANNEL_{number}_NAME": name for number, name in names.items()}
        settings |= {
            "user1": USER,
            "pass1": PASSWORD,
            "CHANNEL_1_SUB_URL": rig.url(5),
            "MAX_STORAGE_GB": "5",
            "TRUSTED_PROXIES": "127.0.0.1/32",
        }
        program = RecorderProcess(folder, settings, command=("run",))
        program.record_dir.mkdir(parents=True)
        create_volume(program.record_dir)
        past = write_past(program.record_dir)
        stack.callback(program.close)
        program.start()
        program.wait_recording(CHANNELS)
        program.wait_filled()
        found = Nvr(rig, program, port, past)
        wait_until(found.alive, "the web service", 60)
        yield found
