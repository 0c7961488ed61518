"""The address bar says what is watched: a reload, a step back and a shared link land on the same frame."""

from typing import Final
from urllib.parse import parse_qs

from playwright.sync_api import expect

from mini_nvr.clock import US_PER_S
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import Nvr
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.time_axis import address, query

PRESSED: Final = """async key => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await new Promise(done => setTimeout(done));
  return location.search;
}"""
"""Presses a key; what the address says in the next turn. A browser reloads what it last heard of, which may be a moment later."""


def test_a_reload_and_a_shared_link_show_the_same_frame(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page(address(nvr.past.start + 23 * US_PER_S))
    screen = Screen(page)
    screen.wait_word(1, "RECORDED")
    screen.wait(lambda: screen.clock(1) is not None, "a picture")
    screen.speed("2")
    screen.play()
    page.wait_for_timeout(1500)
    screen.pause()
    page.wait_for_timeout(1500)
    seen = screen.clock(1)
    assert seen is not None
    shared = page.url
    page.reload()
    screen.wait(lambda: screen.clock(1) == seen, f"the frame of {seen} after a reload")
    other = Screen(make_page(shared))
    other.wait(lambda: other.clock(1) == seen, f"the frame of {seen} elsewhere")
    assert other.page.get_by_label("Speed").input_value() == "2"


def test_a_choice_stands_in_the_address_at_once_and_a_reload_finds_it(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page(address(nvr.past.start + 5 * US_PER_S))
    screen = Screen(page)
    screen.wait_word(1, "RECORDED")
    screen.play()
    for key, name, said in (("-", "speed", "0.5"), ("4", "camera", "4")):
        chosen = page.evaluate(PRESSED, key)
        assert parse_qs(chosen.removeprefix("?"))[name] == [said]
    screen.wait(lambda: query(page).get("camera") == "4", "the browser having heard of it")
    page.reload()
    screen.wait_word(4, "RECORDED")
    assert screen.tiles() == [4]
    assert page.get_by_label("Speed").input_value() == "0.5"
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def test_back_returns_to_where_one_was(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page("/?camera=1&view=single")
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    screen.go_to(nvr.past.start + 10 * US_PER_S)
    screen.wait_word(1, "RECORDED")
    page.get_by_role("link", name="Storage").click()
    page.get_by_role("heading", name="Storage").wait_for()
    page.go_back()
    screen.wait_word(1, "RECORDED")
    page.go_back()
    screen.wait_word(1, "LIVE")


def test_a_link_shows_the_cameras_as_they_stood_for_who_made_it(make_page: MakePage) -> None:
    page = make_page("/storage")
    page.evaluate("() => localStorage.setItem('mini-nvr.order', '4,3,2,1')")
    screen = Screen(page)
    page.goto("/")
    screen.wait_word(4, "LIVE")
    assert screen.tiles() == [4, 3, 2, 1], "who comes without a link finds them as they were left"
    page.goto("/?layout=2x1")
    screen.wait(lambda: len(screen.tiles()) == 2, "two tiles")
    screen.wait_word(1, "LIVE")
    assert screen.tiles() == [1, 2]


def test_zoom_and_cameras_stand_in_the_address(make_page: MakePage, nvr: Nvr) -> None:
    at = nvr.past.start + 10 * US_PER_S
    page = make_page(address(at, seconds_per_px=2.0, camera=4))
    screen = Screen(page)
    screen.wait_word(4, "RECORDED")
    screen.pause()
    page.wait_for_timeout(1000)
    said = query(page)
    assert said["camera"] == "4"
    assert said["view"] == "single"
    assert float(said["zoom"]) == 2.0
    assert said["at"].startswith("20")
