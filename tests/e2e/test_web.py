"""The whole program, watched from outside: live pictures go on after the recorder was killed, and footage plays while it grows."""

import asyncio
from contextlib import aclosing, suppress
from io import BytesIO
from pathlib import Path

import av
import httpx
import psutil
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from mini_nvr.clock import SystemClock
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.live.protocol import KIND_EVENT, KIND_HEADER, KIND_INIT, KIND_PART, read_part
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST, wait_for_port
from tests.e2e.recorder_process import RecorderProcess, camera_settings
from tests.support.served import cookies_of
from tests.support.web import Browser

USER, PASSWORD = "anna", "c4n4ry horse battery"
PARTS = 20


async def signed_in(port: int) -> Browser:
    async with asyncio.timeout(120):
        await wait_for_port("127.0.0.1", port, SystemClock())
    browser = Browser(base_url=f"http://127.0.0.1:{port}", timeout=60)
    assert (await browser.sign_in(USER, PASSWORD)).status_code == 200
    return browser


async def watched(browser: Browser, port: int) -> bytes:
    """The init segment and the first parts, with the pictures alone."""
    url = f"ws://127.0.0.1:{port}/api/channel/1/live"
    async with asyncio.timeout(60), connect(url, additional_headers={"Cookie": cookies_of(browser)}, proxy=None) as live:
        header = await live.recv()
        while header[0] == KIND_EVENT:  # there is no picture yet
            header = await live.recv()
        assert header[0] == KIND_HEADER
        init = await live.recv()
        assert isinstance(init, bytes)
        assert init[0] == KIND_INIT
        found = [init[1:]]
        while len(found) <= PARTS:
            message = await live.recv()
            assert isinstance(message, bytes)
            if message[0] == KIND_PART:
                found.append(read_part(message).data)
    return b"".join(found)


def pictures(data: bytes) -> int:
    with av.open(BytesIO(data), "r") as container:
        return sum(1 for _ in container.decode(video=0))


async def test_viewers_come_back_after_the_recorder_was_killed(tmp_path: Path) -> None:
    port = free_port(DEMO_HOST, 0)
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        settings = camera_settings(rig, 1, user1=USER, pass1=PASSWORD, WEB_PORT=str(port))
        program = RecorderProcess(tmp_path, settings, command=("run",))
        program.start(wait=False)
        try:
            async with aclosing(await signed_in(port)) as browser:
                assert pictures(await resumed(browser, port)) >= PARTS - 1
                kill_recorder(program)
                assert pictures(await resumed(browser, port)) >= PARTS - 1
        finally:
            await asyncio.to_thread(program.close)
    assert PASSWORD not in program.log()


def kill_recorder(program: RecorderProcess) -> None:
    for service in psutil.Process(program.pid).children():
        if "recorder" in service.cmdline():
            service.kill()
            return
    raise AssertionError("there is no recorder to kill")


async def resumed(browser: Browser, port: int) -> bytes:
    """What a viewer gets that connects until it does."""
    async with asyncio.timeout(120):
        while True:
            with suppress(WebSocketException, httpx.HTTPError):
                return await watched(browser, port)
            await asyncio.sleep(0.2)
