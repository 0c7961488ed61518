"""`make screenshots`: every page of the viewer in both themes, of a real NVR with demo cameras, into docs/images.

The pictures stand in the README. The NVR has hours of footage (`pictured_nvr`), and records for half a minute first. The clocks
burnt into the pictures are those of this machine: to agree with the page's, all of this runs in the page's zone.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from mini_nvr.clock import US_PER_S
from tests.e2e.viewer.chromium import launch
from tests.e2e.viewer.nvr import PASSWORD, USER, ZONE
from tests.e2e.viewer.pictured_nvr import PicturedNvr, running
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.time_axis import TimeAxis, address

FOLDER: Final = Path("docs/images")
THEMES: Final = ("dark", "light")
DESKTOP: Final = {"width": 1400, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
RECORDED_MS: Final = 30_000
PLAYED_ZOOM: Final = 0.8
JPEG_QUALITY: Final = 82
_IN_ZONE: Final = "--in-zone"


def main(folder: Path = FOLDER) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, running(Path(scratch) / "nvr") as nvr, sync_playwright() as playwright:
        browser = launch(playwright)
        state = _signed_in(browser, nvr)
        for theme in THEMES:
            _take_all(browser, nvr, state, theme, folder)
        browser.close()
    for picture in sorted(folder.glob("*.jpg")):
        print(f"{picture}  {picture.stat().st_size // 1000} kB")
    return 0


def _signed_in(browser: Browser, nvr: PicturedNvr) -> Any:
    page = browser.new_page(base_url=nvr.url)
    page.goto("/")
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation").wait_for()
    page.wait_for_timeout(RECORDED_MS)
    state = page.context.storage_state()
    page.close()
    return state


def _take_all(browser: Browser, nvr: PicturedNvr, state: Any, theme: str, folder: Path) -> None:
    def take(name: str, path: str, ready: Callable[[Page], None], *, size: dict[str, int] = DESKTOP, known: bool = True) -> None:
        context = browser.new_context(
            base_url=nvr.url,
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if theme == "dark" else "light",
            storage_state=state if known else None,
            timezone_id=ZONE.key,
            locale="en-GB",
        )
        page = context.new_page()
        page.goto(path)
        ready(page)
        page.screenshot(path=folder / f"{name}-{theme}.jpg", type="jpeg", quality=JPEG_QUALITY)
        context.close()

    take("sign-in", "/", _door, known=False)
    take("watch", "/", _live)
    take("playback", address(nvr.played_us, seconds_per_px=PLAYED_ZOOM), lambda page: _played(page, nvr.played_us))
    take("recordings", "/recordings?channel=1", _listed)
    take("storage", "/storage", lambda page: page.get_by_role("table").wait_for())
    take("account", "/account", lambda page: page.get_by_role("button", name="Sign out").wait_for())
    take("phone", "/", _live, size=PHONE)


def _door(page: Page) -> None:
    page.get_by_role("button", name="Sign in").wait_for()


def _live(page: Page) -> None:
    Screen(page).wait_live(1)
    page.mouse.move(2, 2)
    page.wait_for_timeout(1_500)


def _played(page: Page, at_us: int) -> None:
    Screen(page).wait_shows(1, at_us)
    axis = TimeAxis(page, at_us, PLAYED_ZOOM)
    page.wait_for_timeout(1_000)
    axis.hover(at_us + 40 * US_PER_S)
    page.locator(".preview img").wait_for()
    page.wait_for_timeout(500)


def _listed(page: Page) -> None:
    page.get_by_role("listitem").first.wait_for()
    page.wait_for_timeout(1_500)


def _begin_in_zone(arguments: list[str]) -> None:
    """This program anew, in the zone of the page."""
    command = ["env", f"TZ={ZONE.key}", sys.executable, "-m", "tests.e2e.viewer.screenshots", _IN_ZONE, *arguments]
    os.execvp("env", command)  # noqa: S606, S607  no shell, and the machine's own program


if __name__ == "__main__":
    if sys.argv[1:2] != [_IN_ZONE]:
        _begin_in_zone(sys.argv[1:])
    sys.exit(main(*map(Path, sys.argv[2:3])))
