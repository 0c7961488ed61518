"""The storage process: it keeps limits, tells, and survives what happens to the catalog under it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mini_nvr.catalog.repository import Catalog
from mini_nvr.config.model import Settings
from mini_nvr.errors import GapCause
from mini_nvr.services.storage import StorageService, described
from mini_nvr.storage.door import StorageUnreachable, events, request_status
from tests.support.catalog import T0
from tests.support.kept_footage import MB, KeptFootage, gb
from tests.support.waiting import until

LIMITS = {"MAX_STORAGE_GB": gb(60 * MB), "CLEANUP_INTERVAL": "1"}


@pytest.fixture
def kept(tmp_path: Path) -> KeptFootage:
    (tmp_path / "data").mkdir()
    return KeptFootage(tmp_path)


@asynccontextmanager
async def running(settings: Settings, kept: KeptFootage) -> AsyncIterator[StorageService]:
    service = StorageService(settings, kept.clock)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def test_it_deletes_and_tells(kept: KeptFootage) -> None:
    kept.fill(3)
    async with running(kept.settings(LIMITS), kept):
        async with events(kept.data_dir) as told:
            rows = [kept.put(number) for number in range(3, 8)]
            async with asyncio.timeout(60):
                first = await anext(told)
        await until(lambda: len(kept.files()) < 6)
        async with asyncio.timeout(60):  # a file is gone before it is counted
            while (status := await request_status(kept.data_dir))["deletedFiles"] < 3:
                pass
    assert first["event"] == "deleted"
    assert first["channel"] == 1
    assert first["path"] == "ch1/2026-03-01/133000+0000.mp4"
    assert (first["startUtcUs"], first["bytes"]) == (T0, 10 * MB)
    assert first["cause"] == "limit of all footage"
    assert status["deletedFiles"] >= 3
    assert status["alarms"] == []
    assert status["usedBytes"] > 0
    assert status["aheadBytes"] > 0
    assert kept.files()[-1] == str(rows[-1].path)
    assert {gap.cause for gap in kept.catalog.gaps(1)} == {GapCause.DELETED}


async def test_an_alarm_is_told_and_shown(kept: KeptFootage) -> None:
    kept.catalog.protect([row.id for row in kept.fill(8)], protected=True)
    async with running(kept.settings(LIMITS), kept) as service:
        await until(lambda: bool(service.alarms.current()))
        async with events(kept.data_dir) as told:
            kept.catalog.protect([row.id for row in kept.catalog.segments()], protected=False)
            async with asyncio.timeout(60):
                over = await anext(told)
                while over["event"] != "storageAlarm":
                    over = await anext(told)
    assert over["over"] is True
    assert over["cause"] == "protected footage exceeds the limit"
    assert len(kept.files()) < 6


async def test_a_catalog_that_was_replaced_is_opened_anew(kept: KeptFootage) -> None:
    """The recorder sets a damaged catalog aside; rows of the old one say nothing about the files any more."""
    kept.fill(2)
    async with running(kept.settings(LIMITS), kept):
        async with asyncio.timeout(60):
            while (await request_status(kept.data_dir))["usedBytes"] is None:  # noqa: ASYNC110  another thread's work
                await asyncio.sleep(0.02)
        kept.catalog.close()
        for path in kept.data_dir.glob("catalog.db*"):
            path.rename(path.with_name("damaged-" + path.name))
        with Catalog.open(kept.data_dir) as fresh:
            with fresh.database.write() as connection:
                connection.exec_driver_sql("DELETE FROM meta WHERE key = 'rescan_due'")
            kept.catalog = fresh
            for number in range(10, 18):
                kept.put(number)
            await until(lambda: len(fresh.segments()) < 6)
    assert "ch1/2026-03-01/133000+0000.mp4" in kept.files()


async def test_a_catalog_that_cannot_be_opened_is_an_alarm_that_ends(kept: KeptFootage) -> None:
    kept.catalog.close()
    shutil.move(kept.data_dir / "catalog.db", kept.root / "aside.db")
    for path in kept.data_dir.glob("catalog.db-*"):
        path.unlink()
    (kept.data_dir / "catalog.db").mkdir()
    async with running(kept.settings(LIMITS), kept) as service:
        await until(lambda: bool(service.alarms.current()))
        assert "catalog" in (await request_status(kept.data_dir))["alarms"][0]["kind"]
        (kept.data_dir / "catalog.db").rmdir()
        shutil.move(kept.root / "aside.db", kept.data_dir / "catalog.db")
        await until(lambda: not service.alarms.current())


async def test_a_catalog_that_was_locked_leaves_a_doubted_clock_doubted(kept: KeptFootage) -> None:
    kept.fill(3)
    async with running(kept.settings({"RETENTION_DAYS": "1", "CLEANUP_INTERVAL": "1"}), kept) as service:
        await until(lambda: service.status()["usedBytes"] is not None)
        kept.clock.step_wall(10 * 365 * 86_400)
        kept.catalog.close()
        (kept.data_dir / "catalog.db").rename(kept.root / "aside.db")
        (kept.data_dir / "catalog.db").mkdir()
        await until(lambda: bool(service.alarms.current()))
        (kept.data_dir / "catalog.db").rmdir()
        (kept.root / "aside.db").rename(kept.data_dir / "catalog.db")
        await until(lambda: not service.alarms.current())
    assert len(kept.files()) == 3


async def test_a_second_one_is_refused(kept: KeptFootage) -> None:
    async with running(kept.settings({}), kept):
        with pytest.raises(StorageUnreachable, match="another"):
            await StorageService(kept.settings({}), kept.clock).start()


async def test_a_reservation_wakes_it(kept: KeptFootage) -> None:
    async with running(kept.settings({"CLEANUP_INTERVAL": "3600"}), kept) as service:
        await asyncio.sleep(0.05)
        with service.rooms.reserve(1) as room:
            assert await asyncio.to_thread(room.wait, 60)


def test_the_limits_in_words(kept: KeptFootage) -> None:
    assert described(kept.settings({})) == "limits: none, footage is never deleted"
    values = {"MAX_STORAGE_GB": "1.5", "MIN_FREE_GB": "10", "RETENTION_DAYS": "30", "CHANNEL_1_MAX_GB": "1"}
    assert described(kept.settings(values)) == (
        "limits: at most 1.5 GB of footage, 10 GB kept free, 30 days kept, limits of 1 channel alone"
    )
