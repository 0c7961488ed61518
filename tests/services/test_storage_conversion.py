"""The storage service converts: with room that cleanup has made, and without holding up its end."""

import asyncio
from pathlib import Path

from mini_nvr.clock import SystemClock
from mini_nvr.recorder.control import ControlServer
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.services.storage import BEHIND_BYTES, StorageService, recorder_is_behind
from mini_nvr.storage.foreign import TEMPORARY_SUFFIX
from tests.support.conversion import Archive
from tests.support.foreign_files import make, pictures
from tests.support.waiting import until


async def test_footage_of_another_product_is_converted_within_the_limit(tmp_path: Path) -> None:
    archive = Archive(tmp_path, MAX_STORAGE_GB="1")
    before = pictures(make(archive.record_dir / "ch1/2023-11-14/100000.mkv"))
    service = StorageService(archive.settings, SystemClock())
    await service.start()
    try:
        await until(lambda: service.status()["convertedFiles"] == 1)
    finally:
        await service.stop()
    assert archive.files() == ["ch1/2023-11-14/100000+0000.mp4"]
    assert pictures(archive.record_dir / archive.files()[0]) == before
    archive.catalog.close()


async def test_a_conversion_under_way_holds_up_nobody(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for minute in range(20):
        make(archive.record_dir / f"ch1/2023-11-14/10{minute:02}00.mkv")
    service = StorageService(archive.settings, SystemClock())
    await service.start()
    await until(lambda: service.status()["convertedFiles"] >= 1)
    async with asyncio.timeout(60):
        await service.stop()
    assert not [name for name in archive.files() if name.endswith(TEMPORARY_SUFFIX)]
    archive.catalog.close()


async def test_footage_that_waits_in_the_recorder_is_noticed(tmp_path: Path) -> None:
    assert not await recorder_is_behind(tmp_path)
    queued = 0
    server = ControlServer(
        lambda: [ChannelStatus(number=1, name="Yard", status="LIVE", reconnects=0, packets_lost=0, queue_bytes=queued)]
    )
    await server.start(tmp_path)
    try:
        assert not await recorder_is_behind(tmp_path)
        queued = BEHIND_BYTES + 1
        assert await recorder_is_behind(tmp_path)
    finally:
        await server.stop()
