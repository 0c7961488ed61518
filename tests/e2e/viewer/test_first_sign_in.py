"""The very first sign-in: the one-time password of the log opens nothing but the page on which another one is set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.e2e.recorder_process import RecorderProcess

START_TIMEOUT_S = 60
OWN = "three words together"
SETTINGS = {"CHANNEL_1_NAME": "Gate", "CHANNEL_1_ENABLED": "off"}


@dataclass(frozen=True)
class New:
    """An installation that nobody has signed in to. password: as the log shows it."""

    url: str
    password: str


@pytest.fixture
def new(tmp_path: Path) -> Iterator[New]:
    port = free_port(DEMO_HOST, 0)
    program = RecorderProcess(tmp_path / "new", SETTINGS | {"WEB_PORT": str(port)}, command=("web",))
    url = f"http://{DEMO_HOST}:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/healthz", timeout=2).is_success
        except httpx.HTTPError:
            return False

    try:
        program.start(wait=False)
        program.wait_until(answers, "the web service", START_TIMEOUT_S)
        told = re.search(r"as admin with the one-time password (\S+)", program.log_file.read_text())
        assert told is not None
        yield New(url, told[1])
    finally:
        program.close()


def try_to_sign_in(page: Page, password: str) -> None:
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_password_is_chosen_before_anything_is_seen(new: New, chromium: Browser) -> None:
    context = chromium.new_context(base_url=new.url)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto("/recordings")
    try_to_sign_in(page, new.password)
    choice = page.get_by_label("New password", exact=True)
    choice.fill("password123")
    expect(page.get_by_role("navigation")).to_have_count(0)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    choice.fill(OWN)
    page.get_by_role("button", name="Set password").click()
    page.get_by_role("navigation").wait_for()
    context.clear_cookies()
    page.goto("/")
    try_to_sign_in(page, new.password)
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    try_to_sign_in(page, OWN)
    page.get_by_role("navigation").wait_for()
    context.close()
