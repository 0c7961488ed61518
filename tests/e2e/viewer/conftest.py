"""A real NVR with demo cameras and a past, and a real Chromium that a person could sit in front of.

One NVR serves all tests of this folder; what a test breaks, it mends. Every page is watched: a script error, a breach of the
content security policy or a request to another host fails the test that made it.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from playwright.sync_api import Request as PageRequest

from mini_nvr.clock import SystemClock, to_datetime, to_utc_us
from mini_nvr.demo import DemoCamera, DemoRig
from mini_nvr.demo.live import LiveScene
from mini_nvr.demo.scenes import CAR_PARK, DOORWAY, STREET, WAREHOUSE
from mini_nvr.segment.volume import create_volume
from mini_nvr.supervisor.run import DEMO_HOST, free_port
from tests.e2e.recorder_process import RecorderProcess, camera_settings, wait_until
from tests.support.past import Projector, offline, write_run

USER, PASSWORD = "anna", "c4n4ry horse battery"
HOSTILE_NAME = "<img src=x onerror=alert(1)>"
ZONE = ZoneInfo("Europe/Berlin")
CHANNELS = 4
WALL = to_datetime(SystemClock().utc_us()).astimezone().tzinfo or UTC
"""The zone of the clocks in all pictures, as of the demo cameras: this machine's."""
_CHROMIUM_OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
_US_PER_S = 1_000_000


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
    """Footage of channel 1 from before the NVR was started, UTC microseconds: two files that join across the last local midnight
    but one, and after a minute without the camera another one."""

    start: int
    midnight: int
    gap_start: int
    gap_end: int
    end: int


def write_past(record_dir: Path) -> Past:
    now = to_datetime(SystemClock().utc_us(), ZONE)
    night = datetime.combine(now.date() - timedelta(days=1), time(0), ZONE).astimezone(UTC)
    midnight = to_utc_us(night)
    start, gap_start, gap_end = (midnight + seconds * _US_PER_S for seconds in (-60, 60, 120))
    projector = Projector(WALL)
    write_run(record_dir, 1, start, [60, 60], ZONE, projector=projector)
    write_run(record_dir, 1, gap_end, [60], ZONE, projector=projector, gap=offline(gap_start, gap_end))
    write_run(record_dir, 4, start, [60, 60], ZONE, projector=Projector(WALL, WAREHOUSE, "Warehouse"))
    return Past(start, midnight, gap_start, gap_end, gap_end + 60 * _US_PER_S)


@pytest.fixture(scope="session")
def nvr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nvr]:
    folder = tmp_path_factory.mktemp("viewer")
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
        names = {
            "CHANNEL_1_NAME": "Street",
            "CHANNEL_2_NAME": "Doorway",
            "CHANNEL_3_NAME": HOSTILE_NAME,
            "CHANNEL_4_NAME": "Warehouse",
        }
        settings = camera_settings(
            rig, CHANNELS, WEB_PORT=str(port), TZ=ZONE.key, SEGMENT_DURATION="20", SYNC_INTERVAL="2", **names
        )
        settings |= {"user1": USER, "pass1": PASSWORD, "CHANNEL_1_SUB_URL": rig.url(5), "MAX_STORAGE_GB": "5"}
        program = RecorderProcess(folder, settings, command=("run",))
        program.record_dir.mkdir(parents=True)
        create_volume(program.record_dir)
        past = write_past(program.record_dir)
        stack.callback(program.close)
        program.start()
        program.wait_recording(CHANNELS)
        found = Nvr(rig, program, port, past)
        wait_until(found.alive, "the web service", 20)
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the browser tests need Debian's chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_CHROMIUM_OPTIONS))
        yield browser
        browser.close()


class Watched:
    """What a page did that it must not do."""

    def __init__(self, page: Page, nvr: Nvr) -> None:
        self.errors: list[str] = []
        self._host = urlsplit(nvr.url).netloc
        page.on("pageerror", lambda error: self.errors.append(f"script error: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        harmless = "Failed to load resource" in message.text or "WebSocket connection to" in message.text
        if message.type == "error" and not harmless:  # answers that are refusals, and a server that is not there
            self.errors.append(f"console: {message.text}")

    def _request(self, request: PageRequest) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != self._host:
            self.errors.append(f"request to another host: {request.url}")


MakePage = Callable[..., Page]


@pytest.fixture(scope="session")
def signed_in_state(nvr: Nvr, chromium: Browser) -> Any:
    """The cookies of one sign-in by hand, for the tests that are about something else."""
    context = chromium.new_context(base_url=nvr.url)
    page = context.new_page()
    page.goto("/")
    sign_in(page)
    state = context.storage_state()
    context.close()
    return state


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation").wait_for()


@pytest.fixture
def make_page(nvr: Nvr, chromium: Browser, signed_in_state: Any) -> Iterator[MakePage]:
    """Opens pages, each in a browser of its own; `signed_in=False` for a stranger, other options as of `Browser.new_context`."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def make(path: str | None = "/", *, signed_in: bool = True, **options: Any) -> Page:
        options = {"viewport": {"width": 1400, "height": 900}, "timezone_id": ZONE.key, "locale": "en-GB", **options}
        context = chromium.new_context(base_url=nvr.url, storage_state=signed_in_state if signed_in else None, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watched.append(Watched(page, nvr))
        if path is not None:
            page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()
    errors = [error for one in watched for error in one.errors]
    assert not errors, "\n".join(errors)


@pytest.fixture
def page(make_page: MakePage) -> Page:
    """The watch page of somebody who is signed in."""
    return make_page()
