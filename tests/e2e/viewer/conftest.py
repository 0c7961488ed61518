"""A real NVR with demo cameras and a past, and a real Chromium that a person could sit in front of.

One NVR serves all tests of this folder; what a test breaks, it mends. Every page is watched: a script error, a breach of the
content security policy or a request to another host fails the test that made it.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import Request as PageRequest

from tests.e2e.viewer.chromium import launch
from tests.e2e.viewer.nvr import PASSWORD, USER, ZONE, Nvr, running

ONCE_MORE = 1
"""So often is a browser test that failed run again: the last net under gestures on a busy machine. The summary names those tests;
each of them is a defect to be mended, in the test or in the viewer."""
HOSTILE_NAME = "<img src=x onerror=alert(1)>"
DEADLINE_MS = 30_000
expect.set_options(timeout=DEADLINE_MS)
NAMES = {1: "Street", 2: "Doorway", 3: HOSTILE_NAME, 4: "Warehouse"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=ONCE_MORE))


@pytest.fixture(scope="session")
def nvr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nvr]:
    with running(tmp_path_factory.mktemp("viewer"), NAMES) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For the tests of a file: while it runs, its event loop is this thread's, and no asynchronous test can run."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


class Watched:
    """What a page did that it must not do."""

    def __init__(self, page: Page, url: str) -> None:
        self.errors: list[str] = []
        self._host = urlsplit(url).netloc
        page.on("pageerror", lambda error: self.errors.append(f"script error: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        harmless = "Failed to load resource" in message.text or "WebSocket connection to" in message.text
        if message.type == "error" and not harmless:  # answers that are refusals, and a server that is not there
            self.errors.append(f"console: {message.text}")

    def _request(self, request: PageRequest) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != self._host:
            self.errors.append(f"request to another host: {request.url}")


MakePage = Callable[..., Page]

_addresses = itertools.count(1)
"""Each browser is somebody else's: sign-ins are limited by address, and a /64 counts as one."""


@pytest.fixture(scope="session")
def kept() -> dict[str, Any]:
    """What is kept from file to file."""
    return {}


@pytest.fixture
def signed_in_state(nvr: Nvr, chromium: Browser, kept: dict[str, Any]) -> Any:
    """The cookies of one sign-in by hand, for the tests that are about something else."""
    if not kept:
        context = chromium.new_context(base_url=nvr.url)
        page = context.new_page()
        page.goto("/")
        sign_in(page)
        kept.update(context.storage_state())
        context.close()
    return kept


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation").wait_for()


def sign_out(context: BrowserContext) -> None:
    """A user has at most five sessions, and the oldest, which would end, is that of all other tests."""
    token = next((cookie.get("value", "") for cookie in context.cookies() if "csrf" in cookie.get("name", "")), None)
    if token is not None:
        context.request.post("/api/logout", headers={"X-CSRF-Token": token})


@pytest.fixture
def make_page(nvr: Nvr, chromium: Browser, signed_in_state: Any) -> Iterator[MakePage]:
    """Opens pages, each in a browser of its own; `signed_in=False` for a stranger, other options as of `Browser.new_context`."""
    contexts: list[BrowserContext] = []
    strangers: list[BrowserContext] = []
    watched: list[Watched] = []

    def make(path: str | None = "/", *, signed_in: bool = True, **options: Any) -> Page:
        options = {
            "base_url": nvr.url,
            "viewport": {"width": 1400, "height": 900},
            "timezone_id": ZONE.key,
            "locale": "en-GB",
            **options,
        }
        address = {"X-Forwarded-For": f"2001:db8:0:{next(_addresses):x}::1"}
        state = signed_in_state if signed_in else None
        context = chromium.new_context(storage_state=state, extra_http_headers=address, **options)
        context.set_default_timeout(DEADLINE_MS)
        contexts.append(context)
        if not signed_in and options["base_url"] == nvr.url:  # an NVR of a test's own has stopped by then
            strangers.append(context)
        page = context.new_page()
        watched.append(Watched(page, options["base_url"]))
        if path is not None:
            page.goto(path)
        return page

    yield make
    for context in strangers:
        sign_out(context)
    for context in contexts:
        context.close()
    errors = [error for one in watched for error in one.errors]
    assert not errors, "\n".join(errors)


@pytest.fixture
def page(make_page: MakePage) -> Page:
    """The watch page of somebody who is signed in."""
    return make_page()
