"""SECURITY S8: a camera's name is nothing but text, also where it comes and goes: in previews, dialogs and notices."""

from playwright.sync_api import expect

from mini_nvr.clock import US_PER_S
from tests.e2e.viewer.conftest import HOSTILE_NAME, MakePage
from tests.e2e.viewer.nvr import Nvr
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.time_axis import TimeAxis, address


def test_a_hostile_name_is_text_in_previews_dialogs_and_notices(make_page: MakePage, nvr: Nvr) -> None:
    start, end = nvr.past.start, nvr.past.start + 40 * US_PER_S
    middle = (start + end) // 2
    page = make_page(address(middle, camera=3))
    Screen(page).wait_word(3, "RECORDED")
    axis = TimeAxis(page, middle)
    axis.hover(start + 10 * US_PER_S)
    expect(page.locator(".preview .name")).to_have_text(HOSTILE_NAME)
    page.get_by_role("button", name="Select range").click()
    axis.drag(start - 5 * US_PER_S, end + 5 * US_PER_S)
    page.get_by_label("Selected range").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{HOSTILE_NAME}: 1 file")
    dialog.get_by_role("button", name="Delete 1 file").click()
    expect(page.get_by_text(f"Deleting 1 file of {HOSTILE_NAME}")).to_be_visible()
    assert page.locator("img[src='x']").count() == 0
    page.get_by_role("button", name="Undo").click()
