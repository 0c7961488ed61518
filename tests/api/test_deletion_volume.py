"""Deleting while the disk is not there, or the catalog is being made anew: nothing is lost, and the answer says why."""

from collections.abc import Callable

import pytest

from mini_nvr.segment.volume import IDENTITY_FILE, create_volume
from tests.support.catalog import FIVE_MINUTES, T0
from tests.support.web import Browser, Web, small

PATH = "ch1/2026-03-01/133000+0000.mp4"
REQUESTS: dict[str, dict[str, str | int]] = {
    "/api/recording": {"path": PATH},
    "/api/recordings": {"channel": 1, "start": T0 // 1000, "end": (T0 + 3 * FIVE_MINUTES) // 1000},
}


def unmount(web: Web) -> None:
    web.deps.record_dir.rename(web.folder / "unplugged")
    web.deps.record_dir.mkdir()


def unmount_the_folder_too(web: Web) -> None:
    web.deps.record_dir.rename(web.folder / "unplugged")


def swap(web: Web) -> None:
    """Another disk, which has a file of the same name."""
    unmount(web)
    create_volume(web.deps.record_dir)
    web.file(PATH).parent.mkdir(parents=True)
    web.file(PATH).write_text("of another recorder")


@pytest.mark.parametrize("path", REQUESTS)
@pytest.mark.parametrize("change", [unmount, unmount_the_folder_too, swap])
async def test_i7_without_the_disk_nothing_is_deleted(web: Web, browser: Browser, path: str, change: Callable[[Web], None]) -> None:
    for number in range(3):
        web.put(small(T0 + number * FIVE_MINUTES, number=number))
    before = web.catalog.segments()
    change(web)
    answer = await browser.delete(path, params=REQUESTS[path])
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert "not the disk that was recorded to" in answer.json()["detail"]
    assert "mounted" in answer.json()["remedy"]
    assert web.catalog.segments() == before
    assert web.catalog.gaps(1) == []
    assert change is not swap or web.file(PATH).read_text() == "of another recorder"


@pytest.mark.parametrize("path", REQUESTS)
async def test_while_the_catalog_is_made_anew_nothing_is_deleted(web: Web, browser: Browser, path: str) -> None:
    """What was protected is not known yet."""
    web.put(small())
    with web.catalog.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('rescan_due', '1')")
    answer = await browser.delete(path, params=REQUESTS[path])
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert "made anew" in answer.json()["detail"]
    assert web.file(PATH).exists()
    assert len(web.catalog.segments()) == 1


async def test_what_is_protected_is_written_beside_the_footage_of_the_known_disk_alone(web: Web, browser: Browser) -> None:
    web.put(small())
    written = web.file(".mini-nvr-protected")
    await browser.post("/api/recording/protect", params={"path": PATH})
    assert written.read_text() == PATH + "\n"
    await browser.delete("/api/recording/protect", params={"path": PATH})
    assert written.read_text() == ""
    web.file(IDENTITY_FILE).unlink()
    create_volume(web.deps.record_dir)
    assert (await browser.post("/api/recording/protect", params={"path": PATH})).json()["protected"] is True
    assert written.read_text() == ""
