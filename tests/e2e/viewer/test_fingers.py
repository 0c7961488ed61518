"""What one finger does on a small phone: drags the timeline, takes a tile up after a moment, and finds all cameras in a column."""

import re

from playwright.sync_api import Page, expect

from mini_nvr.clock import US_PER_S
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import Nvr
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.time_axis import RULER_PX, TimeAxis, address

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


class Finger:
    """The only one on a page."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._at = (0.0, 0.0)

    def down(self, x: float, y: float) -> None:
        self._send("touchStart", x, y)

    def move(self, x: float, y: float, steps: int = 10) -> None:
        (from_x, from_y), share = self._at, 1 / steps
        for step in range(1, steps + 1):
            self._send("touchMove", from_x + (x - from_x) * step * share, from_y + (y - from_y) * step * share)

    def up(self) -> None:
        self._session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def _send(self, kind: str, x: float, y: float) -> None:
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        self._at = (x, y)


def centre(screen: Screen, channel: int) -> tuple[float, float]:
    """Of a tile, on the page."""
    box = screen.tile(channel).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_one_finger_drags_the_timeline_and_the_playhead_stays(make_page: MakePage, nvr: Nvr) -> None:
    middle = nvr.past.midnight
    page = make_page(address(middle), **PHONE)
    screen = Screen(page)
    screen.wait_word(1, "RECORDED")
    screen.pause()
    axis, finger = TimeAxis(page, middle), Finger(page)
    seen, before = screen.playhead(), axis.centre_us()
    left, top, width, _ = axis.box()
    finger.down(left + width - 40, top + RULER_PX)
    finger.move(left + width - 140, top + RULER_PX)
    page.wait_for_timeout(200)  # held still, so that nothing is thrown
    finger.up()
    dragged_us = round(100 * axis.us_per_px)
    screen.wait(lambda: abs(axis.centre_us() - before - dragged_us) <= 5 * axis.us_per_px, "the view having gone with the finger")
    assert screen.playhead() == seen


def test_a_finger_that_rests_takes_a_tile_up_and_puts_it_elsewhere(make_page: MakePage) -> None:
    page = make_page("/", **PHONE)
    screen, finger = Screen(page), Finger(page)
    screen.wait_word(1, "LIVE")
    finger.down(*centre(screen, 1))
    expect(screen.tile(1)).to_have_class(re.compile("carried"))
    finger.move(*centre(screen, 2))
    expect(screen.tile(2)).to_have_class(re.compile("target"))
    finger.up()
    screen.wait(lambda: screen.tiles()[:2] == [2, 1], "camera 1 second")


def test_a_column_of_tiles_has_no_pages_and_a_range_can_take_all_of_them(make_page: MakePage, nvr: Nvr) -> None:
    middle = nvr.past.midnight
    page = make_page(address(middle, layout="1").replace("&view=single", ""), **PHONE)
    screen = Screen(page)
    screen.wait_word(1, "RECORDED")
    assert screen.tiles() == [1, 2, 3, 4]
    for name in ("Layout", "Next page"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.get_by_role("button", name="Select range").click()
    TimeAxis(page, middle).drag(middle - 20 * US_PER_S, middle + 20 * US_PER_S)
    expect(page.get_by_label("Selected range").get_by_role("checkbox", name="All 4")).to_be_visible()
