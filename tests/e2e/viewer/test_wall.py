"""The live wall: what a person sees of the cameras, and what can be done with a tile."""

import json
import re
from datetime import datetime, time
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, expect

from mini_nvr.clock import US_PER_S, to_datetime
from tests.e2e.viewer import burnt_clock
from tests.e2e.viewer.conftest import HOSTILE_NAME, MakePage
from tests.e2e.viewer.nvr import WALL, ZONE, Nvr
from tests.e2e.viewer.screen import Screen, now_us

LIVE_BEHIND_S = 1.0
"""The clock in the picture, drawn ten times a second, against the machine's at the screenshot, which takes its own time."""
TRANSFORM = "() => getComputedStyle(document.querySelector('[data-channel=\"4\"] .picture')).transform"
"""Of camera 4's picture."""
FLOATING = """() => [...document.querySelectorAll("video")]
    .findIndex((video) => video.style.zIndex === "1" && video.matches(":picture-in-picture"))"""
"""Which of the pictures on top is in the small window over other programs, where the page shows none of it."""

COUNT_SOCKETS = """window.openSockets = new Set();
    window.WebSocket = class extends WebSocket {
      constructor(...args) {
        super(...args);
        openSockets.add(this);
        this.addEventListener("close", () => openSockets.delete(this));
      }
    };"""
HEARD_BYTES = """() => [...document.querySelectorAll("video")].filter(video => !video.muted)
    .reduce((sum, video) => sum + video.webkitAudioDecodedByteCount, 0)"""
BACKGROUND = """(hidden) => {
    Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
"""A browser without a screen has no other tab to change to."""
STILLS_ASKED = """() => performance.getEntriesByType("resource")
    .filter(entry => new URL(entry.name).pathname === "/api/channel/2/frame.jpg").map(entry => entry.startTime)"""
"""When the page asked for each picture of camera 2, milliseconds, as the browser counts them."""
PAINTED_4 = """() => [...document.querySelectorAll("[data-channel='4'] video")]
    .reduce((sum, video) => sum + video.getVideoPlaybackQuality().totalVideoFrames, 0)"""


def test_pictures_are_live(page: Page) -> None:
    screen = Screen(page)
    for channel in (1, 3, 4):
        screen.wait_live(channel, within_s=LIVE_BEHIND_S)
        assert screen.word(channel) == "LIVE"
        screen.wait(partial(screen.moves, channel), "the picture to move")


def test_an_h265_camera_shows_stills_and_says_so(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(2, "STILLS", "LIVE")
    expect(screen.tile(2)).to_contain_text("this browser cannot play H.265")
    screen.wait(lambda: screen.clock(2) is not None, "a still with a clock")
    screen.wait_live(2, within_s=6)
    seen = screen.clock(2)
    screen.wait(lambda: screen.clock(2) not in {seen, None}, "the next still")


def test_stills_are_asked_for_each_second(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(2, "STILLS")

    def each_second() -> bool:
        asked = page.evaluate(STILLS_ASKED)[-6:]
        apart = [after - before for before, after in pairwise(asked)]
        return len(apart) == 5 and 950 <= median(apart) <= 1250

    screen.wait(each_second, "five stills a second apart")


def test_a_browser_without_media_source_shows_stills_and_says_so(make_page: MakePage) -> None:
    page = make_page(None)
    page.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource;")
    page.goto("/?camera=4&view=single")
    screen = Screen(page)
    screen.wait_word(4, "STILLS")
    expect(screen.tile(4)).to_contain_text("this browser cannot play H.264")
    screen.wait(lambda: screen.clock(4) is not None, "a still with a clock")


def test_a_tile_is_shown_alone_and_back_by_mouse_and_by_keys(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(3, "LIVE")
    screen.alone(3)
    assert screen.tiles() == [3]
    screen.wait_live(3)
    page.keyboard.press("Escape")
    expect(page.locator(".tile")).to_have_count(4)
    screen.tile(4).get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    screen.wait(lambda: screen.tiles() == [4], "camera 4 alone")


def test_the_sub_stream_is_in_the_tile_and_the_main_stream_alone(make_page: MakePage) -> None:
    page = make_page(None)
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    page.goto("/")
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    assert any("/api/channel/1/live?stream=sub" in url for url in opened)
    assert not any("/api/channel/1/live?stream=main" in url for url in opened)
    screen.alone(1)
    screen.wait(lambda: any("/api/channel/1/live?stream=main" in url for url in opened), "the main stream")
    screen.wait_live(1)


def test_the_layout_is_chosen_and_kept(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    page.get_by_role("button", name="Layout").click()
    width = tile_width(screen)
    for name, columns in (("4 tiles", 2), ("9 tiles", 3), ("16 tiles", 4)):
        page.get_by_role("button", name=name, exact=True).click()
        screen.wait(partial(is_wide, screen, width * 2 / columns), f"{columns} columns")
    page.get_by_role("combobox", name="Rows").select_option("1")
    page.get_by_role("combobox", name="Columns").select_option("3")
    screen.wait(lambda: screen.tiles() == [1, 2, 3], "three in a row")
    screen.wait(lambda: "layout=3x1" in page.url, "the address saying so")
    page.reload()
    screen.wait(lambda: screen.tiles() == [1, 2, 3], "three in a row after a reload")
    page.evaluate("localStorage.clear()")


def is_wide(screen: Screen, width: float) -> bool:
    return abs(tile_width(screen) / width - 1) < 0.05


def tile_width(screen: Screen) -> float:
    box = screen.tile(1).bounding_box()
    assert box is not None
    return box["width"]


def test_a_tile_says_name_and_time_and_that_it_is_recorded(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(4, "LIVE")
    tile = screen.tile(4)
    tile.hover()
    expect(tile.locator(".name")).to_have_text("Warehouse")
    expect(tile.get_by_title("is being recorded")).to_be_visible()

    def agree() -> bool:
        seen = screen.clock(4)
        told = time.fromisoformat(tile.locator(".caption .time").inner_text())
        return seen is not None and abs(burnt_clock.difference_s(zone_of(seen), told)) < 1.5

    screen.wait(agree, "the time below the picture to be that of the picture")


def zone_of(seen: time) -> time:
    """A time of today in the pictures as the page shows it."""
    return datetime.combine(to_datetime(now_us(), WALL).date(), seen, WALL).astimezone(ZONE).time()


def test_layouts_hold_so_many_tiles_and_the_rest_is_on_the_next_page(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    page.get_by_role("button", name="Layout").click()
    page.get_by_role("button", name="1 tile").click()
    screen.wait(lambda: screen.tiles() == [1], "one tile")
    page.get_by_role("button", name="Next page").click()
    screen.wait(lambda: screen.tiles() == [2], "the next page")


def test_tiles_stay_where_they_were_dragged(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(4, "LIVE")
    source, target = screen.tile(4).bounding_box(), screen.tile(1).bounding_box()
    assert source is not None
    assert target is not None
    page.mouse.move(source["x"] + 200, source["y"] + 200)
    page.mouse.down()
    page.mouse.move(source["x"] + 100, source["y"] + 100, steps=4)
    page.mouse.move(target["x"] + 200, target["y"] + 200, steps=6)
    page.mouse.up()
    screen.wait(lambda: screen.tiles()[0] == 4, "camera 4 first")
    order = screen.tiles()
    page.goto("/")
    screen.wait(lambda: screen.tiles() == order, "the same order after a reload")
    page.evaluate("localStorage.clear()")


def test_tiles_are_moved_by_keys_too(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    screen.tile(1).get_by_role("button").first.focus()
    page.keyboard.press("Alt+ArrowRight")
    screen.wait(lambda: screen.tiles()[:2] == [2, 1], "camera 1 second")
    page.evaluate("localStorage.clear()")


def test_the_wheel_zooms_at_the_pointer_and_a_drag_moves_the_picture(page: Page) -> None:
    screen = Screen(page)
    screen.wait_live(4)
    box = screen.tile(4).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    for _ in range(6):
        page.mouse.wheel(0, -240)
    screen.wait(lambda: screen.clock(4) is None, "the picture being larger than the tile")
    scale = page.evaluate(
        "() => new DOMMatrix(getComputedStyle(document.querySelector('[data-channel=\"4\"] .picture')).transform).a"
    )
    assert scale > 1.5
    before = page.evaluate(TRANSFORM)
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 120, steps=5)
    page.mouse.up()
    assert page.evaluate(TRANSFORM) != before
    assert screen.tiles() == [1, 2, 3, 4], "a zoomed picture is moved, not its tile"
    for _ in range(12):
        page.mouse.wheel(0, 480)
    screen.wait(lambda: screen.clock(4) is not None, "the whole picture again")


def test_two_fingers_zoom_the_picture_and_a_small_map_shows_where(make_page: MakePage) -> None:
    page = make_page("/?camera=4&view=single", has_touch=True)
    screen = Screen(page)
    screen.wait_live(4)
    box = screen.tile(4).bounding_box()
    assert box is not None
    screen.pinch(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 80, 240)
    whole = page.get_by_role("button", name=re.compile(r"Zoomed [23]\.\d times"))
    expect(whole).to_be_visible()
    assert screen.clock(4) is None, "the corner with the clock is out of sight"
    whole.click()
    screen.wait(lambda: screen.clock(4) is not None, "the whole picture again")
    expect(whole).to_have_count(0)


def test_a_snapshot_is_the_picture_with_camera_and_time_in_its_name(page: Page, tmp_path: Path) -> None:
    screen = Screen(page)
    screen.wait_word(4, "LIVE")
    screen.tile(4).hover()
    with page.expect_download() as download:
        screen.tile(4).get_by_role("button", name="Snapshot").click()
    path = tmp_path / "snapshot.jpg"
    download.value.save_as(path)
    seen = burnt_clock.read(path.read_bytes(), (0, 0, 640, 360), "jpeg_pipe")
    assert seen is not None
    named = datetime.strptime(download.value.suggested_filename, "Warehouse_%Y-%m-%d_%H-%M-%S.jpg").replace(tzinfo=ZONE)
    assert abs(burnt_clock.difference_s(seen, named.astimezone(WALL).time())) < 1.2


def test_one_camera_at_a_time_is_heard_and_only_on_demand(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(1, "LIVE")
    expect(screen.tile(4).get_by_role("button", name="Listen")).to_have_count(0)
    assert page.evaluate("() => [...document.querySelectorAll('video')].every(video => video.muted)")
    screen.tile(1).hover()
    screen.tile(1).get_by_role("button", name="Listen").click()
    expect(screen.tile(1).get_by_role("button", name="Mute")).to_be_attached()
    screen.wait(lambda: bool(page.evaluate("() => [...document.querySelectorAll('video')].some(v => !v.muted)")), "sound")
    heard = page.evaluate(HEARD_BYTES)
    screen.wait(lambda: page.evaluate(HEARD_BYTES) > heard, "the sound going on")
    screen.wait_live(1)


def test_the_small_window_goes_on_with_what_the_tile_shows(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page("/?camera=4&view=single")
    screen = Screen(page)
    screen.wait_word(4, "LIVE")
    screen.tile(4).hover()
    screen.tile(4).get_by_role("button", name="Picture in picture").click()
    first = floating(screen)
    screen.go_to(nvr.past.start + 20 * US_PER_S)
    screen.wait_word(4, "RECORDED")
    second = floating(screen, but=first)
    page.keyboard.press("l")
    screen.wait_word(4, "LIVE")
    floating(screen, but=second)


def floating(screen: Screen, but: int = -1) -> int:
    """Waits until the picture that is on top is in the small window, and another one than `but`; which one it is."""
    found = but

    def floats() -> bool:
        nonlocal found
        found = int(screen.page.evaluate(FLOATING))
        return found not in {-1, but}

    screen.wait(floats, "the picture in the small window")
    return found


def test_figures_are_shown_on_demand(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(4, "LIVE")
    expect(screen.tile(4)).not_to_contain_text("640")
    page.get_by_role("button", name="Figures on the tiles").click()
    expect(screen.tile(4)).to_contain_text("640")
    expect(screen.tile(4)).to_contain_text("kbit/s")


def watched_cameras(page: Page) -> set[str]:
    """Whose live streams a page with `COUNT_SOCKETS` has open."""
    urls = json.loads(page.evaluate("() => JSON.stringify([...openSockets].map(socket => new URL(socket.url).pathname))"))
    return {url.split("/")[3] for url in urls}


def test_tiles_off_screen_cost_nothing(make_page: MakePage) -> None:
    page = make_page(None)
    page.add_init_script(COUNT_SOCKETS)
    page.goto("/")
    screen = Screen(page)
    for channel in (1, 3, 4):
        screen.wait_word(channel, "LIVE")
    screen.alone(4)
    screen.wait(lambda: watched_cameras(page) == {"4"}, "the other cameras' sockets being closed")


def test_of_a_page_in_the_background_only_the_small_window_goes_on(make_page: MakePage) -> None:
    page = make_page(None)
    page.add_init_script(COUNT_SOCKETS)
    page.goto("/")
    screen = Screen(page)
    for channel in (1, 3, 4):
        screen.wait_word(channel, "LIVE")
    screen.tile(4).hover()
    screen.tile(4).get_by_role("button", name="Picture in picture").click()
    floating(screen)
    page.evaluate(BACKGROUND, True)
    screen.wait(lambda: watched_cameras(page) == {"4"}, "the other cameras' sockets being closed")
    before = page.evaluate(PAINTED_4)
    screen.wait(lambda: page.evaluate(PAINTED_4) > before + 20, "the picture in the small window going on")
    page.evaluate("() => document.exitPictureInPicture()")
    screen.wait(lambda: watched_cameras(page) == set(), "all sockets being closed")
    page.evaluate(BACKGROUND, False)
    for channel in (1, 3, 4):
        screen.wait_word(channel, "LIVE")


def test_full_screen_of_a_tile(page: Page) -> None:
    screen = Screen(page)
    screen.wait_word(4, "LIVE")
    screen.tile(4).hover()
    screen.tile(4).get_by_role("button", name="Full screen").click()
    screen.wait(lambda: bool(page.evaluate("() => document.fullscreenElement !== null")), "full screen")
    screen.wait(lambda: screen.tiles() == [4], "camera 4 alone")
    screen.wait_live(4)


def test_a_hostile_name_is_text(page: Page) -> None:
    """SECURITY S8: a camera's name is shown as it is, everywhere, and is nothing but text."""
    screen = Screen(page)
    screen.wait_word(3, "LIVE")
    expect(screen.tile(3)).to_contain_text(HOSTILE_NAME)
    for path in ("/recordings", "/storage", "/account"):
        page.goto(path)
        page.wait_for_timeout(500)
        assert page.locator("img[src='x']").count() == 0
    page.goto("/storage")
    expect(page.get_by_text(HOSTILE_NAME).first).to_be_visible()
