"""Playing what was recorded: the clock in the picture says whether the right frame is there, at the right pace."""

from datetime import time
from functools import partial
from itertools import combinations, pairwise
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from mini_nvr.clock import US_PER_S, SystemClock
from tests.e2e.viewer import burnt_clock
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import CHANNELS, Nvr
from tests.e2e.viewer.screen import Screen, _picture, wall_time
from tests.e2e.viewer.time_axis import address

SECOND = US_PER_S


def open_at(make_page: MakePage, at_us: int, *, camera: int = 1, playing: bool = True) -> Screen:
    """A link with an instant opens paused."""
    screen = Screen(make_page(address(at_us, camera=camera)))
    screen.wait_word(camera, "RECORDED")
    screen.wait_shows(camera, at_us, within_s=0.15)
    if playing:
        screen.play()
    return screen


def test_it_plays_over_files_and_midnight_without_a_break(make_page: MakePage, nvr: Nvr) -> None:
    screen = open_at(make_page, nvr.past.midnight - 6 * SECOND)
    clock = SystemClock()
    seen: list[tuple[float, float]] = []  # (when it was looked, what was seen), both in seconds
    while not seen or seen[-1][1] < 4:
        screen.page.wait_for_timeout(150)
        behind = screen.behind_s(1, nvr.past.midnight)
        assert behind is not None, "a picture without a clock"
        seen.append((clock.monotonic_ns() / 1e9, -behind))
        assert len(seen) < 400, f"it does not play on: {seen[-5:]}"
    pairs = list(pairwise(seen))
    assert all(later >= earlier for (_, earlier), (_, later) in pairs), "never back"
    jumps = [later - earlier - (looked - before) for (before, earlier), (looked, later) in pairs]
    assert max(jumps) < 1.5, f"a jump of {max(jumps)} s"


def test_the_time_over_the_timeline_is_that_of_the_picture(make_page: MakePage, nvr: Nvr) -> None:
    at = nvr.past.start + 20 * SECOND
    screen = open_at(make_page, at)
    screen.page.wait_for_timeout(700)
    screen.pause()
    screen.page.wait_for_timeout(500)
    seen, told = screen.clock(1), screen.playhead_time()
    assert seen is not None
    shift_s = burnt_clock.difference_s(wall_time(at), seen)
    told_us = at - round(shift_s * SECOND)
    assert abs(burnt_clock.difference_s(wall_time(told_us), seen)) < 0.001
    zone_shift = burnt_clock.difference_s(told, seen)
    assert abs(zone_shift - round(zone_shift / 900) * 900) < 0.11, (told, seen)


def test_a_gap_is_skipped_and_said(make_page: MakePage, nvr: Nvr) -> None:
    screen = open_at(make_page, nvr.past.gap_start - 4 * SECOND)
    expect(screen.page.get_by_role("status").filter(has_text="Skipped")).to_contain_text("1 min", timeout=60_000)

    def beyond() -> bool:
        behind = screen.behind_s(1, nvr.past.gap_end)
        return behind is not None and -15 < behind <= 0

    screen.wait(beyond, "the footage after the gap")


def test_a_gap_is_waited_through_when_asked(make_page: MakePage, nvr: Nvr) -> None:
    screen = open_at(make_page, nvr.past.gap_start - 3 * SECOND, playing=False)
    screen.page.get_by_role("button", name="Skip gaps").click()
    screen.play()
    expect(screen.page.get_by_role("status").filter(has_text="Waiting")).to_be_visible(timeout=60_000)
    first = screen.playhead()
    screen.page.wait_for_timeout(2000)
    assert screen.playhead() > first, "the clock goes on"
    assert screen.word(1) == "NO FOOTAGE"
    expect(screen.tile(1)).to_contain_text("No footage from")
    expect(screen.tile(1)).to_contain_text("the camera does not answer")


PACES = [
    *(("0.25", 0.1, 0.4), ("0.5", 0.3, 0.8), ("1", 0.7, 1.3), ("2", 1.4, 2.8)),
    *(("4", 2.9, 5.6), ("8", 5.7, 10.9), ("16", 8.5, 20.0)),
]
"""Each speed, and between how many seconds a second its picture goes; a busy machine plays the fastest one slower."""


@pytest.mark.parametrize(("speed", "least", "most"), PACES)
def test_speeds(make_page: MakePage, nvr: Nvr, speed: str, least: float, most: float) -> None:
    screen = open_at(make_page, nvr.past.start + 2 * SECOND)
    screen.speed(speed)
    screen.page.wait_for_timeout(700)
    measured: list[float] = []
    while not any(least < one < most for one in measured):
        assert len(measured) < TRIES, f"{measured} seconds a second"
        measured.append(pace(screen, nvr.past.end))


TRIES = 4
"""Of something that a busy machine gets in the way of."""


def pace(screen: Screen, end_us: int) -> float:
    """How many seconds of camera 1's picture go by in a second."""
    clock = SystemClock()
    first, began = screen.behind_s(1, end_us), clock.monotonic_ns()
    screen.page.wait_for_timeout(2000)
    last, ended = screen.behind_s(1, end_us), clock.monotonic_ns()
    assert first is not None
    assert last is not None
    return (first - last) / ((ended - began) / 1e9)


def test_frame_by_frame_both_ways(make_page: MakePage, nvr: Nvr) -> None:
    screen = open_at(make_page, nvr.past.start + 30 * SECOND, playing=False)
    start = screen.clock(1)
    assert start is not None
    for key, step in ((".", 0.1), (".", 0.2), (",", 0.1), (",", 0.0), (",", -0.1)):
        screen.page.keyboard.press(key)
        screen.wait(partial(stands_at, screen, start, step), f"{step:+.1f} s after {key}")


def stands_at(screen: Screen, start: time, step: float) -> bool:
    seen = screen.clock(1)
    return seen is not None and abs(burnt_clock.difference_s(seen, start) - step) < 0.05


def test_keys(make_page: MakePage, nvr: Nvr) -> None:
    at = nvr.past.start + 40 * SECOND
    screen = open_at(make_page, at, playing=False)
    page = screen.page
    base = screen.behind_s(1, at)
    assert base is not None
    here = at - round(base * SECOND)
    for key, seconds in (("ArrowLeft", -5), ("ArrowRight", 5), ("Shift+ArrowRight", 60), ("Shift+ArrowLeft", -60), ("j", -10)):
        page.keyboard.press(key)
        here += seconds * SECOND
        if nvr.past.gap_start <= here < nvr.past.gap_end:
            continue
        screen.wait_shows(1, here, within_s=0.25)
    page.keyboard.press("k")
    screen.wait(lambda: screen.moves(1), "playing")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    with page.expect_download() as snapshot:
        page.keyboard.press("s")
    assert snapshot.value.suggested_filename.startswith("Street")
    page.keyboard.press("+")
    expect(page.get_by_label("Speed")).to_have_value("2")
    page.keyboard.press("-")
    expect(page.get_by_label("Speed")).to_have_value("1")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("go to a typed time")
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    screen.wait(lambda: screen.tiles() == [4], "camera 4")
    page.keyboard.press("4")
    screen.wait(lambda: len(screen.tiles()) == CHANNELS, "all cameras")
    page.keyboard.press("4")
    screen.wait(lambda: screen.tiles() == [4], "camera 4 alone again")
    page.keyboard.press("l")
    screen.wait_word(4, "LIVE")
    screen.wait_live(4)
    page.keyboard.press("f")
    screen.wait(lambda: bool(page.evaluate("() => document.fullscreenElement !== null")), "full screen")


def test_home_goes_to_the_start_of_the_day_and_end_to_now(make_page: MakePage, nvr: Nvr) -> None:
    screen = open_at(make_page, nvr.past.midnight + 30 * SECOND)
    screen.page.keyboard.press("Home")
    screen.wait_shows(1, nvr.past.midnight + SECOND, within_s=2)
    screen.page.keyboard.press("End")
    screen.wait_live(1)


def test_a_typed_time(make_page: MakePage, nvr: Nvr) -> None:
    screen = Screen(make_page("/?camera=1&view=single"))
    screen.wait_word(1, "LIVE")
    screen.go_to(nvr.past.start + 17 * SECOND)
    screen.wait_word(1, "RECORDED")
    screen.wait(
        lambda: (behind := screen.behind_s(1, nvr.past.start + 17 * SECOND)) is not None and -20 < behind <= 0.2, "the picture"
    )


def test_four_cameras_play_on_one_clock(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page(address(nvr.past.start + 5 * SECOND).replace("&view=single", ""))
    screen = Screen(page)
    for channel in range(1, CHANNELS + 1):
        screen.wait_word(channel, "RECORDED")
    screen.wait(lambda: is_together(clocks(page, screen)), "all four pictures")
    page.evaluate(KEEP_TIME)
    screen.play()
    screen.wait(lambda: screen.moves(2), "playing")
    page.evaluate("() => (window.pictures[1].currentTime -= 0.5)")  # a picture that fell behind
    tries: list[tuple[float, float]] = []
    while not any(played >= 0.9 and seen >= 0.75 for played, seen in tries):
        assert len(tries) < 12, tries
        tries.append(together(page, screen))


def together(page: Page, screen: Screen) -> tuple[float, float]:
    """For two seconds and more: how much of the time all cameras were within 100 ms, as played and as seen."""
    page.evaluate("() => (window.apart = [])")
    seen: list[bool] = []
    while len(seen) < 8:
        page.wait_for_timeout(250)
        seen.append(is_together(clocks(page, screen)))
    played = [apart <= 0.1 for apart in page.evaluate("() => window.apart")]
    return sum(played) / max(1, len(played)), sum(seen) / len(seen)


KEEP_TIME: Final = """() => {
  window.pictures = [...document.querySelectorAll(".tile")].map((tile) =>
    [...tile.querySelectorAll("video")].find((video) => video.style.zIndex === "1"));
  const began = window.pictures.map((video) => video.currentTime);
  window.apart = [];
  (function look() {
    requestAnimationFrame(look);
    const gone = window.pictures.map((video, index) => video.currentTime - began[index]);
    window.apart.push(Math.max(...gone) - Math.min(...gone));
  })();
}"""
"""While all cameras stand at the same instant: from now on, `apart` has how many seconds lie between the first and the last one,
for each picture of the screen. All times are read in one moment, so what is measured is not the measuring."""


def is_together(seen: list[time | None]) -> bool:
    """No clock in a picture is farther than 100 ms, which is one picture, from another one."""
    found = [one for one in seen if one is not None]
    pairs = combinations(found, 2)
    return len(found) == CHANNELS and all(abs(burnt_clock.difference_s(one, other)) < 0.11 for one, other in pairs)


def clocks(page: Page, screen: Screen) -> list[time | None]:
    """Of all cameras, in one screenshot."""
    png = page.screenshot()
    found = []
    for channel in range(1, CHANNELS + 1):
        box = screen.tile(channel).bounding_box()
        assert box is not None
        x, y, width, height = _picture(box["width"], box["height"])
        found.append(burnt_clock.read(png, (box["x"] + x, box["y"] + y, width, height)))
    return found
