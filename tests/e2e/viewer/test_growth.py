"""What the recorder writes is seen as it is written: new files in the list, and how much happened as heights on the timeline."""

import numpy as np
from numpy.typing import NDArray

from mini_nvr.clock import US_PER_S
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import Nvr
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.time_axis import TimeAxis, address, is_teal

AWAIT_NEW_FILE = """(channel) => new Promise((done) => {
  const source = new EventSource("/api/events");
  source.onmessage = (message) => {
    const news = JSON.parse(message.data);
    if (news.event !== "segmentOpened" || news.channel !== channel) return;
    source.close();
    const began = performance.now();
    const first = () => document.querySelector("main li time")?.textContent;
    const before = first();
    const look = (now) => (first() === before && now - began < 60_000 ? requestAnimationFrame(look) : done(now - began));
    requestAnimationFrame(look);
  };
})"""
"""Milliseconds, as the browser counts them, from the recorder's word that a file was begun until another one heads the list."""

BAND = slice(40, 96)
"""The rows of the picture that the selected camera's band takes."""


def test_a_file_that_is_begun_is_listed_within_two_seconds(make_page: MakePage) -> None:
    page = make_page("/recordings?channel=4")
    page.get_by_role("listitem").first.wait_for()
    took_ms = page.evaluate(AWAIT_NEW_FILE, 4)
    assert 0 < took_ms <= 2_000, f"{took_ms} ms"


def test_activity_is_drawn_as_heights(make_page: MakePage, nvr: Nvr) -> None:
    start, seconds = nvr.past.start + 2 * US_PER_S, 50
    middle = start + seconds * US_PER_S // 2
    page = make_page(address(middle, seconds_per_px=0.05, camera=4), color_scheme="dark")
    screen = Screen(page)
    screen.wait_word(4, "RECORDED")
    end = start + seconds * US_PER_S
    asked = page.request.get(f"/api/timeline?start={start // 1000}&end={end // 1000}&channels=4&resolution=1")
    rates = asked.json()["channels"][0]["activity"]["bytesPerSecond"]
    axis = TimeAxis(page, middle, 0.05)

    def agree() -> bool:
        heights = [height(part) for part in np.array_split(axis.picture(start, end), seconds, axis=1)]
        return len(set(heights)) > 2 and float(np.corrcoef(heights, rates)[0, 1]) > 0.8

    screen.wait(agree, "the busiest seconds being the highest")


def height(pixels: NDArray[np.int32]) -> int:
    """Of the bright bar in the band, whose ground says only that it is recorded."""
    bright = is_teal(pixels[BAND]) & (pixels[BAND][..., 1] > 150)
    return int(np.median(bright.sum(axis=0)))
