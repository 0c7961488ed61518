"""What /api/storage says of limits, forecasts and alarms, and what the storage service's news become."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mini_nvr.api.event_feed import EventFeed
from mini_nvr.api.server import create_app
from tests.support.catalog import FIVE_MINUTES, T0
from tests.support.fake_storage import FakeStorage
from tests.support.waiting import until
from tests.support.web import NOW, SETTINGS, Web, make_web, small

ALARM = {"kind": "files cannot be deleted", "message": "ch1/x: Input/output error; check the disk", "since_utc_us": T0}


@pytest.fixture
def told() -> FakeStorage:
    return FakeStorage()


async def storage_of(
    folder: Path, storage: FakeStorage, settings: Mapping[str, str], files: int = 3, protected: int = 0
) -> dict[str, Any]:
    """GET /api/storage with one channel of 1 MiB each five minutes, under other settings."""
    made = make_web(folder, {**SETTINGS, **settings})
    web = Web(replace(made.deps, storage=storage), made.app, made.clock, made.recorder, folder)
    web.app = create_app(web.deps)
    try:
        for number in range(files):
            web.put(small(T0 + number * FIVE_MINUTES, number=number, size_bytes=1 << 20), content=b"")
        web.catalog.protect([row.id for row in web.catalog.segments()[:protected]], protected=True)
        async with web.client() as browser:
            await browser.sign_in()
            answer: dict[str, Any] = (await browser.get("/api/storage")).json()
            return answer
    finally:
        web.catalog.close()


async def test_limits_are_shown(folder: Path, told: FakeStorage) -> None:
    limits = {"MIN_FREE_GB": "2", "RETENTION_DAYS": "30", "CHANNEL_2_MAX_GB": "5", "CHANNEL_3_RETENTION_DAYS": "7"}
    answer = await storage_of(folder, told, limits)
    assert answer["limits"] == {
        "maxGB": 100.0,
        "minFreeGB": 2.0,
        "retentionDays": 30.0,
        "channels": [
            {"channel": 2, "maxGB": 5.0, "retentionDays": None},
            {"channel": 3, "maxGB": None, "retentionDays": 7.0},
        ],
    }
    assert answer["alarms"] == []


async def test_the_oldest_goes_when_it_is_too_old(folder: Path, told: FakeStorage) -> None:
    answer = await storage_of(folder, told, {"RETENTION_DAYS": "0.5", "MAX_STORAGE_GB": "100000"})
    assert answer["oldestGoesAt"] == "2026-03-02T01:35:00.000+00:00"
    assert answer["daysKept"] == 0.5
    assert answer["daysUntilFull"] is None


async def test_the_oldest_goes_when_it_is_full(folder: Path, told: FakeStorage) -> None:
    """6 MiB of room, 1 MiB of it kept ahead, at 12 MiB an hour."""
    assert told.answer is not None
    told.answer["aheadBytes"] = 1 << 20
    answer = await storage_of(folder, told, {"MAX_STORAGE_GB": str(8 / 1024)}, files=2)
    assert NOW == T0 + 3_600_000_000
    assert answer["oldestGoesAt"].startswith("2026-03-01T14:55:00")


async def test_what_is_protected_holds_no_days(folder: Path, told: FakeStorage) -> None:
    """Full, at 288 MiB a day: of 3 MiB, none is there for what comes."""
    answer = await storage_of(folder, told, {"MAX_STORAGE_GB": "0.00293"}, protected=3)
    assert (answer["daysKept"], answer["daysUntilFull"]) == (0.0, None)


async def test_nothing_goes_without_a_limit(folder: Path, told: FakeStorage) -> None:
    answer = await storage_of(folder, told, {"MAX_STORAGE_GB": ""})
    assert answer["oldestGoesAt"] is None


async def test_alarms_are_the_service_s_own(folder: Path, told: FakeStorage) -> None:
    assert told.answer is not None
    told.answer["alarms"] = [ALARM]
    answer = await storage_of(folder, told, {})
    assert answer["alarms"] == [
        {"kind": ALARM["kind"], "message": ALARM["message"], "since": "2026-03-01T13:30:00.000+00:00"},
    ]


@pytest.mark.parametrize(("limit", "alarms"), [("100", 1), ("", 0)])
async def test_a_silent_service_is_an_alarm_where_it_has_limits_to_keep(
    folder: Path, told: FakeStorage, limit: str, alarms: int
) -> None:
    told.answer = None
    answer = await storage_of(folder, told, {"MAX_STORAGE_GB": limit})
    assert len(answer["alarms"]) == alarms
    shutil.rmtree(folder / "recordings")


async def test_metrics_tell_of_deletions_and_alarms(web: Web, told: FakeStorage) -> None:
    told.answer = {"alarms": [ALARM], "usedBytes": 9_000, "aheadBytes": 800, "deletedFiles": 7, "deletedBytes": 700}
    told.answer |= {
        "convertedFiles": 6,
        "conversionFailures": 5,
        "conversionsWaiting": 4,
        "unconvertedFiles": 3,
        "converting": None,
    }
    web.put(small())
    web.catalog.protect([web.catalog.segments()[0].id], protected=True)
    web.app.state.deps = replace(web.deps, storage=told)
    text = (await (await web.signed_in()).get("/metrics")).text
    assert 'mini_nvr_storage_alarm{kind="files cannot be deleted"} 1.0' in text
    assert 'mini_nvr_storage_alarm{kind="files cannot be converted"} 0.0' in text
    assert "mini_nvr_storage_used_bytes 9000.0" in text
    assert "mini_nvr_storage_ahead_bytes 800.0" in text
    assert "mini_nvr_converted_files_total 6.0" in text
    assert "mini_nvr_conversion_failures_total 5.0" in text
    assert "mini_nvr_conversions_waiting 4.0" in text
    assert "mini_nvr_unconverted_files 3.0" in text
    assert "mini_nvr_deleted_files_total 7.0" in text
    assert "mini_nvr_deleted_bytes_total 700.0" in text
    assert 'mini_nvr_footage_protected_bytes{channel="1"} 5000.0' in text
    assert "mini_nvr_storage_up 1.0" in text


async def test_metrics_of_a_silent_service(web: Web) -> None:
    text = (await (await web.signed_in()).get("/metrics")).text
    assert "mini_nvr_storage_up 0.0" in text
    assert "mini_nvr_deleted" not in text


async def test_its_news_reach_the_listeners_again_after_it_was_gone(web: Web, told: FakeStorage) -> None:
    feed, answer = EventFeed(), told.answer
    told.answer = None
    with feed.listen() as listener:
        following = asyncio.create_task(feed.follow_storage(told, web.clock))
        await until(lambda: web.clock.sleepers > 0)
        told.answer = answer
        told.told.put_nowait({"event": "deleted", "channel": 1})
        web.clock.advance(2)
        assert await listener.next(5) == {"event": "deleted", "channel": 1}
        following.cancel()
