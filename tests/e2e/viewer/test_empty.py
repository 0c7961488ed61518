"""What is not there: a person reads words, in the recorder's zone, and never what programs tell each other."""

from urllib.parse import urlencode

from playwright.sync_api import expect

from mini_nvr.clock import to_datetime
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import AROUND_US, ZONE, Nvr
from tests.e2e.viewer.screen import Screen


def test_a_camera_that_had_not_begun_says_so_as_video_and_as_a_still(make_page: MakePage, nvr: Nvr) -> None:
    """Only channel 4 has footage from so long ago."""
    at = to_datetime(nvr.past.forward + AROUND_US, ZONE).isoformat(timespec="milliseconds")
    page = make_page("/?" + urlencode({"camera": 4, "at": at}))
    screen = Screen(page)
    screen.wait_word(4, "RECORDED")
    screen.wait_word(1, "NO FOOTAGE")
    page.get_by_role("button", name="Sync").click()  # only the selected one plays; the others have stills
    expect(screen.tile(1).locator(".still")).to_have_count(1)
    screen.wait_word(1, "NO FOOTAGE")
    expect(screen.tile(1)).to_contain_text("No footage")
    expect(screen.tile(1)).not_to_contain_text("/api")
    expect(screen.tile(1)).not_to_contain_text("+00:00")
