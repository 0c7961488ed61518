"""What goes wrong around the page is said on it, in plain words, and is over by itself when its cause is."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.cut_line import CutLine
from tests.e2e.viewer.nvr import Nvr
from tests.e2e.viewer.screen import Screen, now_us, zone_time

CAMERA = 4
TIME_THE_WORD = """(channel) => {
  const tile = document.querySelector(`[data-channel="${channel}"]`);
  let paintedMs = performance.now();
  for (const video of tile.querySelectorAll("video")) {
    const painted = () => { paintedMs = performance.now(); video.requestVideoFrameCallback(painted); };
    video.requestVideoFrameCallback(painted);
  }
  window.stoodMs = null;
  new MutationObserver(() => {
    if (tile.dataset.state !== "LIVE") window.stoodMs ??= performance.now() - paintedMs;
  }).observe(tile, { attributeFilter: ["data-state"] });
}"""
"""Notes how long after the last frame the tile says that it is not live any more, as the browser itself counts it: two seconds,
which are tested to the moment without a browser (`tile_live.test.ts`), and what Chromium needs to notice; less when the recorder
says it first."""

NOTE_WORDS = """() => {
  window.words = new Set();
  const note = () => document.querySelectorAll("[role=status]").forEach((one) => window.words.add(one.textContent));
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
"""Notes all that was said: a service is started again at once, and what is said until then is not there for long."""


@pytest.fixture
def camera_4(nvr: Nvr) -> Iterator[None]:
    """Mended at the end, whatever the test did to it."""
    yield
    nvr.rig.camera(CAMERA).faults.clear()
    nvr.program.wait_recording(4)


@pytest.mark.usefixtures("camera_4")
def test_a_picture_that_stands_never_looks_live(page: Page, nvr: Nvr) -> None:
    screen = Screen(page)
    screen.wait_live(CAMERA)
    page.evaluate(TIME_THE_WORD, CAMERA)
    nvr.rig.camera(CAMERA).faults.stalled = True
    stalled = now_us()
    screen.wait(lambda: screen.word(CAMERA) != "LIVE", "the tile to notice")
    stood_ms = page.evaluate("() => window.stoodMs")
    assert 0 < stood_ms <= 3_000, f"it was called live for {stood_ms} ms after its last frame"
    expect(screen.tile(CAMERA)).to_contain_text(re.compile("No picture|Offline"))
    expect(screen.tile(CAMERA)).to_contain_text(
        re.compile(f"since {zone_time(stalled):%H:%M}|last picture {zone_time(stalled):%H:%M}")
    )
    picture = screen.tile(CAMERA).locator(".picture")
    assert "grayscale" in picture.evaluate("element => getComputedStyle(element).filter")
    nvr.rig.camera(CAMERA).faults.stalled = False
    screen.wait_live(CAMERA)
    assert screen.word(CAMERA) == "LIVE"


@pytest.mark.usefixtures("camera_4")
def test_a_camera_that_was_unplugged_says_since_when_and_why(page: Page, nvr: Nvr) -> None:
    screen = Screen(page)
    screen.wait_live(CAMERA)
    before = now_us()
    nvr.rig.camera(CAMERA).faults.not_found = True
    nvr.rig.camera(CAMERA).faults.drop_connections(reset=True)
    screen.wait_word(CAMERA, "OFFLINE")
    minutes = "|".join(f"{zone_time(at):%H:%M}" for at in (before, before + 60_000_000))
    expect(screen.tile(CAMERA)).to_contain_text(re.compile(f"Offline since ({minutes})"))
    expect(screen.tile(CAMERA)).to_contain_text("the camera has no such stream")
    expect(screen.tile(CAMERA)).to_contain_text("correct the stream's address in the settings")
    expect(screen.tile(CAMERA).get_by_title("is being recorded")).to_have_count(0)
    screen.wait_word(1, "LIVE")  # the others go on
    nvr.rig.camera(CAMERA).faults.clear()
    screen.wait_live(CAMERA)


def test_a_recorder_that_died_is_told_and_all_come_back(page: Page, nvr: Nvr) -> None:
    screen = Screen(page)
    screen.wait_live(1)
    page.evaluate(NOTE_WORDS)
    nvr.kill("recorder")
    screen.wait(lambda: said(page, "The recorder is not running since"), "the banner")
    for channel in (1, 3, 4):
        screen.wait_word(channel, "LIVE")
        screen.wait_live(channel)
    expect(page.get_by_text("The recorder is not running")).to_have_count(0)


def test_a_web_service_that_died_is_told_and_all_come_back(page: Page, nvr: Nvr) -> None:
    screen = Screen(page)
    screen.wait_live(1)
    page.evaluate(NOTE_WORDS)
    nvr.kill("web")
    screen.wait(lambda: said(page, "No connection to the recorder since"), "the banner")
    screen.wait(nvr.alive, "the service")
    for channel in (1, 3, 4):
        screen.wait_live(channel)
    expect(page.get_by_text("No connection to the recorder")).to_have_count(0, timeout=60_000)


def said(page: Page, words: str) -> bool:
    return any(words in text for text in page.evaluate("() => [...window.words]"))


def test_a_line_that_is_cut_for_ten_seconds(make_page: MakePage, nvr: Nvr) -> None:
    with CutLine(nvr.port) as line:
        page = make_page(None, base_url=f"http://127.0.0.1:{line.port}")
        page.goto("/")
        screen = Screen(page)
        screen.wait_live(1)
        line.cut()
        screen.wait(lambda: screen.word(1) != "LIVE", "the tile to notice", 30)
        banner = page.get_by_text(re.compile(r"No connection to the recorder since .*\d{2}:\d{2}"))
        expect(banner).to_be_visible(timeout=60_000)
        page.wait_for_timeout(4_000)
        expect(screen.tile(1)).not_to_contain_text("is not running")  # nobody on this side of the cut can know
        line.mend()
        screen.wait_live(1)
        expect(banner).to_have_count(0, timeout=60_000)
        screen.wait_word(4, "LIVE")
