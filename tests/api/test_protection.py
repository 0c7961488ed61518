"""Protecting files and ranges; what that keeps from being deleted is in tests/storage."""

import pytest

from tests.support.catalog import FIVE_MINUTES, MINUTE, T0
from tests.support.web import OTHER_USER, SETTINGS, Browser, Web, small

PATH = "ch1/2026-03-01/133000+0000.mp4"


def protected(web: Web) -> list[bool]:
    return [row.protected for row in web.catalog.segments(1)]


async def test_a_protected_file_says_so_and_cannot_be_deleted(web: Web, browser: Browser) -> None:
    web.put(small())
    for _ in range(2):
        answer = await browser.post("/api/recording/protect", params={"path": PATH})
        assert answer.json() == {"path": PATH, "protected": True}
    (shown,) = (await browser.get("/api/channel/1/recordings?date=2026-03-01")).json()["recordings"]
    assert shown["protected"] is True
    assert (await browser.delete("/api/recording", params={"path": PATH})).json()["type"] == "/problems/protected"
    assert (await browser.delete("/api/recording/protect", params={"path": PATH})).json() == {"path": PATH, "protected": False}
    assert (await browser.delete("/api/recording", params={"path": PATH})).status_code == 200


async def test_a_file_that_is_being_written_stays_protected_when_it_is_sealed(web: Web, browser: Browser) -> None:
    web.put(small(sealed=False))
    await browser.post("/api/recording/protect", params={"path": PATH})
    web.put(small())
    assert protected(web) == [True]


async def test_a_range_is_every_file_with_footage_in_it(web: Web, browser: Browser) -> None:
    for number in range(4):
        web.put(small(T0 + number * FIVE_MINUTES, number=number))
    web.put(small(T0, channel=2))
    wanted = {"channel": 1, "start": (T0 + 7 * MINUTE) // 1000, "end": (T0 + 10 * MINUTE) // 1000 + 1}
    answer = await browser.post("/api/recordings/protect", params=wanted)
    assert answer.json() == {
        "files": 2,
        "bytes": 10_000,
        "start": "2026-03-01T13:35:00.000+00:00",
        "end": "2026-03-01T13:45:00.000+00:00",
        "protected": True,
    }
    assert protected(web) == [False, True, True, False]
    assert not web.catalog.segments(2)[0].protected
    storage = (await browser.get("/api/storage")).json()
    assert storage["protectedBytes"] == 10_000
    assert [channel["protectedBytes"] for channel in storage["perChannel"]] == [10_000, 0]
    wanted["start"] = T0 // 1000
    assert (await browser.delete("/api/recordings/protect", params=wanted)).json()["files"] == 3
    assert protected(web) == [False] * 4


async def test_an_empty_range_is_no_error(web: Web, browser: Browser) -> None:
    answer = await browser.post("/api/recordings/protect", params={"channel": 1, "start": 1, "end": 2})
    assert answer.json() == {"files": 0, "bytes": 0, "start": None, "end": None, "protected": True}


@pytest.mark.parametrize(
    "path", ["ch1/2026-03-01/999999+0000.mp4", "../data/catalog.db", "/" + PATH, "./" + PATH, PATH + "\0", PATH + "/", "ch1//x"]
)
async def test_s1_only_a_path_of_the_catalog_is_a_recording(web: Web, browser: Browser, path: str) -> None:
    web.put(small())
    assert (await browser.post("/api/recording/protect", params={"path": path})).status_code == 404
    assert protected(web) == [False]


async def test_s3_a_foreign_channel_s_footage_cannot_be_protected(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.put(small())
    monkeypatch.setattr(web.deps.accounts, "may_watch", lambda user, channel: user != OTHER_USER)
    theirs = await web.signed_in(OTHER_USER, SETTINGS["pass2"])
    wanted: dict[str, str | int] = {"channel": 1, "start": T0 // 1000, "end": T0 // 1000 + 1}
    for method in ("POST", "DELETE"):
        assert (await theirs.request(method, "/api/recording/protect", params={"path": PATH})).status_code == 404
        assert (await theirs.request(method, "/api/recordings/protect", params=wanted)).status_code == 404
    assert protected(web) == [False]


async def test_a_file_that_is_being_deleted_is_gone(web: Web, browser: Browser) -> None:
    web.put(small())
    web.catalog.mark_deleting([web.catalog.segments()[0].id])
    assert (await browser.post("/api/recording/protect", params={"path": PATH})).status_code == 404
    wanted = {"channel": 1, "start": 0, "end": T0 // 1000 + 1}
    assert (await browser.post("/api/recordings/protect", params=wanted)).json()["files"] == 0


async def test_who_protected_what_is_recorded_and_told(web: Web, browser: Browser) -> None:
    web.put(small())
    with web.deps.feed.listen() as listener:
        await browser.post("/api/recording/protect", params={"path": PATH})
        told = await listener.next(1)
    assert told == {
        "event": "protected",
        "channel": 1,
        "startUtcUs": T0,
        "endUtcUs": T0 + FIVE_MINUTES,
        "protected": True,
    }
    await browser.delete("/api/recordings/protect", params={"channel": 1, "start": T0 // 1000, "end": T0 // 1000 + 1})
    ended, begun = web.deps.audit.recent(2)
    assert (begun.action, begun.user, begun.target) == ("protect", "anna", PATH)
    assert (ended.action, ended.target) == ("end protection", "channel 1")
    assert "1 files, 5000 bytes" in ended.detail
