"""Server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mini_nvr.api.event_feed import EventFeed, Listener
from tests.support.served import serving
from tests.support.waiting import until
from tests.support.web import OTHER_PASSWORD, OTHER_USER, Browser, Web, small


@asynccontextmanager
async def listening(browser: Browser) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    async with browser.stream("GET", "/api/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")

        async def events() -> AsyncIterator[dict[str, Any]]:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

        yield events()


async def following(events: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    async with asyncio.timeout(60):
        return await anext(events)


async def test_what_the_recorder_tells_reaches_every_listener_who_may_know(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.deps.accounts, "may_watch", lambda user, channel: not (user == OTHER_USER and channel == 2))
    web.recorder.told = asyncio.Queue()
    async with serving(web) as served, served.browser() as mine, served.browser() as theirs:
        await mine.sign_in()
        await theirs.sign_in(OTHER_USER, OTHER_PASSWORD)
        async with listening(mine) as first, listening(theirs) as second:
            assert (await following(first))["event"] == "recorder"
            assert (await following(second))["event"] == "recorder"
            for channel in (2, 1):
                web.recorder.told.put_nowait({"event": "sealed", "channel": channel})
            assert [(await following(first))["channel"] for _ in range(2)] == [2, 1]
            assert (await following(second))["channel"] == 1


async def test_who_comes_later_is_told_the_state_of_each_channel_first(web: Web) -> None:
    feed = EventFeed()
    web.recorder.told = asyncio.Queue()
    following_it = asyncio.create_task(feed.follow(web.recorder, web.clock))
    await until(lambda: feed.recorder_running)
    with feed.listen() as first:
        for event in ({"channel": 1, "status": "LIVE"}, {"channel": 2, "status": "OFF"}, {"channel": 1, "status": "REC"}):
            web.recorder.told.put_nowait({"event": "channel", **event})
        for _ in range(3):
            await first.next(60)
    with feed.listen() as second:
        states = [await second.next(60) for _ in range(2)]
        assert [(state["channel"], state["status"]) for state in states if state] == [(1, "REC"), (2, "OFF")]
        assert await second.next(0) is None
    following_it.cancel()


async def test_a_deletion_is_told(web: Web) -> None:
    web.put(small())
    (row,) = web.catalog.segments()
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        async with listening(browser) as events:
            await following(events)
            await browser.delete("/api/recording", params={"path": str(row.path)})
            assert await following(events) == {"event": "deleted", "channel": 1, "id": row.id, "path": str(row.path)}


async def test_the_clock_is_told_when_nothing_else_is(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mini_nvr.api.events.BEAT_S", 0.01)
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        async with listening(browser) as events:
            await following(events)
            assert await following(events) == {"event": "clock", "utcUs": web.clock.utc_us()}
            web.clock.advance(31 * 60)  # the session is idle: a stream that is only open is no use
            with pytest.raises(StopAsyncIteration):
                while await following(events):
                    pass


async def test_the_clock_is_told_between_many_events(web: Web) -> None:
    web.recorder.told = asyncio.Queue()
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        async with listening(browser) as events:
            await following(events)
            web.clock.advance(6)
            web.recorder.told.put_nowait({"event": "segmentSealed"})
            assert [(await following(events))["event"] for _ in range(2)] == ["segmentSealed", "clock"]


async def test_s13_signing_out_ends_the_stream_at_once(web: Web) -> None:
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        async with listening(browser) as events:
            await following(events)
            await browser.post("/api/logout")
            with pytest.raises(StopAsyncIteration):
                await following(events)
    assert web.deps.feed.listeners == 0


async def test_the_recorder_going_and_coming_is_told(web: Web) -> None:
    feed = EventFeed()
    with feed.listen() as listener:
        following_it = asyncio.create_task(feed.follow(web.recorder, web.clock))
        await until(lambda: web.clock.sleepers > 0)
        web.recorder.told = asyncio.Queue()
        web.clock.advance(2)
        assert await listener.next(60) == {"event": "recorder", "running": True}
        following_it.cancel()


async def test_a_listener_that_is_too_slow_is_told_what_it_lost() -> None:
    listener = Listener(length=3)
    for number in range(5):
        listener.put({"event": str(number)})
    found = [await listener.next(1) for _ in range(4)]
    assert found == [{"event": "lost", "count": 2}, {"event": "2"}, {"event": "3"}, {"event": "4"}]
    assert await listener.next(0.01) is None
    listener.close()
    assert await listener.next(60) is None
