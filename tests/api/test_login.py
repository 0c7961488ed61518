"""Signing in and out over HTTP."""

import asyncio
import threading

import pytest

from mini_nvr.auth.login import LoginRefused
from tests.support.web import OTHER_PASSWORD, OTHER_USER, PASSWORD, SETTINGS, USER, Browser, Web, make_web


async def test_signing_in_sets_both_cookies_and_says_who_it_is(web: Web) -> None:
    browser = web.client()
    answer = await browser.sign_in()
    assert answer.status_code == 200
    assert answer.json() == {"message": "Logged in", "user": USER, "mustChange": False, "notices": []}
    cookies = answer.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("session="))
    csrf = next(cookie for cookie in cookies if cookie.startswith("csrf_token="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "HttpOnly" not in csrf
    assert (await browser.get("/api/me")).json() == {"user": USER, "mustChange": False, "configured": True}


async def test_signing_out_ends_the_session_for_everybody_who_holds_it(web: Web, browser: Browser) -> None:
    thief = web.client(headers={"cookie": f"session={browser.cookies['session']}"})
    assert (await thief.get("/api/config")).status_code == 200
    assert (await browser.post("/api/logout")).json() == {"message": "Logged out"}
    assert (await thief.get("/api/config")).status_code == 401
    assert (await browser.get("/api/me")).json()["user"] is None
    assert "session" not in browser.cookies


async def test_the_session_survives_a_restart(web: Web, browser: Browser) -> None:
    web.catalog.close()
    again = make_web(web.folder)
    same = again.client(headers={"cookie": f"session={browser.cookies['session']}"})
    assert (await same.get("/api/me")).json()["user"] == USER
    await same.aclose()
    again.catalog.close()


async def test_s13_the_token_is_new_at_each_sign_in(web: Web) -> None:
    browser = web.client()
    await browser.sign_in()
    first = browser.cookies["session"]
    await browser.sign_in()
    assert browser.cookies["session"] != first


async def test_s15_nothing_tells_a_wrong_name_from_a_wrong_password(web: Web) -> None:
    answers = [
        await web.client(address=f"198.51.100.{number}").post("/api/login", json={"username": name, "password": "c4n4ry wrong"})
        for number, name in enumerate([USER, "nobody", "", "é" * 200])
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    "password", ["", "é" * 72, "x" * 1_000, "\0", "\ud800"], ids=["none", "two bytes each", "long", "NUL", "lone"]
)
async def test_s16_odd_passwords_are_refused_like_wrong_ones(web: Web, password: str) -> None:
    body = '{"username": "anna", "password": "' + "".join(f"\\u{ord(char):04x}" for char in password) + '"}'
    answer = await web.client().post("/api/login", content=body.encode(), headers={"content-type": "application/json"})
    assert answer.status_code in {400, 401}


async def test_s14_the_sixth_attempt_in_a_minute_waits_whatever_it_says_of_itself(web: Web) -> None:
    for number in range(5):
        stranger = web.client(headers={"x-forwarded-for": f"203.0.113.{number}", "x-real-ip": f"203.0.113.{number}"})
        assert (await stranger.post("/api/login", json={"username": f"u{number}", "password": "wrong"})).status_code == 401
    answer = await web.client(headers={"x-forwarded-for": "203.0.113.99"}).sign_in()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert (await web.client(address="198.51.100.77").sign_in()).status_code == 200  # another address is not in the same bucket


async def test_s14_behind_a_trusted_proxy_each_client_has_its_own_bucket(folder: object, web: Web) -> None:
    behind = make_web(web.folder, {**SETTINGS, "TRUSTED_PROXIES": "10.0.0.0/8"})
    for number in range(6):
        client = behind.client(address="10.0.0.1", headers={"x-forwarded-for": f"192.0.2.66, 203.0.113.{number}"})
        assert (await client.post("/api/login", json={"username": f"u{number}", "password": "wrong"})).status_code == 401
        await client.aclose()
    assert behind.deps.audit.recent(1)[0].address == "203.0.113.5"
    behind.catalog.close()


async def test_behind_a_trusted_proxy_https_is_believed(web: Web) -> None:
    behind = make_web(web.folder, {**SETTINGS, "TRUSTED_PROXIES": "10.0.0.0/8"})
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": "nvr.example", "origin": "https://nvr.example"}
    client = behind.client(address="10.0.0.1", headers=headers)
    answer = await client.sign_in()
    assert answer.status_code == 200
    assert any(cookie.startswith("__Host-session=") for cookie in answer.headers.get_list("set-cookie"))
    stranger = behind.client(headers={**headers, "origin": "https://nvr.example"})
    assert (await stranger.sign_in()).status_code == 403  # says so itself, and is no proxy
    for one in (client, stranger):
        await one.aclose()
    behind.catalog.close()


async def test_a_race_of_six_sign_ins_leaves_five_sessions(web: Web) -> None:
    for number in range(5):
        await web.signed_in(address=f"198.51.100.{number}")
    web.clock.advance(1)
    clients = [web.client(address=f"203.0.113.{number}") for number in range(3)]
    answers = await asyncio.gather(*(client.sign_in() for client in clients))
    assert {answer.status_code for answer in answers} == {200}
    assert len((await clients[0].get("/api/sessions")).json()["sessions"]) == 5


async def test_sessions_are_listed_and_ended_by_their_owner_alone(web: Web, browser: Browser) -> None:
    web.clock.advance(1)
    second = await web.signed_in(address="203.0.113.7", headers={"user-agent": "<b>Browser</b>"})
    other = await web.signed_in(OTHER_USER, OTHER_PASSWORD)
    listed = (await browser.get("/api/sessions")).json()["sessions"]
    assert [(one["current"], one["address"]) for one in listed] == [(True, "198.51.100.9"), (False, "203.0.113.7")]
    assert listed[1]["browser"] == "<b>Browser</b>"
    foreign = (await other.get("/api/sessions")).json()["sessions"][0]["id"]
    assert (await browser.delete(f"/api/sessions/{foreign}")).status_code == 404
    assert (await browser.delete("/api/sessions/x")).status_code == 404
    assert (await browser.delete(f"/api/sessions/{listed[1]['id']}")).status_code == 200
    assert (await second.get("/api/config")).status_code == 401
    assert browser.cookies["session"] not in str(listed)


async def test_a_configured_password_cannot_be_changed_here(browser: Browser) -> None:
    answer = await browser.post("/api/password", json={"current": PASSWORD, "new": "violet otter umbrella"})
    assert answer.status_code == 400
    assert "configuration" in answer.json()["detail"]
    assert "mini-nvr user hash" in answer.json()["remedy"]


async def test_every_sign_in_refusal_and_sign_out_is_recorded(web: Web, browser: Browser) -> None:
    await web.client().post("/api/login", json={"username": "x\r\nadmin", "password": "wrong"})
    await browser.post("/api/logout")
    records = web.deps.audit.recent(3)
    assert [record.action for record in records] == ["logout", "login refused", "login"]
    assert "\n" not in records[1].user


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"username": "anna"}', b"\xff\xfe", b"[" * 50_000])
async def test_a_body_that_is_no_sign_in(web: Web, body: bytes) -> None:
    answer = await web.client().post("/api/login", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_flood_of_sign_ins_leaves_room_for_others(web: Web, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def slow(*_: object) -> LoginRefused:
        gate.wait(120)
        return LoginRefused()

    monkeypatch.setattr(web.deps.accounts, "login", slow)
    flood = [asyncio.create_task(web.client(address=f"198.51.100.{n}").sign_in()) for n in range(100)]
    try:
        async with asyncio.timeout(60):
            assert (await browser.get("/api/config")).status_code == 200
    finally:
        gate.set()
        answers = await asyncio.gather(*flood)
    assert {answer.status_code for answer in answers} == {401}
