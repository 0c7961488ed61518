"""Live pictures over real WebSockets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mini_nvr.api import live
from mini_nvr.auth.accounts import Accounts
from mini_nvr.catalog.accounts import AccountStore
from tests.support.served import Served, cookies_of, serving
from tests.support.waiting import until
from tests.support.web import PASSWORD, SECRET_KEY, USER, Browser, Web

MESSAGES = [b"\x01{}", b"\x02init", b"\x03" + b"x" * 5_000]


@pytest.fixture
async def served(web: Web) -> AsyncIterator[Served]:
    web.recorder.messages = MESSAGES
    async with serving(web) as found:
        yield found


@pytest.fixture
async def viewer(served: Served) -> AsyncIterator[Browser]:
    async with served.browser() as browser:
        await browser.sign_in()
        yield browser


def watch(served: Served, viewer: Browser, path: str = "/api/channel/1/live", **headers: str) -> connect:
    url = f"ws://127.0.0.1:{served.port}{path}"
    return connect(url, additional_headers={"Cookie": cookies_of(viewer), **headers}, proxy=None)


async def receive(connection: ClientConnection, count: int) -> list[str | bytes]:
    async with asyncio.timeout(60):
        return [await connection.recv() for _ in range(count)]


async def closed(connection: ClientConnection) -> int | None:
    """The code with which the service closes."""
    with pytest.raises(ConnectionClosed):
        await receive(connection, 1)
    return connection.close_code


async def test_messages_come_as_the_recorder_sent_them(web: Web, served: Served, viewer: Browser) -> None:
    async with watch(served, viewer) as connection:
        assert await receive(connection, 3) == MESSAGES
        assert web.recorder.watched == [(1, "main")]
        assert web.recorder.watching == 1
    await until(lambda: web.recorder.watching == 0)
    record = web.deps.audit.recent(1)[0]
    assert (record.action, record.target, record.detail) == ("watch", "channel 1", "live main")


async def test_the_sub_stream(web: Web, served: Served, viewer: Browser) -> None:
    async with watch(served, viewer, "/api/channel/2/live?stream=sub") as connection:
        await receive(connection, 1)
    assert web.recorder.watched == [(2, "sub")]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/channel/9/live", 404),
        ("/api/channel/3/live", 404),
        ("/api/channel/1/live?stream=sub", 404),
        ("/api/channel/1/live?stream=other", 400),
        ("/api/channel/x/live", 400),
        ("/api/channel/0/live", 404),
        ("/api/channel/%2e%2e/live", 400),
        ("/api/channel/1/liv", 404),
        ("/api/me", 404),
        ("/", 404),
    ],
)
async def test_what_cannot_be_watched(
    served: Served, viewer: Browser, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with watch(served, viewer, path):
            pass
    answer = refused.value.response
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = json.loads(answer.body or b"")
    assert (problem["status"], bool(problem["detail"]), bool(problem["remedy"])) == (status, True, True)
    await served.exchange(b"GET /healthz HTTP/1.1\r\nHost: nvr\r\nConnection: close\r\n\r\n")  # the refused one is over by then
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_s2_s9_strangers_and_other_sites_do_not_watch(web: Web, served: Served, viewer: Browser) -> None:
    for headers in ({"Cookie": "session=x"}, {"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        with pytest.raises(InvalidStatus) as refused:
            async with watch(served, viewer, **headers):
                pass
        assert refused.value.response.status_code in {401, 403}
    assert web.recorder.watched == []


async def test_s13_signing_out_ends_the_open_socket_at_once(web: Web, served: Served, viewer: Browser) -> None:
    async with watch(served, viewer) as connection:
        await receive(connection, 3)
        assert (await viewer.post("/api/logout")).status_code == 200
        assert await closed(connection) == 1008
    await until(lambda: web.recorder.watching == 0)


async def test_s13_a_session_that_another_process_ends_closes_the_open_socket(
    web: Web, served: Served, viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `mini-nvr user reset` does: nobody tells this process."""
    monkeypatch.setattr(live, "CHECK_SESSION_S", 0.01)
    of_another_process = Accounts(AccountStore(web.catalog.database), [(USER, PASSWORD)], SECRET_KEY)
    async with watch(served, viewer) as connection:
        await receive(connection, 3)
        (session,) = of_another_process.sessions(USER)
        assert of_another_process.end_session(USER, session.id, web.clock.utc_us())
        assert await closed(connection) == 1008
    await until(lambda: web.recorder.watching == 0)


async def test_s13_twelve_hours_end_the_open_socket_that_kept_its_session_in_use(
    web: Web, served: Served, viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_SESSION_S", 0.01)

    def seen_now() -> bool:
        return web.deps.accounts.sessions(USER)[0].last_seen_utc_us == web.clock.utc_us()

    async with watch(served, viewer) as connection:
        await receive(connection, 3)
        for _ in range(24):
            web.clock.advance(29 * 60)  # less than what makes a session idle
            await until(seen_now)
        web.clock.advance(29 * 60)
        assert await closed(connection) == 1008
    await until(lambda: web.recorder.watching == 0)


async def test_a_recorder_that_ends_asks_the_viewer_to_come_back(web: Web, served: Served, viewer: Browser) -> None:
    async with watch(served, viewer) as connection:
        await receive(connection, 3)
        web.recorder.ended.set()
        assert await closed(connection) == 1013
    web.recorder.messages = None
    async with watch(served, viewer) as connection:
        assert await closed(connection) == 1013
    web.recorder.messages, web.recorder.ended = MESSAGES, asyncio.Event()
    async with watch(served, viewer) as connection:
        assert await receive(connection, 3) == MESSAGES


async def test_a_viewer_that_does_not_read_holds_up_nobody_else(web: Web, served: Served, viewer: Browser) -> None:
    web.recorder.messages = [b"\x03" + bytes(100_000)] * 300
    async with watch(served, viewer) as slow, watch(served, viewer) as quick:
        async with asyncio.timeout(60):
            for _ in range(300):
                await quick.recv()
        assert (await viewer.get("/healthz")).status_code == 200
        slow.transport.abort()
    await until(lambda: web.recorder.watching == 0)


async def test_stopping_ends_the_viewers(web: Web) -> None:
    web.recorder.messages = MESSAGES
    async with serving(web) as served:
        viewer = served.browser()
        await viewer.sign_in()
        connection = await watch(served, viewer)
        await receive(connection, 3)
        await viewer.aclose()
    assert await closed(connection) in {1008, 1012}
    assert web.recorder.watching == 0
