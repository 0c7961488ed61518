"""An upgrade as its owner does it: the `.env` and the recordings of the product before us, and `mini-nvr run`.

Everything that was recorded is listed and plays, frame for frame; everybody who could sign in still can; recording goes on.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from mini_nvr.auth.passwords import bcrypt_hash
from mini_nvr.clock import SystemClock
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST, wait_for_port
from tests.e2e.recorder_process import RecorderProcess
from tests.support.foreign_files import X264_B, X265, make, pictures
from tests.support.web import Browser

DAY, FLAT = "2023-11-14", "20231114"
OLD: dict[int, dict[str, dict[str, Any]]] = {
    1: {f"ch1/{DAY}/100000.mkv": {"audio": ("-c:a", "pcm_alaw")}, f"ch1/{DAY}/100003.mkv": {"video": X264_B}},
    2: {f"ch2/{DAY}/230000.mp4": {"video": X265, "audio": ("-c:a", "aac"), "rate": 16_000}},
    3: {f"ch3_{FLAT}_100000.mkv": {}, f"ch3_{FLAT}_100003.mp4": {}},
}
OLD_FILES = 5
USERS = {"anna": "correct horse battery", "bert": "stable staple 77", "Carla": "geheim"}
CAMERA_PASSWORD = "s3cret$1"
START_TIMES = {1: ["10:00:00", "10:00:03"], 2: ["23:00:00"], 3: ["10:00:00", "10:00:03"]}
OURS = re.compile(r"ch\d/\d{4}-\d{2}-\d{2}/\d{6}[+-]\d{4}\.mp4")
START_TIMEOUT_S = 60.0
FOUND_WITHIN_S = 120.0


def old_env(rig: DemoRig, folder: Path, port: int) -> str:
    """Every variable that the product before us had, as its example wrote them."""
    return f"""\
# DVR
DVR_IP=127.0.0.1
DVR_USER=admin
DVR_PASS={CAMERA_PASSWORD}
DVR_PORT={rig.port}
RTSP_URL_TEMPLATE=rtsp://{{user}}:{{pass}}@{{ip}}:{{port}}/stream{{channel}}
NUM_CHANNELS=3

# Recording
SEGMENT_DURATION=300
RECORD_DIR={folder / "recordings"}
MAX_STORAGE_GB=500
CLEANUP_INTERVAL=60

# Web
WEB_PORT={port}
SECRET_KEY=0f6b1c9ad34e78825d1f0ab7c4e693d2
user1=anna
pass1={bcrypt_hash(USERS["anna"])}
user2=bert
pass2={USERS["bert"]}
user3=Carla
pass3={USERS["Carla"]}

LOG_FILE={folder / "nvr.log"}
TZ=Europe/Berlin
"""


@dataclass(frozen=True)
class Upgraded:
    """The program on an old folder. `films`: the pictures of each file as they were before, by channel, oldest first."""

    program: RecorderProcess
    port: int
    films: dict[int, list[list[str]]]
    cookies: dict[str, httpx.Cookies] = field(default_factory=dict)

    async def signed_in(self, user: str = "anna") -> Browser:
        """The user's browser; it signs in once, as five a minute is all that an address may."""
        async with asyncio.timeout(START_TIMEOUT_S):
            await wait_for_port(DEMO_HOST, self.port, SystemClock())
        browser = Browser(base_url=f"http://{DEMO_HOST}:{self.port}", timeout=30, cookies=self.cookies.get(user))
        if user not in self.cookies:
            answer = await browser.sign_in(user, USERS[user])
            assert answer.status_code == 200, answer.text
            self.cookies[user] = browser.cookies
        return browser


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    folder = tmp_path_factory.mktemp("upgraded")
    films: dict[int, list[list[str]]] = {}
    for channel, files in OLD.items():
        made = (make(folder / "recordings" / path, **how) for path, how in files.items())
        films[channel] = [pictures(path) for path in made]
    with DemoRig([DemoCamera(number, ClipSource()) for number in OLD], user="admin", password=CAMERA_PASSWORD) as rig:
        port = free_port(DEMO_HOST, 0)
        program = RecorderProcess(folder, {}, command=("run",))
        program.env_file.write_text(old_env(rig, folder, port))
        with program:
            yield Upgraded(program, port, films)


async def recordings(browser: Browser, channel: int) -> list[dict[str, Any]]:
    """What the API lists of the old day, oldest first."""
    answer = await browser.get(f"/api/channel/{channel}/recordings", params={"date": DAY})
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["recordings"]
    return sorted(listed, key=lambda item: item["start"])


async def taken_over(browser: Browser) -> dict[int, list[dict[str, Any]]]:
    """The old day, once all of it can be played; what cannot be yet is listed all the same."""
    async with asyncio.timeout(FOUND_WITHIN_S):
        while True:
            listed = {channel: await recordings(browser, channel) for channel in OLD}
            names = [item["name"] for items in listed.values() for item in items]
            if len(names) == OLD_FILES and all(OURS.fullmatch(name) for name in names):
                return listed
            await asyncio.sleep(0.2)


async def test_the_old_footage_is_listed_and_plays_frame_for_frame(upgraded: Upgraded, tmp_path: Path) -> None:
    async with aclosing(await upgraded.signed_in()) as browser:
        listed = await taken_over(browser)
        for channel, items in listed.items():
            dates = await browser.get("/api/dates", params={"channel": channel})
            assert DAY in dates.json()["dates"]
            assert [item["startTime"] for item in items] == START_TIMES[channel]
            for item, before in zip(items, upgraded.films[channel], strict=True):
                answer = await browser.get(f"/api/segments/{item['id']}.mp4")
                film = tmp_path / f"{item['id']}.mp4"
                film.write_bytes(answer.content)
                assert pictures(film) == before
            whole = {"start": items[0]["datetime"], "end": f"{DAY}T23:59:59+01:00"}
            playlist = await browser.get(f"/api/channel/{channel}/playlist.m3u8", params=whole)
            assert playlist.text.count("#EXTINF") >= len(items)


@pytest.mark.parametrize("user", USERS)
async def test_everybody_signs_in_as_before(upgraded: Upgraded, user: str) -> None:
    async with aclosing(await upgraded.signed_in(user)) as browser:
        assert (await browser.get("/api/me")).json()["user"] == user


async def test_the_cameras_are_recorded_with_the_old_settings(upgraded: Upgraded) -> None:
    await asyncio.to_thread(upgraded.program.wait_recording, len(OLD), FOUND_WITHIN_S)
    async with aclosing(await upgraded.signed_in()) as browser:
        config = (await browser.get("/api/config")).json()
    assert (config["numChannels"], config["segmentDuration"], config["timeZone"]) == (3, 300, "Europe/Berlin")


async def test_a_short_password_is_told_and_not_shown(upgraded: Upgraded) -> None:
    async with aclosing(await upgraded.signed_in()):
        told = upgraded.program.log()
    assert "the password of Carla has fewer than 8 characters" in told
    assert not any(password in told for password in (*USERS.values(), CAMERA_PASSWORD))
