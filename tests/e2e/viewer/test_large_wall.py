"""A wall of nine: all are live, and the cameras on the next page cost nothing; the one switched off says how to switch it on."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, WebSocket, expect

from mini_nvr.demo import DemoCamera, DemoRig
from mini_nvr.demo.live import LiveScene
from mini_nvr.demo.scenes import STREET
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.e2e.recorder_process import RecorderProcess
from tests.e2e.viewer.conftest import MakePage, sign_in
from tests.e2e.viewer.nvr import PASSWORD, USER
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.time_axis import query

PLACES: Final = 9
CAMERAS: Final = PLACES + 1
DISABLED: Final = CAMERAS + 1


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """An NVR with ten cameras, which are one small one under ten names: its pictures are made once. An eleventh is switched off."""
    port = free_port(DEMO_HOST, 0)
    with DemoRig([DemoCamera(1, LiveScene(STREET, "Street", size=(160, 90), fps=5), name="Street")]) as rig:
        settings = {"NUM_CHANNELS": str(DISABLED), "RTSP_URL_TEMPLATE": rig.url(1), "WEB_PORT": str(port)}
        settings |= {"user1": USER, "pass1": PASSWORD, f"CHANNEL_{DISABLED}_ENABLED": "false"}
        with RecorderProcess(tmp_path / "nvr", settings, command=("run",)) as program:
            program.wait_recording(CAMERAS, 180)
            yield f"http://{DEMO_HOST}:{port}"


class Streams:
    """The cameras whose live streams are open."""

    def __init__(self, page: Page) -> None:
        self._sockets: list[WebSocket] = []
        page.on("websocket", self._note)

    def _note(self, socket: WebSocket) -> None:
        self._sockets.append(socket)

    def open(self) -> list[int]:
        found = (re.search(r"/channel/(\d+)/live", one.url) for one in self._sockets if not one.is_closed())
        return sorted(int(match[1]) for match in found if match)


def test_nine_are_live_and_the_others_are_on_the_next_page(make_page: MakePage, url: str) -> None:
    page = make_page(None, signed_in=False, base_url=url)
    screen, streams = Screen(page), Streams(page)
    page.goto("/?layout=9")
    sign_in(page)
    for channel in range(1, PLACES + 1):
        screen.wait_word(channel, "LIVE")
    assert screen.tiles() == list(range(1, PLACES + 1))
    assert streams.open() == screen.tiles()
    page.get_by_role("button", name="Next page").click()
    screen.wait_word(CAMERAS, "LIVE")
    assert screen.tiles() == [CAMERAS, DISABLED]
    screen.wait(lambda: streams.open() == [CAMERAS], "the other streams being closed")
    assert screen.word(DISABLED) == "DISABLED"
    expect(screen.tile(DISABLED)).to_contain_text(f"CHANNEL_{DISABLED}_ENABLED")
    screen.wait(lambda: query(page).get("page") == str(PLACES), "the address having followed")
    page.reload()
    screen.wait_word(CAMERAS, "LIVE")
    assert screen.tiles() == [CAMERAS, DISABLED], "a reload stays on the page"
    pages = page.get_by_role("navigation")
    pages.get_by_role("link", name="Storage").click()
    page.get_by_role("heading", name="Storage").wait_for()
    pages.get_by_role("link", name="Watch").click()
    screen.wait_word(CAMERAS, "LIVE")
    assert screen.tiles() == [CAMERAS, DISABLED], "so does who comes back from another page"
