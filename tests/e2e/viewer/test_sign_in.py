"""Signing in by hand: refusals say why, a session that ends brings the page back to the same place."""

import re

from playwright.sync_api import Page, expect

from mini_nvr.clock import US_PER_S
from tests.e2e.viewer.conftest import MakePage, sign_in
from tests.e2e.viewer.nvr import PASSWORD, USER, Nvr
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.test_scrubbing import take_playhead
from tests.e2e.viewer.time_axis import TimeAxis, address


def test_a_stranger_sees_nothing_but_the_door(make_page: MakePage) -> None:
    page = make_page("/recordings", signed_in=False)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_text("Street")).to_have_count(0)


def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_page_asked_for(make_page: MakePage) -> None:
    page = make_page("/storage", signed_in=False)
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    assert page.get_by_label("Password", exact=True).input_value() == ""
    sign_in(page)
    expect(page).to_have_url(re.compile("/storage$"))
    expect(page.get_by_role("heading", name="Storage")).to_be_visible()


def test_all_cameras_are_live_soon_after_signing_in(make_page: MakePage) -> None:
    page = make_page("/", signed_in=False)
    sign_in(page)
    screen = Screen(page)
    for channel in (1, 3, 4):
        screen.wait_word(channel, "LIVE")
    assert screen.tiles() == [1, 2, 3, 4]


def test_a_session_that_ended_elsewhere_leads_back_to_the_same_place(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page("/", signed_in=False)
    sign_in(page)
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    screen.go_to(nvr.past.start + 30_000_000)
    screen.alone(1)
    screen.pause()
    page.wait_for_timeout(1500)  # the address follows once a second
    before = screen.playhead()
    address = page.url
    end_session_elsewhere(page)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("status").first).to_contain_text(re.compile("session", re.IGNORECASE))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    screen.wait_word(1, "RECORDED")
    assert page.url == address
    assert screen.playhead()[:8] == before[:8]
    assert screen.tiles() == [1]


def test_a_session_that_ends_while_live_is_told_and_live_goes_on_after_it(make_page: MakePage) -> None:
    page = make_page("/", signed_in=False)
    sign_in(page)
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    end_session_elsewhere(page)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("status").first).to_contain_text(re.compile("session", re.IGNORECASE))
    assert screen.tiles() == [], "who is signed out sees no camera"
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    screen.wait_live(1)


def test_a_session_that_ends_while_the_playhead_is_dragged_leads_back_to_where_it_was(make_page: MakePage, nvr: Nvr) -> None:
    at, there = nvr.past.start + 10 * US_PER_S, nvr.past.start + 40 * US_PER_S
    page = make_page(address(at), signed_in=False)
    sign_in(page)
    screen, axis = Screen(page), TimeAxis(page, at)
    screen.wait_shows(1, at)
    take_playhead(axis, at)(there)
    screen.wait(lambda: abs(axis.now_s() - there // US_PER_S) <= 1, "the playhead being where the hand is")
    end_session_elsewhere(page)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=60_000)
    page.mouse.up()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    screen.wait_shows(1, there, within_s=1.5)
    shown = screen.clock(1)
    screen.play()
    screen.wait(lambda: screen.clock(1) not in {shown, None}, "it playing on")


def end_session_elsewhere(page: Page) -> None:
    """As from another device: the page itself is not told."""
    token = next(cookie["value"] for cookie in page.context.cookies() if "csrf" in cookie["name"])
    answer = page.request.post("/api/logout", headers={"X-CSRF-Token": token})
    assert answer.ok


def test_signing_out_ends_it(make_page: MakePage) -> None:
    page = make_page("/", signed_in=False)
    sign_in(page)
    page.goto("/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.request.get("/api/config").status == 401
