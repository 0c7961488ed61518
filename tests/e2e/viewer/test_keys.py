"""The keys do what the list says, whatever was clicked before, and reach what a pointer reaches."""

import re
from datetime import datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from mini_nvr.clock import US_PER_S, to_datetime, to_utc_us
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import ZONE, Nvr
from tests.e2e.viewer.screen import Screen, zone_time
from tests.e2e.viewer.time_axis import TimeAxis, address, query

IS_ON_TOP = """element => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return document.elementFromPoint(x + width / 2, y + height / 2) === element;
}"""


def open_paused(make_page: MakePage, at_us: int) -> tuple[Page, Screen]:
    page = make_page(address(at_us))
    screen = Screen(page)
    screen.wait_word(1, "RECORDED")
    screen.wait_shows(1, at_us)
    return page, screen


def tab_to(page: Page, name: str) -> Locator:
    """Press Tab until a button of that name has the focus."""
    focused = page.locator("button:focus")
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused.count() == 1 and focused.inner_text().strip() == name:
            return focused
    raise AssertionError(f"Tab does not reach {name}")


def test_a_range_is_selected_changed_and_exported_by_keys_alone(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    page, _ = open_paused(make_page, past.midnight)
    page.get_by_role("slider", name="Time").wait_for()
    tab_to(page, "Select range")
    page.keyboard.press("Enter")
    bar = page.get_by_label("Selected range")
    expect(bar.get_by_label("From")).to_be_focused()
    expect(bar).to_contain_text("1 min")
    page.keyboard.type(f"{zone_time(past.midnight - 10 * US_PER_S):%H:%M:%S}")
    page.keyboard.press("Enter")
    expect(bar).to_contain_text(re.compile(r"40(\.\d)? s"))
    expect(bar.get_by_role("button", name="Export")).to_be_enabled()
    tab_to(page, "Export")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".mp4")


def test_a_time_is_typed_in_full_screen(make_page: MakePage, nvr: Nvr) -> None:
    target = nvr.past.start + 17 * US_PER_S
    page, screen = open_paused(make_page, nvr.past.midnight)
    page.keyboard.press("f")
    screen.wait(lambda: bool(page.evaluate("() => document.fullscreenElement !== null")), "full screen")
    expect(page.get_by_role("slider", name="Time")).not_to_be_visible()
    page.keyboard.press("g")
    field = page.get_by_role("textbox", name="Time")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    assert field.evaluate(IS_ON_TOP), "it is seen over the wall"
    page.keyboard.type(f"{to_datetime(target, ZONE):%Y-%m-%d %H:%M:%S}")
    page.keyboard.press("Enter")
    screen.wait_shows(1, target)
    page.keyboard.press("f")
    expect(page.get_by_role("slider", name="Time")).to_be_visible()
    expect(page.get_by_role("navigation")).to_be_visible()


def test_keys_go_on_after_a_speed_was_chosen(make_page: MakePage, nvr: Nvr) -> None:
    page, _ = open_paused(make_page, nvr.past.start + 10 * US_PER_S)
    speed = page.get_by_label("Speed")
    speed.focus()
    speed.dispatch_event("pointerdown")  # the list that opens is the browser's own
    speed.select_option("2")
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(speed).to_have_value("2")


def test_keys_go_on_after_the_timeline_was_clicked(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    page, screen = open_paused(make_page, past.midnight + 40 * US_PER_S)
    axis = TimeAxis(page, past.midnight + 40 * US_PER_S)
    axis.click(past.midnight + 20 * US_PER_S)
    screen.wait_shows(1, past.midnight + 20 * US_PER_S, within_s=0.8)
    expect(axis.slider).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("Home")
    screen.wait(lambda: abs(told_us(page) - past.midnight) < US_PER_S, "the start of the day")
    page.keyboard.press("Home")
    before = to_utc_us(to_datetime(past.midnight, ZONE) - timedelta(days=1))
    screen.wait(lambda: abs(told_us(page) - before) < US_PER_S, "the start of the day before")


def told_us(page: Page) -> int:
    """The instant that the address bar tells."""
    return to_utc_us(datetime.fromisoformat(query(page)["at"]))
