"""Footage files by id."""

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from mini_nvr.api.byte_ranges import Span
from mini_nvr.api.file_source import FileSource
from mini_nvr.api.media import version_of
from mini_nvr.catalog.model import SegmentRow
from mini_nvr.playback.files import Stretch
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


@pytest.mark.parametrize("header", [None, "bytes=0-0", "bytes=100-19999999", "bytes=-7"])
async def test_what_the_kernel_copies_is_what_is_read(web: Web, header: str | None) -> None:
    content = bytes(range(251)) * 80_000  # more than is copied in one go
    web.put(small(size_bytes=len(content)), content=content)
    (row,) = web.catalog.segments()
    headers = {"range": header} if header else {}
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        copied = await browser.get(f"/api/segments/{row.id}.mp4", headers=headers)
    read = await (await web.signed_in()).get(f"/api/segments/{row.id}.mp4", headers=headers)
    assert copied.content == read.content
    assert [copied.headers[name] for name in ("content-length", "etag")] == [
        read.headers[name] for name in ("content-length", "etag")
    ]
    assert copied.headers.get("content-range") == read.headers.get("content-range")
    counted = web.deps.instruments.registry.get_sample_value("mini_nvr_http_sent_bytes_total")
    assert counted is not None
    assert counted >= 2 * len(read.content)


async def test_only_files_that_do_not_change_are_left_to_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(pattern(100))
    span = Span(10, 20, 100)
    for sealed in (True, False):
        fd = os.open(tmp_path / "file", os.O_RDONLY)
        source = FileSource("file", fd, sealed=sealed)
        pieces = [piece async for piece in source.pieces(span)]
        assert pieces == ([Stretch("file", fd, 10, 20)] if sealed else [pattern(100)[10:20]])
        await source.close()


async def test_a_client_that_leaves_while_the_disk_stalls_leaves_nothing_open(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    stalled, goes_on, tried, kernel = threading.Event(), threading.Event(), threading.Event(), os.sendfile
    failed = list[OSError]()

    def stall(*arguments: int) -> int:
        stalled.set()
        assert goes_on.wait(60)
        try:
            return kernel(*arguments)
        except OSError as exc:
            failed.append(exc)
            raise
        finally:
            tried.set()

    monkeypatch.setattr(os, "sendfile", stall)
    web.put(small())
    (row,) = web.catalog.segments()
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        await browser.get("/healthz")
        before = open_files()
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(f"GET /api/segments/{row.id}.mp4 HTTP/1.1\r\nHost: x\r\nCookie: {cookies_of(browser)}\r\n\r\n".encode())
        await until(stalled.is_set)
        assert (await browser.get("/healthz")).status_code == 200
        writer.transport.abort()
        await until(lambda: open_files() <= before + 2)  # what the thread still uses
        goes_on.set()
        await until(tried.is_set)
        await until(lambda: open_files() <= before)
    assert not any(exc.errno == errno.EBADF for exc in failed)


async def test_a_disk_that_refuses_ends_the_answer_early(
    web: Web, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: int) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "sendfile", broken)
    web.put(small())
    (row,) = web.catalog.segments()
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        with pytest.raises(httpx.RemoteProtocolError):
            await browser.get(f"/api/segments/{row.id}.mp4")
        assert (await browser.get("/healthz")).status_code == 200
    assert f"{row.path} cannot be read behind byte 0: Input/output error" in caplog.text
    assert "Traceback" not in caplog.text


async def test_another_recording_under_an_old_id_is_not_taken_for_the_first(browser: Browser, sealed: SegmentRow) -> None:
    """Ids begin anew in a catalog that was lost and rebuilt; what browsers cached before must not be shown."""
    bare = await browser.get(f"/api/segments/{sealed.id}.mp4")
    assert "immutable" not in bare.headers["cache-control"]
    assert (await browser.get(f"/api/segments/{sealed.id}.mp4?v=0123456789abcdef")).status_code == 404
    other = replace(sealed, start_utc_us=sealed.start_utc_us + 1)
    assert version_of(other) != version_of(sealed)
