"""The recorder in this process, with a camera: nothing about the catalog is a reason not to record."""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from mini_nvr.catalog.lock import DataDirLock
from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.recovery import RepairReport
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import RescanReport, rescan
from mini_nvr.clock import SystemClock
from mini_nvr.config.load import load
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.errors import CatalogError
from mini_nvr.live import protocol
from mini_nvr.recorder.notices import CATALOG_FILLED, CATALOG_LOST
from mini_nvr.services import recorder
from mini_nvr.services.recorder import RecorderService, open_catalog
from tests.e2e.recorder_process import camera_settings
from tests.support.live import Screen
from tests.support.waiting import until

WAIT_S = 60.0


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        yield rig


@asynccontextmanager
async def running(rig: DemoRig, folder: Path) -> AsyncIterator[tuple[RecorderService, Catalog]]:
    """Until it is cancelled, as by a signal."""
    record_dir, data_dir = folder / "recordings", folder / "data"
    settings = load({**camera_settings(rig, 1), "RECORD_DIR": str(record_dir), "DATA_DIR": str(data_dir), "TZ": "UTC"})
    with DataDirLock(data_dir) as lock, open_catalog(data_dir) as catalog:
        service = RecorderService(settings, catalog, SystemClock(), lock)
        task = asyncio.create_task(service.run())
        try:
            yield service, catalog
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            gc.unfreeze()


def records(service: RecorderService) -> bool:
    return any(row.status == "LIVE" and row.file is not None for row in service.status())


async def test_reading_all_footage_holds_up_no_recording(rig: DemoRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any, **named: Any) -> RescanReport:
        begun.set()
        assert go_on.wait(WAIT_S)
        return rescan(*arguments, **named)

    monkeypatch.setattr(recorder, "rescan", slow)
    async with running(rig, tmp_path) as (service, catalog):
        try:
            await until(begun.is_set)
            await until(lambda: records(service))
            assert catalog.was_rebuilt
        finally:
            go_on.set()
        await until(lambda: not catalog.was_rebuilt)
    with Catalog.open(tmp_path / "data") as catalog:
        assert [row.number for row in catalog.segments(1)] == [0]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (RepairReport(looked_at=7), "start: 7 recent files and rows looked at, nothing to repair"),
        (
            RepairReport(
                sealed=[PurePosixPath("a"), PurePosixPath("b")], damaged=[(PurePosixPath("c"), "")], runs_ended=2, looked_at=9
            ),
            "repaired after an unclean stop: 2 sealed, 1 unreadable, 2 runs ended; 9 recent files and rows looked at",
        ),
    ],
)
def test_a_start_says_what_it_repaired_by_kind(report: RepairReport, said: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    recorder.tell(report)
    assert [record.getMessage() for record in caplog.records if record.name == recorder.__name__] == [said]


async def test_a_catalog_that_was_damaged_is_told_while_it_is_filled_and_afterwards(
    rig: DemoRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(rig, tmp_path) as (service, _):
        await until(lambda: records(service))
        assert [(row.warning, row.catalogs_lost) for row in service.status()] == [(None, 0)]
    for path in (tmp_path / "data").glob("catalog.db-*"):
        path.unlink()
    (tmp_path / "data" / "catalog.db").write_bytes(b"not a database" * 1000)
    go_on, screen = threading.Event(), Screen()

    def slow(*arguments: Any, **named: Any) -> RescanReport:
        assert go_on.wait(WAIT_S)
        return rescan(*arguments, **named)

    monkeypatch.setattr(recorder, "rescan", slow)
    async with running(rig, tmp_path) as (service, _):
        try:
            await until(lambda: records(service))
            assert [(row.warning, row.catalogs_lost) for row in service.status()] == [(CATALOG_LOST, 1)]
            service.news.join(screen)
            alarm = {"event": "storageAlarm", "channel": None, "cause": "catalog was damaged or gone", "detail": CATALOG_LOST}
            await until(lambda: {**alarm, "over": False} in [protocol.read_json(message) for message in screen.messages])
        finally:
            go_on.set()
        await until(lambda: [row.warning for row in service.status()] == [CATALOG_FILLED])


async def test_an_empty_mount_point_fills_no_catalog(
    rig: DemoRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk goes away under a rescan: it fails, and is tried again until the disk is back."""
    async with running(rig, tmp_path) as (service, _):
        await until(lambda: records(service))
    for path in (tmp_path / "data").glob("catalog.db*"):
        path.unlink()
    records_dir, aside, gone = tmp_path / "recordings", tmp_path / "aside", threading.Event()

    def unmount(*arguments: Any, **named: Any) -> RescanReport:
        if gone.is_set():
            return rescan(*arguments, **named)
        records_dir.rename(aside)
        records_dir.mkdir()
        gone.set()
        raise CatalogError("the folder cannot be read")

    monkeypatch.setattr(recorder, "rescan", unmount)
    async with running(rig, tmp_path) as (_, catalog):
        await until(lambda: "is not the known recording volume" in caplog.text)
        assert catalog.was_rebuilt
        records_dir.rmdir()
        aside.rename(records_dir)
        await until(lambda: not catalog.was_rebuilt)
        assert catalog.segments(1)[0].state is SegmentState.SEALED


async def test_a_catalog_that_takes_no_names_is_recorded_beside(
    rig: DemoRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """DATA_DIR is full, RECORD_DIR is not."""

    def full(*_: object) -> None:
        raise CatalogError("database or disk is full")

    monkeypatch.setattr(Catalog, "register_channels", full)
    async with running(rig, tmp_path) as (service, _):
        await until(lambda: records(service))
    assert "database or disk is full; recording goes on" in caplog.text
    with Catalog.open(tmp_path / "data") as catalog:
        assert [row.number for row in catalog.segments(1)] == [0]


async def test_a_catalog_that_cannot_be_opened_is_opened_later(rig: DemoRig, tmp_path: Path) -> None:
    """Everything that was recorded meanwhile is in it then, and the time before is a gap."""
    async with running(rig, tmp_path) as (service, _):
        await until(lambda: records(service))
    database, aside = tmp_path / "data" / "catalog.db", tmp_path / "aside.db"
    database.rename(aside)
    database.mkdir()
    async with running(rig, tmp_path) as (service, catalog):
        await until(lambda: records(service))
        assert not catalog.is_open
        database.rmdir()
        aside.rename(database)
        await until(lambda: catalog.is_open)
        await until(lambda: len(catalog.segments(1)) == 2)
    with Catalog.open(tmp_path / "data") as catalog:
        assert [row.state for row in catalog.segments(1)] == [SegmentState.SEALED] * 2
        first, second = catalog.segments(1)
        assert catalog.gaps(1, first.end_utc_us, second.start_utc_us)
