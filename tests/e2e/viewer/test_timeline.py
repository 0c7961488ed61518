"""The timeline under a person's hands: what is drawn is what was recorded, and every gesture does what it should."""

import re

import pytest
from playwright.sync_api import expect

from mini_nvr.clock import US_PER_S, to_datetime
from tests.e2e.viewer import burnt_clock
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import ZONE, Nvr
from tests.e2e.viewer.screen import Screen, now_us, wall_time, zone_time
from tests.e2e.viewer.time_axis import BAND_PX, RULER_PX, TimeAxis, address, is_amber, query

SHARP = 3
"""So many pixels for one make the clock in a preview readable."""
NOW_AT = 0.88
"""Where now stands while it is followed, of the width."""

LONGEST_MOTION_S = """() => Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
    const { transitionDuration, animationDuration, animationName } = getComputedStyle(element);
    const lasts = animationName === "none" ? transitionDuration : `${transitionDuration}, ${animationDuration}`;
    return lasts.split(", ").map(parseFloat);
}))"""
"""Of all transitions and animations of the page."""
DELETE_AND_WATCH = """async ([path, token, x, y]) => {
  const canvas = document.querySelector("[role=slider] canvas");
  const scale = canvas.width / canvas.clientWidth;
  const isFootage = () => {
    const [red, green, blue] = canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data;
    return green > red + 20 && green >= blue;
  };
  if (!isFootage()) return -1;
  const began = performance.now();
  const answer = fetch(`/api/recording?path=${encodeURIComponent(path)}`, { method: "DELETE", headers: { "X-CSRF-Token": token } });
  const drawn = new Promise((done) => {
    const look = (now) => (isFootage() && now - began < 60_000 ? requestAnimationFrame(look) : done(now - began));
    requestAnimationFrame(look);
  });
  return (await answer).ok ? await drawn : -2;
}"""
"""Deletes a file behind the back of the page's own script, which only has the recorder's news; the milliseconds until it is drawn,
as the browser itself counts them."""


def open_past(make_page: MakePage, at_us: int, seconds_per_px: float = 0.5, **more: object) -> tuple[Screen, TimeAxis]:
    page = make_page(address(at_us, seconds_per_px=seconds_per_px), **more)
    screen = Screen(page)
    screen.wait_word(1, "RECORDED", "NO FOOTAGE")
    return screen, TimeAxis(page, at_us, seconds_per_px)


def test_footage_gaps_and_nothing_are_drawn_across_midnight(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    screen, axis = open_past(make_page, past.midnight)
    screen.pause()
    expected = {
        past.start + 20 * US_PER_S: "recorded",
        past.midnight + 40 * US_PER_S: "recorded",
        (past.gap_start + past.gap_end) // 2: "gap",
        past.end - 20 * US_PER_S: "recorded",
        past.start - 60 * US_PER_S: "nothing",
    }
    screen.wait(lambda: {at: axis.looks(at) for at in expected} == expected, "footage, the gap and nothing")


def test_a_gap_says_its_cause_and_a_picture_its_time(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    screen, axis = open_past(make_page, past.midnight, viewport={"width": 900, "height": 600}, device_scale_factor=SHARP)
    screen.pause()
    axis.hover((past.gap_start + past.gap_end) // 2)
    expect(axis.page.locator(".preview")).to_contain_text("1 min")
    expect(axis.page.locator(".preview")).to_contain_text(re.compile("camera", re.IGNORECASE))
    at = past.start + 25 * US_PER_S
    axis.hover(at)
    expect(axis.page.locator(".preview")).to_contain_text(f"{zone_time(at):%H:%M}")
    expect(axis.page.locator(".preview")).to_contain_text("Street")
    screen.wait(lambda: abs(previewed_s(axis, at)) <= 2, "the picture of that time")
    axis.hover(at + 20 * US_PER_S)
    screen.wait(lambda: abs(previewed_s(axis, at + 20 * US_PER_S)) <= 2, "the picture of another time")


def previewed_s(axis: TimeAxis, at_us: int) -> float:
    """Seconds from an instant to when the picture in the preview was taken; a day when none is to be seen."""
    still = axis.page.locator(".preview img")
    box = still.bounding_box() if still.count() > 0 else None
    if box is None:
        return 86_400
    x, y = (box[side] % 1 * SHARP for side in ("x", "y"))  # a screenshot begins at a whole pixel
    seen = burnt_clock.read(still.screenshot(), (x, y, box["width"] * SHARP, box["height"] * SHARP))
    return 86_400 if seen is None else burnt_clock.difference_s(seen, wall_time(at_us))


@pytest.mark.parametrize("seconds_per_px", [60.0, 600.0])
def test_a_gap_of_a_minute_is_seen_however_far_away(make_page: MakePage, nvr: Nvr, seconds_per_px: float) -> None:
    past = nvr.past
    screen, axis = open_past(make_page, past.midnight, seconds_per_px)
    screen.pause()
    margin = round(4 * seconds_per_px * US_PER_S)
    screen.wait(lambda: bool(is_amber(axis.colours(past.start - margin, past.end + margin)).any()), "an amber pixel")


def test_the_wheel_zooms_about_the_pointer(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    screen, axis = open_past(make_page, past.midnight)
    screen.pause()
    at = past.start + 10 * US_PER_S
    axis.hover(at)
    before = axis.preview().splitlines()[0]
    for _ in range(4):
        axis.page.mouse.wheel(0, -200)
    screen.wait(lambda: float(query(axis.page).get("zoom", "0.5")) < 0.4, "the timeline being closer")
    axis.page.mouse.move(axis.x(at) + 0.6, axis.box()[1] + 46)
    screen.wait(lambda: axis.preview().splitlines()[0][:8] == before[:8], "the pointer being where it was in time")
    for _ in range(30):
        axis.page.mouse.wheel(0, -2000)
    screen.wait(lambda: float(query(axis.page)["zoom"]) < 0.002, "a second on the screen")
    for _ in range(30):
        axis.page.mouse.wheel(0, 2000)
    screen.wait(lambda: float(query(axis.page)["zoom"]) > 3600, "a year on the screen")


def test_two_fingers_zoom_and_what_is_between_them_stays(make_page: MakePage, nvr: Nvr) -> None:
    screen, axis = open_past(make_page, nvr.past.midnight, has_touch=True)
    screen.pause()
    before = axis.centre_us()
    left, top, width, _ = axis.box()
    screen.pinch(left + width / 2, top + BAND_PX, 120, 360)
    screen.wait(lambda: float(query(axis.page)["zoom"]) == pytest.approx(0.5 / 3, rel=0.1), "the timeline three times as close")
    assert abs(axis.centre_us() - before) < 3 * axis.us_per_px


def test_a_click_seeks_and_the_picture_follows(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    screen, axis = open_past(make_page, past.midnight)
    screen.pause()
    target = past.start + 20 * US_PER_S
    axis.click(target)
    screen.wait_shows(1, target, within_s=0.8)
    screen.wait(lambda: f"{zone_time(target):%H:%M}" in query(axis.page)["at"], "the address saying so")


def test_dragging_the_playhead_scrubs_and_keeps_what_was_playing(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    screen, axis = open_past(make_page, past.midnight)
    screen.pause()
    at = now_playhead(screen, past.midnight)
    top = axis.box()[1]
    axis.page.mouse.move(axis.x(at), top + 60)
    axis.page.mouse.down()
    axis.page.mouse.move(axis.x(at) - 40, top + 60, steps=10)
    expect(axis.page.locator(".tile img").first).to_be_visible()
    axis.page.mouse.move(axis.x(past.start + 15 * US_PER_S), top + 60, steps=10)
    screen.wait_shows(1, past.start + 15 * US_PER_S, within_s=1.6)  # before it is let go: a still
    axis.page.mouse.up()
    screen.wait_shows(1, past.start + 15 * US_PER_S, within_s=0.8)
    assert not screen.moves(1), "paused stays paused"
    screen.play()
    screen.wait(lambda: screen.moves(1), "the picture going on")
    pill = top + 8
    axis.page.mouse.move(axis.x(now_playhead(screen, past.midnight)), pill)
    axis.page.mouse.down()
    axis.page.mouse.move(axis.x(past.midnight + 10 * US_PER_S), pill, steps=10)
    screen.wait(lambda: after_midnight(screen, past.midnight), "a still of after midnight")
    axis.page.mouse.up()
    screen.wait(lambda: after_midnight(screen, past.midnight) and screen.moves(1), "playing on from there")
    expect(axis.page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def after_midnight(screen: Screen, midnight_us: int) -> bool:
    behind = screen.behind_s(1, midnight_us)
    return behind is not None and behind < 0


def now_playhead(screen: Screen, near_us: int) -> int:
    """Where the playhead is, whatever was played meanwhile."""
    shown = screen.playhead_time()
    near = zone_time(near_us)
    seconds = (shown.hour - near.hour) * 3600 + (shown.minute - near.minute) * 60 + shown.second - near.second
    return near_us + round(((seconds + 43_200) % 86_400 - 43_200 + shown.microsecond / 1e6) * US_PER_S)


def test_three_pixels_are_a_click_and_five_are_a_drag(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    screen, axis = open_past(make_page, past.midnight)
    screen.pause()
    top, x = axis.box()[1], axis.x(past.start + 10 * US_PER_S)
    axis.page.mouse.move(x, top + RULER_PX)
    axis.page.mouse.down()
    axis.page.mouse.move(x - 3, top + RULER_PX)
    axis.page.mouse.up()
    screen.wait_shows(1, past.start + 10 * US_PER_S, within_s=2.2)
    seen = screen.playhead()
    x = axis.x(past.end)
    axis.page.mouse.move(x, top + RULER_PX)
    axis.page.mouse.down()
    axis.page.mouse.move(x - 5, top + RULER_PX)
    axis.page.wait_for_timeout(200)  # held still, so that nothing is thrown
    axis.page.mouse.up()
    assert screen.playhead() == seen, "panning does not move the playhead"
    screen.wait(lambda: "centre" in query(axis.page), "the view having moved")


def test_a_thrown_timeline_glides_on(make_page: MakePage, nvr: Nvr) -> None:
    screen, axis = open_past(make_page, nvr.past.midnight)
    screen.pause()
    before, hand_px = axis.centre_us(), 200
    axis.throw(hand_px)
    glided_us = round((hand_px + 30) * axis.us_per_px)
    screen.wait(lambda: axis.centre_us() < before - glided_us, "the view having gone farther than the hand")


def test_nothing_glides_for_who_asked_for_less_motion(make_page: MakePage, nvr: Nvr) -> None:
    screen, axis = open_past(make_page, nvr.past.midnight, reduced_motion="reduce")
    screen.pause()
    before, hand_px = axis.centre_us(), 200
    axis.throw(hand_px)
    screen.wait(lambda: axis.centre_us() != before, "the view having gone with the hand")
    gone_px = (before - axis.centre_us()) / axis.us_per_px
    assert gone_px == pytest.approx(hand_px, abs=8)
    axis.page.mouse.wheel(0, -200)
    assert axis.page.evaluate(LONGEST_MOTION_S) == 0


def test_a_row_is_selected_by_a_click_and_the_time_stays(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    at = past.start + 30 * US_PER_S
    page = make_page(address(at).replace("&view=single", ""))
    screen, axis = Screen(page), TimeAxis(page, at)
    screen.wait_word(1, "RECORDED")
    screen.pause()
    before = screen.playhead()[:7]
    left, top, width, height = axis.box()
    page.mouse.click(left + 200, top + height - 6)  # the last row: camera 4
    screen.wait(lambda: "selected" in (screen.tile(4).get_attribute("class") or ""), "camera 4 selected")
    assert screen.playhead()[:7] == before


def test_the_live_edge_follows_now_and_what_grows_is_drawn(make_page: MakePage) -> None:
    page = make_page("/?camera=1&view=single")
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    page.get_by_role("button", name="Minute", exact=True).click()
    slider = page.get_by_role("slider", name="Time")
    first = now_us() // US_PER_S

    def shown_s() -> int:
        return int(slider.get_attribute("aria-valuenow") or 0)

    screen.wait(lambda: shown_s() >= first - 2, "the slider being at now")
    screen.wait(lambda: shown_s() >= first + 3, "now going on")
    axis = TimeAxis(page, 0)
    width = axis.box()[2]
    now_px = NOW_AT * width

    def drawn_to_now() -> bool:
        end_px = axis.footage_end_px()
        return end_px is not None and -1 <= (now_px - end_px) * 60 / width <= 10

    for _ in range(5):  # an edge that stood still would fall behind for good
        screen.wait(drawn_to_now, "footage of the last ten seconds")
        page.wait_for_timeout(1_500)


def test_a_deletion_elsewhere_is_drawn_within_two_seconds(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    at = past.start + 30 * US_PER_S
    page = make_page(address(at, camera=4))
    screen, axis = Screen(page), TimeAxis(page, at)
    screen.wait_word(4, "RECORDED")
    second_file = past.midnight + 30 * US_PER_S
    screen.wait(lambda: axis.looks(second_file) == "recorded", "the second file")
    files = page.request.get(f"/api/channel/4/recordings?start={past.midnight // 1000}&end={past.gap_start // 1000}").json()
    path = next(one["name"] for one in files["recordings"] if one["start"] >= past.midnight // 1000)
    token = next(cookie["value"] for cookie in page.context.cookies() if "csrf" in cookie["name"])
    took_ms = page.evaluate(DELETE_AND_WATCH, [path, token, axis.x(second_file) - axis.box()[0], BAND_PX])
    screen.wait(lambda: axis.looks(second_file) != "recorded", "the deletion being drawn")
    assert 0 < took_ms <= 2_000, f"{took_ms} ms from asking for the deletion to the picture without it"


def test_the_slider_speaks_and_obeys_keys(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    screen, axis = open_past(make_page, past.start + 30 * US_PER_S)
    screen.pause()
    axis.slider.focus()
    before = axis.now_s()
    axis.page.keyboard.press("ArrowLeft")
    screen.wait(lambda: axis.now_s() == before - 5, "five seconds back")
    axis.page.keyboard.press("Shift+ArrowRight")
    screen.wait(lambda: axis.now_s() == before + 55, "a minute on")
    at = to_datetime(past.start + 85 * US_PER_S, ZONE)
    expect(axis.slider).to_have_attribute("aria-valuetext", re.compile(rf"^{at:%H:%M:}2[45]\b.*, {at:%A} {at.day} {at:%B %Y}"))
