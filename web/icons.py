"""Draws the PNG icons from `public/icons/icon.svg`, with Playwright and the system's Chromium: `python web/icons.py`.

The maskable icon fills its square, and what matters stays inside of the circle that any launcher leaves (80 % of the width).
"""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

FOLDER: Final = Path(__file__).parent / "public/icons"
CHROMIUM: Final = "/usr/bin/chromium"
MASKABLE_SCALE: Final = 0.82
GROUND: Final = "#151718"


def draw(page: Page, name: str, size: int, *, ground: str = "transparent", scale: float = 1.0) -> None:
    """One PNG of `size` x `size` pixels."""
    svg = (FOLDER / "icon.svg").read_text(encoding="utf-8")
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(
        f"<style>body{{margin:0;background:{ground}}}svg{{display:block;width:{size}px;height:{size}px;scale:{scale}}}</style>{svg}"
    )
    page.screenshot(path=FOLDER / name, omit_background=True)


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        draw(page, "icon-192.png", 192)
        draw(page, "icon-512.png", 512)
        draw(page, "maskable-512.png", 512, ground=GROUND, scale=MASKABLE_SCALE)
        browser.close()


if __name__ == "__main__":
    main()
