"""Who did what, from where, to what: each thing that is recorded, with its user, address and target."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.archive import Archive
from tests.support.catalog import T0
from tests.support.footage import video_clip
from tests.support.web import OTHER_PASSWORD, OTHER_USER, SETTINGS, USER, Browser, Web, make_web

ADDRESS = "203.0.113.8"
PATH = "ch1/2026-03-01/133000+0000.mp4"
INSIDE: dict[str, str | int] = {"channel": 1, "start": T0 // 1000, "end": T0 // 1000 + 60_000}
EMPTY: dict[str, str | int] = {"channel": 1, "start": 0, "end": 1000}
REVERSED: dict[str, str | int] = {"channel": 1, "start": 1, "end": 0}

Act = Callable[[Web], Awaitable[str]]
"""Does something as `USER` from `ADDRESS`; returns what it was done to, as the record should say."""


@pytest.fixture
async def web(folder: Path) -> AsyncIterator[Web]:
    """One file of four seconds."""
    archive = Archive(folder)
    archive.record(T0, [video_clip()])
    archive.catalog.close()
    made = make_web(folder)
    yield made
    for client in made.clients:
        await client.aclose()
    made.catalog.close()


async def signs_in(web: Web) -> str:
    await web.signed_in(address=ADDRESS)
    return ""


async def mistypes(web: Web) -> str:
    assert (await web.client(address=ADDRESS).sign_in(USER, "wrong")).status_code == 401
    return ""


async def guesses(web: Web) -> str:
    statuses = [(await web.client(address=ADDRESS).sign_in(USER, "wrong")).status_code for _ in range(6)]
    assert statuses[-1] == 429
    return ""


async def signs_out(web: Web) -> str:
    browser = await web.signed_in(address=ADDRESS)
    assert (await browser.post("/api/logout")).status_code == 200
    return ""


async def ends_a_session(web: Web) -> str:
    browser = await web.signed_in(address=ADDRESS)
    (session,) = (await browser.get("/api/sessions")).json()["sessions"]
    assert (await browser.delete(f"/api/sessions/{session['id']}")).status_code == 200
    return str(session["id"][:16])


async def tries_a_configured_password(web: Web) -> str:
    browser = await web.signed_in(address=ADDRESS)
    answer = await browser.post("/api/password", json={"current": "x", "new": "violet otter umbrella"})
    assert answer.status_code == 400
    return ""


def sends(method: str, path: str, query: dict[str, str | int], status: int, target: str) -> Act:
    async def act(web: Web) -> str:
        browser = await web.signed_in(address=ADDRESS)
        assert (await browser.request(method, path, params=query)).status_code == status
        return target

    return act


EVERYTHING: list[tuple[str, Act]] = [
    ("login", signs_in),
    ("login refused", mistypes),
    ("login throttled", guesses),
    ("logout", signs_out),
    ("session ended", ends_a_session),
    ("password refused", tries_a_configured_password),
    ("delete", sends("DELETE", "/api/recording", {"path": PATH}, 200, PATH)),
    ("refused", sends("DELETE", "/api/recording", {"path": "../x"}, 404, "../x")),
    ("delete", sends("DELETE", "/api/recordings", INSIDE, 200, "channel 1")),
    ("refused", sends("DELETE", "/api/recordings", EMPTY, 200, "channel 1")),
    ("refused", sends("DELETE", "/api/recordings", REVERSED, 400, "channel 1")),
    ("refused", sends("DELETE", "/api/recordings", {**INSIDE, "channel": 9}, 404, "channel 9")),
    ("protect", sends("POST", "/api/recording/protect", {"path": PATH}, 200, PATH)),
    ("end protection", sends("DELETE", "/api/recording/protect", {"path": PATH}, 200, PATH)),
    ("refused", sends("POST", "/api/recording/protect", {"path": "../x"}, 404, "../x")),
    ("protect", sends("POST", "/api/recordings/protect", INSIDE, 200, "channel 1")),
    ("refused", sends("POST", "/api/recordings/protect", {**INSIDE, "channel": 9}, 404, "channel 9")),
    ("refused", sends("DELETE", "/api/recordings/protect", REVERSED, 400, "channel 1")),
    ("watch", sends("GET", "/api/segments/1.mp4", {}, 200, "channel 1")),
    ("watch", sends("GET", "/api/channel/1/frame.jpg", {"at": T0 // 1000}, 200, "channel 1")),
    ("watch", sends("GET", "/api/channel/1/playlist.m3u8", INSIDE, 200, "channel 1")),
    ("export", sends("GET", "/api/channel/1/export.mp4", INSIDE, 200, "channel 1")),
]


@pytest.mark.parametrize(("action", "act"), EVERYTHING)
async def test_what_is_done_is_recorded_with_who_where_and_what(
    web: Web, action: str, act: Act, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    target = await act(web)
    record = web.deps.audit.recent(1)[0]
    assert (record.action, record.user, record.address, record.target) == (action, USER, ADDRESS, target)
    assert record.at_utc_us == web.clock.utc_us()
    assert f'audit: {action} user="{USER}" address="{ADDRESS}"' in caplog.text


async def test_changes_of_a_password_are_recorded(folder: Path) -> None:
    """Of an account that is kept in the catalog; the others are changed in the configuration."""
    web = make_web(folder, {name: value for name, value in SETTINGS.items() if not name.startswith(("user", "pass"))})
    once = web.deps.accounts.bootstrap(web.clock.utc_us())
    assert once is not None
    browser = await web.signed_in("admin", once, address=ADDRESS)
    for current in ("wrong", once):
        await browser.post("/api/password", json={"current": current, "new": "violet otter umbrella"})
    changed, refused = web.deps.audit.recent(2)
    assert (refused.action, refused.detail) == ("password refused", "wrong current password")
    assert (changed.action, changed.detail) == ("password changed", "")
    assert {(record.user, record.address, record.target) for record in (changed, refused)} == {("admin", ADDRESS, "")}
    await browser.aclose()
    web.catalog.close()


async def test_a_range_of_which_nothing_was_deleted_says_so(web: Web) -> None:
    browser = await web.signed_in()
    await browser.post("/api/recordings/protect", params=INSIDE)
    assert (await browser.delete("/api/recordings", params=INSIDE)).json()["deleted"] == []
    assert "none of 1 files" in web.deps.audit.recent(1)[0].detail


# Watching


def watched(web: Web) -> list[tuple[str, str]]:
    return [(record.user, record.target) for record in web.deps.audit.recent(20) if record.action == "watch"]


@pytest.mark.parametrize(
    "path", ["/api/segments/1.mp4", f"/api/channel/1/frame.jpg?at={T0 // 1000}", f"/api/channel/1/playlist.m3u8?start={T0 // 1000}"]
)
async def test_one_record_stands_for_some_minutes_of_the_same(web: Web, path: str) -> None:
    anna, bert = await web.signed_in(), await web.signed_in(OTHER_USER, OTHER_PASSWORD)
    for browser in (anna, anna, bert, anna, bert):
        assert (await browser.get(path)).status_code == 200
    assert watched(web) == [(OTHER_USER, "channel 1"), (USER, "channel 1")]
    web.clock.advance(601)
    for _ in range(3):
        await anna.get(path)
    assert watched(web) == [(USER, "channel 1"), (OTHER_USER, "channel 1"), (USER, "channel 1")]


async def test_a_playlist_and_its_files_are_one_record(web: Web) -> None:
    browser = await web.signed_in()
    await browser.get("/api/channel/1/playlist.m3u8", params={"start": T0 // 1000})
    for header in ("bytes=0-99", "bytes=100-199"):
        await browser.get("/api/segments/1.mp4", headers={"range": header})
    assert len(watched(web)) == 1


async def test_what_shows_nothing_is_no_watching(web: Web) -> None:
    browser = await web.signed_in()
    assert (await browser.head("/api/segments/1.mp4")).status_code == 200
    assert (await browser.get("/api/segments/2.mp4")).status_code == 404
    assert (await browser.get("/api/channel/1/frame.jpg?at=0")).status_code == 404
    assert watched(web) == []


# Refusals at the door


async def test_a_refusal_at_the_door_is_a_line_with_user_and_address(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mini_nvr.access")
    browser: Browser = await web.signed_in(address=ADDRESS)
    del browser.headers["x-csrf-token"]
    assert (await browser.delete("/api/recording", params={"path": PATH})).status_code == 403
    (line,) = [record.getMessage() for record in caplog.records if " 403 " in record.getMessage()]
    assert line.startswith("DELETE /api/recording 403 ")
    assert line.endswith(f" {ADDRESS} {USER}")
