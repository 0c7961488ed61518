"""Debian's Chromium, as the tests start it: no sandbox within a sandbox, and nothing of its own on the network."""

import shutil
from typing import Final

from playwright.sync_api import Browser, Playwright

OPTIONS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


class NoChromium(AssertionError):
    """It is not installed."""


def launch(playwright: Playwright) -> Browser:
    """Headless.

    Raises:
        NoChromium: with the remedy.
    """
    path = shutil.which("chromium")
    if path is None:
        raise NoChromium("the browser tests need Debian's chromium: apt-get install chromium")
    return playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
