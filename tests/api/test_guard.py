"""The door: what gets in without a session, from another site, or with an odd token."""

import asyncio
import threading
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route, WebSocketRoute

from mini_nvr.api.guard import PUBLIC
from mini_nvr.playback.stills import Still
from tests.support.asgi import upgrade
from tests.support.catalog import T0
from tests.support.routes import every_route
from tests.support.served import serving
from tests.support.viewer import SCRIPT, STYLES
from tests.support.web import HOST, OTHER_USER, SETTINGS, Browser, Web, make_web, small

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND")
ODD_PATHS = (
    *("/docs", "/redoc", "/openapi.json", "/api/openapi.json", "/api", "/api/", "//api/config", "/api/config/", "/assets/"),
    *(
        "/assets/../api/config",
        "/assets/index.html",
        "/index.html",
        "/notes.txt",
        "/static/x",
        "/api/login/",
        "/API/ME",
        "/api/me/..",
        "/nothing",
        "*",
    ),
)


VIEWER = {"/", "/recordings", "/storage", "/account", "/theme.js", "/manifest.webmanifest", "/icons/icon.svg", SCRIPT, STYLES}
PNG = "/icons/icon-192.png"
ANYBODY = PUBLIC | {(method, path) for method in ("GET", "HEAD") for path in VIEWER | {PNG}}
"""All that may answer a stranger of this web service, written down once more."""


def addresses(app: FastAPI) -> list[str]:
    """One address for each route, its parameters filled in."""
    found = []
    for route in every_route(app.routes):
        assert isinstance(route, Route | WebSocketRoute), f"the walk does not know how to ask a {type(route)}"
        path = route.path
        for name, value in {"{ch}": "1", "{id}": "1"}.items():
            path = path.replace(name, value)
        found.append(path)
    return found


def test_s2_the_walk_sees_every_route(web: Web) -> None:
    paths = addresses(web.app)
    assert {"/api/config", "/api/segments/1.mp4", "/api/channel/1/live", "/api/openapi.json", *VIEWER} <= set(paths)
    assert not any("{" in path for path in paths)


async def test_s2_no_route_answers_a_stranger_outside_the_allow_list(web: Web) -> None:
    stranger = web.client()
    for path in [*addresses(web.app), *ODD_PATHS]:
        for method in METHODS:
            if (method, path) in ANYBODY:
                continue
            answer = await stranger.request(method, path, json={} if method in {"POST", "PUT", "PATCH"} else None)
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_s2_no_websocket_opens_for_a_stranger(web: Web) -> None:
    for path in addresses(web.app):
        answer = await upgrade(web.app, path)
        assert answer.accepted is False
        assert answer.status == 401, path


async def test_s2_what_is_public_says_nothing_of_the_cameras(web: Web) -> None:
    stranger = web.client()
    for method, path in sorted(ANYBODY):
        if method == "POST":
            continue
        answer = await stranger.request(method, path)
        assert answer.status_code == {"/metrics": 401, "/favicon.ico": 204}.get(path, 200)
        assert "onerror" not in answer.text
        assert "192.0.2.7" not in answer.text


async def test_s3_a_foreign_channel_is_not_there(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.put(small(T0, channel=2))
    monkeypatch.setattr(web.deps.accounts, "may_watch", lambda user, channel: not (user == OTHER_USER and channel == 2))
    mine, theirs = await web.signed_in(), await web.signed_in(OTHER_USER, SETTINGS["pass2"])
    (row,) = web.catalog.segments(2)
    at = T0 // 1000 + 1000
    for path in (
        f"/api/segments/{row.id}.mp4",
        f"/api/channel/2/frame.jpg?at={at}",
        f"/api/channel/2/playlist.m3u8?start={at}&end={at + 1000}",
        f"/api/channel/2/export.mp4?start={at}&end={at + 1000}",
        "/api/channel/2/recordings?date=2026-03-01",
        f"/api/timeline?channels=2&start={at}&end={at + 1000}",
        "/api/dates?channel=2",
    ):
        answer = await theirs.get(path)
        assert answer.status_code == 404, path
        assert "footage" not in answer.json()["detail"]
    assert (await theirs.delete("/api/recording", params={"path": str(row.path)})).status_code == 404
    assert (await upgrade(web.app, "/api/channel/2/live", headers=as_headers(theirs))).status == 404
    assert "2" not in (await theirs.get("/api/live")).json()["channels"]
    assert [channel["channel"] for channel in (await theirs.get("/api/config")).json()["channels"]] == [1, 3]
    assert (await theirs.get("/api/storage")).json()["perChannel"] == []
    assert [one["channel"] for one in (await theirs.get(f"/api/timeline?start={at}&end={at + 1000}")).json()["channels"]] == [1, 3]
    assert (await mine.get(f"/api/segments/{row.id}.mp4")).status_code == 200


def as_headers(browser: Browser) -> dict[str, str]:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"cookie": cookies, "host": HOST}


CROSS_SITE: list[dict[str, str]] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.test"},
    {"origin": "null"},
    {"origin": f"http://{HOST}.evil.test"},
    {"origin": f"http://{HOST}:8080"},
    {"origin": f"http://evil.test@{HOST}"},
    {"origin": f"file://{HOST}"},
    {"origin": ""},
]


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
async def test_s9_another_site_can_neither_sign_in_nor_out_nor_open_a_websocket(web: Web, headers: dict[str, str]) -> None:
    stranger = web.client()
    answer = await stranger.post("/api/login", json={"username": "anna", "password": SETTINGS["pass1"]}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/cross-site"
    assert "set-cookie" not in answer.headers
    browser = await web.signed_in()
    assert (await browser.post("/api/logout", headers=headers)).status_code == 403
    assert (await upgrade(web.app, "/api/channel/1/live", headers={**as_headers(browser), **headers})).status == 403
    assert (await browser.get("/api/me")).json()["user"] == "anna"


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "same-origin", "origin": f"http://{HOST}"}, {"sec-fetch-site": "none"}])
async def test_s9_our_own_page_and_programs_may(web: Web, headers: dict[str, str]) -> None:
    browser = web.client(headers=headers)
    assert (await browser.sign_in()).status_code == 200
    assert (await browser.post("/api/logout")).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_s9_a_form_cannot_sign_in(web: Web, content_type: str) -> None:
    body = b'{"username": "anna", "password": "c4n4ry horse battery"}'
    answer = await web.client().post("/api/login", content=body, headers={"content-type": content_type})
    assert answer.status_code == 415


@pytest.mark.parametrize("token", [None, "", "x", "é", "a" * 43, "session"], ids=repr)
async def test_s9_an_unsafe_method_needs_the_token_of_its_session(web: Web, browser: Browser, token: str | None) -> None:
    other = await web.signed_in(OTHER_USER, SETTINGS["pass2"])
    tokens = {"session": browser.cookies["session"]}.get(token or "", token)
    for value in (tokens, other.cookies["csrf_token"]):
        headers = {} if value is None else {"x-csrf-token": value}
        bare = web.client(headers={**as_headers(browser)})
        for method, path in (("POST", "/api/logout"), ("POST", "/api/password"), ("DELETE", "/api/recording?path=x")):
            sent = [(name.encode(), val.encode("latin-1")) for name, val in headers.items()]
            answer = await bare.request(method, path, headers=sent)
            assert answer.status_code == 403
            assert answer.json()["type"] == "/problems/csrf"


@pytest.mark.parametrize("path", ["/api/channel/1/export.mp4", "/api/segments/1.mp4", "/healthz", "/api/timeline"])
async def test_a_wrong_method_is_told_the_right_ones(browser: Browser, path: str) -> None:
    """HEAD is named just where it is answered."""
    answer = await browser.post(path)
    allowed = set(answer.headers["allow"].split(", "))
    assert (answer.status_code, answer.json()["remedy"]) == (405, f"use {answer.headers['allow']}")
    assert "GET" in allowed
    assert ("HEAD" in allowed) == ((await browser.head(path)).status_code != 405)


async def test_the_icon_that_browsers_ask_for_unasked(web: Web) -> None:
    async with web.client() as stranger:
        assert (await stranger.get("/favicon.ico")).status_code == 204


async def test_s9_nothing_changes_on_get_and_there_is_no_cors(web: Web, browser: Browser) -> None:
    for path in ("/api/logout", "/api/password", "/api/login", "/api/recording?path=x"):
        assert (await browser.get(path)).status_code == 405
    answer = await browser.get("/api/config", headers={"origin": "https://evil.test"})
    assert not any(name.startswith("access-control") for name in answer.headers)
    preflight = await browser.options(
        "/api/logout", headers={"origin": "https://evil.test", "access-control-request-method": "POST"}
    )
    assert preflight.status_code == 405
    assert not any(name.startswith("access-control") for name in preflight.headers)


@pytest.mark.parametrize("host", ["", "a b", "evil.test/x", "x" * 300, "user@nvr.test", "nvr.test:99999999", "[::1", "é.test"])
async def test_a_malformed_host_is_refused(web: Web, host: str) -> None:
    answer = await web.client().get("/healthz", headers=[(b"host", host.encode())])
    assert answer.status_code == 400


async def test_s11_a_one_time_password_must_be_changed_before_anything_else_answers(folder: Any) -> None:
    settings = {name: value for name, value in SETTINGS.items() if not name.startswith(("user", "pass"))}
    web = make_web(folder, settings)
    once = web.deps.accounts.bootstrap(web.clock.utc_us())
    assert once is not None
    browser = web.client()
    answer = await browser.sign_in("admin", once)
    assert answer.json()["mustChange"] is True
    for path in addresses(web.app):
        if ("GET", path) not in ANYBODY:
            assert (await browser.get(path)).status_code == 403, path
    assert (await browser.get("/metrics")).status_code == 401
    assert (await upgrade(web.app, "/api/channel/1/live", headers=as_headers(browser))).status == 403
    assert (await browser.delete("/api/recording", params={"path": "x"})).status_code == 403
    refused = await browser.post("/api/password", json={"current": once, "new": "short"})
    assert refused.status_code == 400
    assert refused.json()["type"] == "/problems/password-refused"
    changed = await browser.post("/api/password", json={"current": once, "new": "violet otter umbrella"})
    assert changed.status_code == 200
    assert (await browser.get("/api/config")).status_code == 200
    await browser.aclose()
    web.catalog.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: raw.decode("latin-1"))))
def test_s12_odd_tokens_are_nobody(web: Web, value: str) -> None:
    async def ask() -> httpx.Response:
        raw = f"session={value}".encode("utf-8", "surrogatepass")
        async with web.client() as stranger:
            return await stranger.get("/api/config", headers=[(b"cookie", raw), (b"x-csrf-token", raw)])

    assert asyncio.run(ask()).status_code == 401


async def test_s12_expired_foreign_and_ended_sessions_are_401_and_say_why(web: Web, browser: Browser) -> None:
    headers = as_headers(browser)
    await browser.post("/api/logout")
    answer = await web.client(headers=headers).get("/api/config")
    assert answer.status_code == 401
    assert "signed out" in answer.json()["detail"]
    late = await web.signed_in()
    web.clock.advance(31 * 60)
    answer = await late.get("/api/config")
    assert answer.status_code == 401
    assert "idle" in answer.json()["detail"]


async def test_s13_the_sixth_session_ends_the_first_and_its_owner_is_told(web: Web) -> None:
    browsers = []
    for number in range(6):
        web.clock.advance(61)
        browsers.append(await web.signed_in(address=f"198.51.100.{number + 1}"))
    answer = await browsers[0].get("/api/config")
    assert answer.status_code == 401
    assert "signed in elsewhere" in answer.json()["detail"]
    assert (await browsers[1].get("/api/config")).status_code == 200


async def test_s13_under_https_the_cookies_are_secure_and_bound_to_the_host(web: Web) -> None:
    browser = web.client(scheme="https")
    answer = await browser.sign_in()
    cookies = answer.headers.get_list("set-cookie")
    assert any(cookie.startswith("__Host-session=") and "Secure" in cookie and "Path=/" in cookie for cookie in cookies)
    assert all("Secure" in cookie and "Domain" not in cookie for cookie in cookies)
    assert (await browser.get("/api/config")).status_code == 200
    plain = web.client(scheme="https", headers={"cookie": f"session={browser.cookies['__Host-session']}"})
    assert (await plain.get("/api/config")).status_code == 401  # a cookie that another host of the domain could have planted


async def test_a_large_body_is_refused_before_anybody_reads_it(web: Web) -> None:
    answer = await web.client().post("/api/login", json={"username": "a" * 70_000, "password": "b"})
    assert answer.status_code == 413

    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 1_000

    answer = await web.client().post("/api/login", content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_no_method_passes_for_an_upgrade(web: Web, browser: Browser) -> None:
    bare = web.client(headers=as_headers(browser))
    for method in ("WEBSOCKET", "UPGRADE", "X"):
        answer = await bare.request(method, "/api/config")
        assert answer.status_code in {403, 405}, method


GARBAGE = [
    b"",
    b"\r\n\r\n",
    b"GET",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /%ff%00%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /api/channel/1/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


async def test_s17_garbage_on_the_socket_harms_nobody(web: Web) -> None:
    async with serving(web) as served, served.browser() as browser:
        for raw in GARBAGE:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(raw)
            writer.write_eof()
            async with asyncio.timeout(60):
                answer = await reader.read()
            writer.close()
            assert b" 500 " not in answer.split(b"\r\n")[0], raw[:60]
        assert (await browser.get("/healthz")).status_code == 200


async def test_routes_that_wait_for_a_disk_do_not_block_the_door(
    web: Web, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def stalled(*_: object) -> Still:
        gate.wait(120)
        return Still(b"", 0)

    monkeypatch.setattr(web.deps.stills, "still", stalled)
    waiting = [asyncio.create_task(browser.get("/api/channel/1/frame.jpg?at=0")) for _ in range(60)]
    try:
        async with asyncio.timeout(60):
            assert (await browser.get("/api/me")).json()["user"] == "anna"
    finally:
        gate.set()
        await asyncio.gather(*waiting)
