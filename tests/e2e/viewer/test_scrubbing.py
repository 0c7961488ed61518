"""The playhead in a person's hand: what is shown while it is held is never called what it is not, and let go at now it is live."""

from collections.abc import Callable
from typing import Final

from playwright.sync_api import expect

from mini_nvr.clock import US_PER_S
from tests.e2e.recorder_process import wait_until
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import Nvr
from tests.e2e.viewer.screen import Screen, now_us
from tests.e2e.viewer.test_near_now import CAMERA, PATIENCE_S, unbroken_s
from tests.e2e.viewer.time_axis import RULER_PX, TimeAxis, address

BACK_S: Final = 20
HOLD_MS: Final = 300
"""A hand that rests."""


def take_playhead(axis: TimeAxis, at_us: int) -> Callable[[int], None]:
    """Press on the pill, which stands at an instant; what is returned drags it to another one."""
    height = axis.box()[1] + RULER_PX / 2
    axis.page.mouse.move(axis.x(at_us), height)
    axis.page.mouse.down()
    return lambda to_us: axis.page.mouse.move(axis.x(to_us), height, steps=10)


def is_dark(screen: Screen, channel: int) -> bool:
    return "dark" in (screen.tile(channel).get_attribute("class") or "").split()


def test_let_go_at_now_it_is_live_and_not_before(make_page: MakePage, nvr: Nvr) -> None:
    wait_until(lambda: unbroken_s(nvr) > BACK_S + 3, f"{BACK_S} s of footage without a gap", PATIENCE_S)
    then = now_us() - BACK_S * US_PER_S
    page = make_page(address(then, camera=CAMERA))
    screen, axis = Screen(page), TimeAxis(page, then)
    screen.wait_shows(CAMERA, then, within_s=2)  # a camera of a busy machine leaves frames out
    drag_to = take_playhead(axis, then)
    drag_to(now_us() + 60 * US_PER_S)
    for _ in range(5):
        page.wait_for_timeout(HOLD_MS)
        assert screen.word(CAMERA) not in {"LIVE", None}, "an old picture is called live"
    page.mouse.up()
    screen.wait_word(CAMERA, "LIVE")
    screen.wait_live(CAMERA)


def test_held_in_a_gap_no_other_picture_is_shown_for_it(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    page = make_page(address(past.midnight))
    screen, axis = Screen(page), TimeAxis(page, past.midnight)
    screen.wait_word(1, "RECORDED")
    screen.wait_shows(1, past.midnight)
    in_gap = (past.gap_start + past.gap_end) // 2
    screen.wait(lambda: axis.looks(in_gap) == "gap", "the gap being known")
    drag_to = take_playhead(axis, past.midnight)
    drag_to(in_gap)
    screen.wait(lambda: screen.word(1) == "NO FOOTAGE" and is_dark(screen, 1), "no footage")
    expect(screen.tile(1)).to_contain_text("the camera does not answer")
    behind = past.gap_end + 20 * US_PER_S
    drag_to(behind)
    screen.wait(lambda: screen.word(1) == "RECORDED" and not is_dark(screen, 1), "footage")
    screen.wait_shows(1, behind, within_s=1.6)
    page.mouse.up()
    screen.wait_shows(1, behind, within_s=0.8)
