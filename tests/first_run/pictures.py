"""Looking at the result: in a browser as a person does, and at files as a player does."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
from playwright.sync_api import Page, sync_playwright

from tests.e2e.viewer.chromium import launch
from tests.e2e.viewer.screen import Screen

WAIT_S: Final = 120.0
FOOTAGE_MS: Final = 15_000
"""So that there is footage of ten seconds ago, on the disk."""
MOVING: Final = "() => [...document.querySelectorAll('video')].map(video => video.currentTime)"


def sign_in_and_watch(url: str, user: str, one_time_password: str, password: str, reached: Callable[[str], None]) -> None:
    """Sign in for the first time, see the cameras live, and watch what was recorded some seconds ago.

    reached: told what is seen, when it is seen.
    """
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(base_url=url, viewport={"width": 1400, "height": 900})
        page.set_default_timeout(WAIT_S * 1_000)
        page.goto("/")
        page.get_by_label("User name").fill(user)
        page.get_by_label("Password", exact=True).fill(one_time_password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("New password", exact=True).fill(password)
        page.get_by_role("button", name="Set password").click()
        page.get_by_role("navigation").wait_for()
        screen = Screen(page)
        screen.wait_word(1, "LIVE", timeout_s=WAIT_S)
        _wait_moving(page, screen)
        reached(f"{len(screen.tiles())} cameras in the browser, live pictures move")
        page.wait_for_timeout(FOOTAGE_MS)
        page.keyboard.press("j")  # ten seconds back
        screen.wait_word(1, "RECORDED", timeout_s=WAIT_S)
        _wait_moving(page, screen)
        reached(f"recorded pictures move in the browser, after a wait of {FOOTAGE_MS // 1000} s for some")
        browser.close()


def _wait_moving(page: Page, screen: Screen) -> None:
    """Until a picture goes on within half a second."""

    def moves() -> bool:
        before = page.evaluate(MOVING)
        page.wait_for_timeout(500)
        return any(later > earlier for earlier, later in zip(before, page.evaluate(MOVING), strict=False))

    screen.wait(moves, "a picture that moves", WAIT_S)


def pictures_in(path: Path) -> int:
    """How many pictures a player decodes; 0 while there is nothing in the file that could be."""
    try:
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0))
    except (av.FFmpegError, IndexError):
        return 0
