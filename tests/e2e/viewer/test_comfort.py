"""For everybody: screen readers, keys, fingers, small screens, both themes, and as an app of its own."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from mini_nvr.clock import US_PER_S
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import AROUND_US, Nvr
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.time_axis import TimeAxis, address

AXE: Final = Path(__file__).parents[3] / "web/node_modules/axe-core/axe.min.js"
SERIOUS: Final = {"serious", "critical"}
PAGES: Final = {
    "watch": "/",
    "recordings": "/recordings?channel=1",
    "storage": "/storage",
    "account": "/account",
    "sign-in": "/",
}
TOUCH_PX: Final = 44
BAR_WIDTHS: Final = (701, 740, 820, 960, 961, 1024, 1180, 1300)
"""Phones on their side, tablets, and windows on desks; about where the bar changes."""


def violations(page: Page) -> list[str]:
    """What axe-core finds that is serious, with the elements."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]


def opened(make_page: MakePage, name: str, **options: object) -> Page:
    page = make_page(PAGES[name], signed_in=name != "sign-in", **options)
    if name == "watch":
        Screen(page).wait_word(1, "LIVE")
    else:
        page.get_by_role("heading").first.wait_for()
        page.wait_for_timeout(700)
    return page


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_violation(make_page: MakePage, name: str, theme: str) -> None:
    assert violations(opened(make_page, name, color_scheme=theme)) == []


def test_axe_finds_none_in_playback_with_a_range(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page(address(nvr.past.midnight))
    with_a_range(page, nvr)
    assert violations(page) == []
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


def with_a_range(page: Page, nvr: Nvr) -> None:
    """Select 40 s of footage."""
    Screen(page).wait_word(1, "RECORDED")
    page.get_by_role("button", name="Select range").click()
    TimeAxis(page, nvr.past.midnight).drag(nvr.past.midnight - 20 * US_PER_S, nvr.past.midnight + 20 * US_PER_S)
    expect(page.get_by_label("Selected range").get_by_role("button", name="Export")).to_be_enabled()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_small_phone(make_page: MakePage, name: str) -> None:
    page = opened(make_page, name, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert page.evaluate("() => document.documentElement.clientWidth") <= 360


@pytest.mark.parametrize("name", PAGES)
def test_what_a_finger_touches_is_large_enough(make_page: MakePage, name: str) -> None:
    page = opened(make_page, name, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert too_small(page) == []


def test_playback_with_a_range_is_for_fingers_and_a_small_phone(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page(address(nvr.past.midnight), viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    with_a_range(page, nvr)
    assert too_small(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_what_opens_over_the_page_is_for_fingers_and_a_small_phone(make_page: MakePage, nvr: Nvr) -> None:
    start, end = nvr.past.gap_end, nvr.past.end
    middle = (start + end) // 2
    page = make_page(address(middle), viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    Screen(page).wait_word(1, "RECORDED")

    def fits(opened: Locator) -> None:
        expect(opened).to_be_in_viewport(ratio=0.99)
        assert too_small(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360

    for key, opened in (("g", page.get_by_role("form", name="Go to a time")), ("?", page.get_by_role("dialog"))):
        page.keyboard.press(key)
        fits(opened)
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
    page.get_by_role("button", name="Select range").click()
    TimeAxis(page, middle).drag(start - 5 * US_PER_S, end + 5 * US_PER_S)
    page.get_by_label("Selected range").get_by_role("button", name="Delete").click()
    fits(page.get_by_role("dialog"))
    page.get_by_role("button", name="Delete 1 file").click()
    undo = page.get_by_role("button", name="Undo")
    fits(undo)
    undo.click()


@pytest.mark.parametrize("finger", [False, True])
def test_all_of_the_bar_is_seen_however_wide_the_page(make_page: MakePage, nvr: Nvr, finger: bool) -> None:
    hour_twice = nvr.past.back + AROUND_US  # the time has the zone's name behind it
    page = make_page(address(hour_twice, camera=4), has_touch=finger, is_mobile=finger)
    Screen(page).wait_word(4, "RECORDED")
    expect(page.get_by_role("button", name=re.compile("CET.*go to a time"))).to_be_visible()
    bar = page.get_by_role("group", name="Playing")
    for width in BAR_WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        for control in (bar.get_by_role("button", name="LIVE"), page.get_by_role("button", name="Full screen").last):
            expect(control).to_be_in_viewport(ratio=0.99)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_a_tablet_has_a_layout_menu_and_small_maps_for_fingers(make_page: MakePage) -> None:
    page = make_page("/?layout=9", viewport={"width": 820, "height": 1180}, has_touch=True, is_mobile=True)
    screen = Screen(page)
    screen.wait_word(4, "LIVE")
    box = screen.tile(4).bounding_box()
    assert box is not None
    screen.pinch(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 40, 120)
    expect(page.get_by_role("button", name=re.compile(r"Zoomed \d\.\d times"))).to_be_visible()
    page.get_by_role("button", name="Layout").click()
    expect(page.get_by_role("group", name="Layout")).to_be_in_viewport(ratio=0.99)
    assert too_small(page) == []


def too_small(page: Page) -> list[str]:
    """What a finger should meet and hardly can."""
    found: list[str] = page.evaluate(
        """least => ["button", "a[href]", "select", "[role=slider]", "input:not([type=radio], [type=checkbox])"]
          .flatMap(kind => [...document.querySelectorAll(kind)])
          .filter(element => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
          .filter(element => !element.closest(".visually-hidden"))
          .map(element => [element.getBoundingClientRect(), element.outerHTML.slice(0, 140)])
          .filter(([box]) => box.width > 1 && (box.width < least - 0.5 || box.height < least - 0.5))
          .map(([box, html]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`)""",
        TOUCH_PX,
    )
    return found


def test_all_of_it_is_reached_by_keys(page: Page) -> None:
    Screen(page).wait_word(1, "LIVE")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent")
        )
    for name in ("Recordings", "Storage", "Account", "Time", "Layout", "Pause"):
        assert name in reached, f"{name} is not among {sorted(str(one) for one in reached)}"


def test_the_slider_speaks(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page(address(nvr.past.start + 30 * US_PER_S))
    slider = page.get_by_role("slider", name="Time")
    Screen(page).wait_word(1, "RECORDED")
    expect(slider).to_have_attribute("aria-valuemin", re.compile(r"^\d+$"))
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\b(23|11)\b.*59"))


def test_the_live_streams_of_the_last_time_are_opened_at_once_and_no_others(page: Page) -> None:
    screen = Screen(page)
    for channel in (1, 4):
        screen.wait_word(channel, "LIVE")
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(urlsplit(socket.url).path))
    page.reload()
    for channel in (1, 4):
        screen.wait_word(channel, "LIVE")
    assert page.evaluate("miniNvrEarly.streams.size") == 0, "each was taken by its tile"
    assert sorted(set(opened)) == sorted(opened), "none was opened twice"


def test_it_can_be_installed_as_an_app(page: Page) -> None:
    link = page.locator("link[rel=manifest]").get_attribute("href")
    assert link is not None
    manifest = page.request.get(link).json()
    assert manifest["name"]
    assert manifest["display"] == "standalone"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        assert page.request.get(icon["src"]).ok


def test_a_browser_in_another_zone_is_told(make_page: MakePage) -> None:
    page = make_page("/storage", timezone_id="Asia/Kathmandu")
    expect(page.get_by_text("Europe/Berlin").first).to_be_visible()
