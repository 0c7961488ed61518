"""What answers never hold: secrets, and markup that runs."""

import logging
from pathlib import Path

import pytest

from tests.support.archive import Archive
from tests.support.catalog import T0
from tests.support.footage import video_clip
from tests.support.viewer import SCRIPT, STYLES
from tests.support.web import PASSWORD, USER, Browser, Web

CANARY = "c4n4ry"
RANGE = f"start={T0 // 1000}&end={T0 // 1000 + 4000}"
FOOTAGE = (
    *(f"/api/channel/1/export.mp4?{RANGE}", f"/api/channel/1/playlist.m3u8?{RANGE}", "/api/segments/1.mp4"),
    *(f"/api/channel/1/frame.jpg?at={T0 // 1000}", f"/api/timeline?channels=1&{RANGE}"),
)
PAGES = (
    *FOOTAGE,
    *("/api/config", "/api/storage", "/api/live", "/api/dates", "/api/me", "/api/sessions", "/metrics", "/healthz", "/"),
    *("/api/openapi.json", "/api/channel/1/recordings?date=2026-03-01", "/api/timeline?start=0&end=1000", "/nothing"),
)


@pytest.fixture
def folder(folder: Path) -> Path:
    """With a file of footage."""
    archive = Archive(folder)
    archive.record(T0, [video_clip()])
    archive.catalog.close()
    return folder


async def test_s5_s6_no_answer_holds_a_secret(browser: Browser) -> None:
    for path in PAGES:
        answer = await browser.get(path)
        assert answer.status_code == 200 or path not in FOOTAGE
        assert CANARY.encode() not in answer.content
        assert CANARY not in str(answer.headers)
        assert b"192.0.2.7" not in answer.content  # where the cameras are
        assert b"rtsp" not in answer.content


async def test_s5_no_log_line_holds_a_password_a_token_or_a_query(
    web: Web, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "httpx")  # the client's own lines
    caplog.set_level(logging.DEBUG)
    await browser.get("/api/dates?token=c4n4ry-query")
    await web.client().post("/api/login", json={"username": USER, "password": PASSWORD + "c4n4ry"})
    await web.client().post("/api/login", json={"username": USER, "password": [PASSWORD]})
    await web.client().post(
        "/api/login", content=f'{{"password": "{PASSWORD}'.encode(), headers={"content-type": "application/json"}
    )
    assert "/api/dates" in caplog.text
    assert CANARY not in caplog.text
    assert browser.cookies["session"] not in caplog.text
    assert browser.cookies["csrf_token"] not in caplog.text


async def test_s6_a_validation_answer_does_not_repeat_the_password(web: Web) -> None:
    for body in ({"username": USER, "password": [PASSWORD]}, {"username": 1, "password": PASSWORD * 100}, [PASSWORD], PASSWORD):
        answer = await web.client().post("/api/login", json=body)
        assert answer.status_code == 400
        assert CANARY not in answer.text


async def test_s8_every_answer_carries_the_policy(web: Web, browser: Browser) -> None:
    for path in (*PAGES, SCRIPT, STYLES, "/theme.js"):
        answer = await browser.get(path)
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers


async def test_s8_names_are_data(browser: Browser) -> None:
    config = await browser.get("/api/config")
    assert config.headers["content-type"] == "application/json"
    assert config.json()["channels"][0]["name"] == "<img src=x onerror=alert(1)>"
    assert "onerror" not in (await browser.get("/")).text


async def test_a_fault_says_nothing_to_the_caller_and_all_to_the_log(
    web: Web, browser: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("c4n4ry-internals")

    monkeypatch.setattr("mini_nvr.api.storage.usage_per_channel", fail)
    answer = await browser.get("/api/storage")
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal"
    assert CANARY not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "ZeroDivisionError" in caplog.text
