"""Footage files by id."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mini_nvr.api.media import version_of
from mini_nvr.catalog.model import SegmentRow
from tests.support.served import cookies_of, serving
from tests.support.waiting import until
from tests.support.web import Browser, Web, pattern, small


@pytest.fixture
def sealed(web: Web) -> SegmentRow:
    web.put(small())
    (row,) = web.catalog.segments()
    return row


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_sealed_file_is_served_whole_and_for_ever(browser: Browser, sealed: SegmentRow) -> None:
    answer = await browser.get(f"/api/segments/{sealed.id}.mp4?v={version_of(sealed)}")
    assert answer.status_code == 200
    assert answer.content == pattern(5_000)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == "5000"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "immutable" in answer.headers["cache-control"]
    again = await browser.get(f"/api/segments/{sealed.id}.mp4", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=-7", 4_993, 5_000), ("bytes=4000-9999", 4_000, 5_000)],
)
async def test_ranges(browser: Browser, sealed: SegmentRow, header: str, start: int, end: int) -> None:
    answer = await browser.get(f"/api/segments/{sealed.id}.mp4", headers={"range": header})
    assert answer.status_code == 206
    assert answer.content == pattern(5_000)[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/5000"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("header", ["bytes=5000-", "bytes=0-1,3-4", "bytes=-0"])
async def test_ranges_that_are_refused(browser: Browser, sealed: SegmentRow, header: str) -> None:
    answer = await browser.get(f"/api/segments/{sealed.id}.mp4", headers={"range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */5000"
    assert answer.json()["type"] == "/problems/range-not-satisfiable"


async def test_a_range_of_another_version_is_answered_whole(browser: Browser, sealed: SegmentRow) -> None:
    headers = {"range": "bytes=0-9", "if-range": '"other"'}
    assert (await browser.get(f"/api/segments/{sealed.id}.mp4", headers=headers)).status_code == 200


async def test_head_tells_without_reading(browser: Browser, sealed: SegmentRow) -> None:
    answer = await browser.head(f"/api/segments/{sealed.id}.mp4", headers={"range": "bytes=0-9"})
    assert answer.status_code == 200
    assert answer.headers["content-length"] == "5000"
    assert answer.content == b""


async def test_a_growing_file_is_served_to_its_last_checkpoint(web: Web, browser: Browser) -> None:
    web.put(small(sealed=False, size_bytes=3_000), content=pattern(5_000))
    (row,) = web.catalog.segments()
    answer = await browser.get(f"/api/segments/{row.id}.mp4")
    assert answer.content == pattern(3_000)
    assert answer.headers["cache-control"] == "no-store"  # kept ranges of it would be asked for with a tag that is gone
    beyond = await browser.get(f"/api/segments/{row.id}.mp4", headers={"range": "bytes=3000-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize("name", ["0", "-1", "x", "1e3", "99999999999999999999", "1%00", "%2e%2e", "1.5"])
async def test_ids_that_are_none(browser: Browser, sealed: SegmentRow, name: str) -> None:
    assert (await browser.get(f"/api/segments/{name}.mp4")).status_code in {400, 404}


async def test_an_id_that_nothing_has(browser: Browser, sealed: SegmentRow) -> None:
    assert (await browser.get(f"/api/segments/{sealed.id + 1}.mp4")).status_code == 404


def _remove(web: Web, row: SegmentRow) -> None:
    web.file(row.path).unlink()


def _link_outwards(web: Web, row: SegmentRow) -> None:
    secret = web.folder / "recordings-backup"
    secret.write_text("c4n4ry")
    web.file(row.path).unlink()
    web.file(row.path).symlink_to(secret)


def _make_pipe(web: Web, row: SegmentRow) -> None:
    web.file(row.path).unlink()
    os.mkfifo(web.file(row.path))


def _make_folder(web: Web, row: SegmentRow) -> None:
    web.file(row.path).unlink()
    web.file(row.path).mkdir()


@pytest.mark.parametrize("spoil", [_remove, _link_outwards, _make_pipe, _make_folder])
async def test_s1_only_regular_files_inside_the_folder_are_read(
    web: Web, browser: Browser, sealed: SegmentRow, spoil: Callable[[Web, SegmentRow], None]
) -> None:
    spoil(web, sealed)
    answer = await browser.get(f"/api/segments/{sealed.id}.mp4")
    assert answer.status_code == 404
    assert "c4n4ry" not in answer.text


async def test_no_descriptor_is_left_open(browser: Browser, sealed: SegmentRow) -> None:
    await browser.get(f"/api/segments/{sealed.id}.mp4")
    before = open_files()
    for header in ("bytes=0-9", "bytes=9999-", "bytes=0-1,2-3"):
        await browser.get(f"/api/segments/{sealed.id}.mp4", headers={"range": header})
        await browser.head(f"/api/segments/{sealed.id}.mp4")
    assert open_files() == before


async def test_a_file_deleted_while_it_is_read_is_read_to_its_end(web: Web, browser: Browser) -> None:
    web.put(small(size_bytes=3_000_000))
    (row,) = web.catalog.segments()
    reading = browser.get(f"/api/segments/{row.id}.mp4")
    deleting = browser.delete("/api/recording", params={"path": str(row.path)})
    got, deleted = await asyncio.gather(reading, deleting)
    assert deleted.status_code == 200
    assert got.status_code == 404 or got.content == pattern(3_000_000)


async def test_a_client_that_goes_away_leaves_nothing_open(web: Web) -> None:
    web.put(small(size_bytes=20_000_000), content=bytes(20_000_000))
    (row,) = web.catalog.segments()
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        await browser.get("/healthz")
        before = open_files()
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", served.port)
            head = f"GET /api/segments/{row.id}.mp4 HTTP/1.1\r\nHost: x\r\nCookie: {cookies_of(browser)}\r\n\r\n"
            writer.write(head.encode())
            await writer.drain()
            await until(lambda: open_files() > before + 2)  # both ends of the connection, and the file
            writer.transport.abort()
            await until(lambda: open_files() <= before)
        assert (await browser.get("/healthz")).status_code == 200


async def test_another_recording_under_an_old_id_is_not_taken_for_the_first(browser: Browser, sealed: SegmentRow) -> None:
    """Ids begin anew in a catalog that was lost and rebuilt; what browsers cached before must not be shown."""
    bare = await browser.get(f"/api/segments/{sealed.id}.mp4")
    assert "immutable" not in bare.headers["cache-control"]
    assert (await browser.get(f"/api/segments/{sealed.id}.mp4?v=0123456789abcdef")).status_code == 404
    other = replace(sealed, start_utc_us=sealed.start_utc_us + 1)
    assert version_of(other) != version_of(sealed)
