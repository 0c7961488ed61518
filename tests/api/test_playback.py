"""Playlist, stills, export and time line over HTTP, from real footage."""

import asyncio
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC
from io import BytesIO
from pathlib import Path

import av
import httpx
import pytest

from mini_nvr.api import export, export_slots
from mini_nvr.catalog.model import GapChange, SegmentChange, SegmentRow
from mini_nvr.demo.sent import digest
from mini_nvr.errors import GapCause
from mini_nvr.playback.export import ExportPlan
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from mini_nvr.segment.names import segment_name
from tests.support.archive import Archive
from tests.support.catalog import T0
from tests.support.footage import cut_into_parts, video_clip
from tests.support.served import Served, cookies_of, serving
from tests.support.stored import video_digests
from tests.support.waiting import until
from tests.support.web import Browser, Web, make_web

SECONDS = 1_000_000
MOST_LOOKS = 10_000  # of a plan in minutes: none of these tests takes as long


@pytest.fixture
async def web(folder: Path) -> AsyncIterator[Web]:
    """Two files of four seconds that join, a gap of eight seconds, and one more file, of another format."""
    archive = Archive(folder)
    first, second = archive.run(T0, [video_clip()], 2)
    archive.record(second.end_utc_us + 8 * SECONDS, [video_clip(width=256)], run=2)
    gap = GapChange(1, second.end_utc_us, second.end_utc_us + 8 * SECONDS, GapCause.CAMERA_OFFLINE)
    archive.catalog.commit([], [gap])
    archive.catalog.close()
    made = make_web(folder)
    yield made
    for client in made.clients:
        await client.aclose()
    made.catalog.close()


@pytest.fixture
def rows(web: Web) -> list[SegmentRow]:
    return web.catalog.segments(1)


def ms(utc_us: int) -> int:
    return utc_us // 1000


def span(rows: Sequence[SegmentRow]) -> str:
    return f"start={ms(rows[0].start_utc_us)}&end={ms(rows[-1].end_utc_us)}"


def digests(source: BytesIO | str, options: dict[str, str] | None = None) -> list[bytes]:
    with av.open(source, "r", options=options) as container:
        return [digest(bytes(packet)) for packet in container.demux(container.streams.video[0]) if packet.size]


async def test_files_playlist_and_export_hold_the_same_frames(web: Web, rows: list[SegmentRow]) -> None:
    expected = video_digests([web.file(row.path) for row in rows[:2]])
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        exported = await browser.get(f"/api/channel/1/export.mp4?{span(rows[:2])}")
        assert digests(BytesIO(exported.content)) == expected
        assert await asyncio.to_thread(played, served, browser, f"/api/channel/1/playlist.m3u8?{span(rows[:2])}") == expected


def played(served: Served, browser: Browser, path: str) -> list[bytes]:
    """The frames that FFmpeg gets out of a playlist."""
    options = {"headers": f"Cookie: {cookies_of(browser)}\r\n", "allowed_extensions": "ALL", "extension_picky": "0"}
    return digests(served.url + path, options)


async def test_a_playlist(browser: Browser, rows: list[SegmentRow]) -> None:
    answer = await browser.get(f"/api/channel/1/playlist.m3u8?{span(rows)}")
    assert answer.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    assert "#EXT-X-ENDLIST" in answer.text
    assert f"/api/segments/{rows[0].id}.mp4" in answer.text
    live = await browser.get(f"/api/channel/1/playlist.m3u8?start={ms(T0)}")
    assert "#EXT-X-ENDLIST" not in live.text
    assert "?v=" not in live.text
    address = re.search(r"/api/segments/\S+\?v=\w+", answer.text)
    assert address is not None
    assert "immutable" in (await browser.get(address[0])).headers["cache-control"]


async def test_watching_is_recorded_once_in_a_while(web: Web, browser: Browser, rows: list[SegmentRow]) -> None:
    for _ in range(3):
        await browser.get(f"/api/channel/1/playlist.m3u8?{span(rows)}")
    assert [row.action for row in web.deps.audit.recent(5)].count("watch") == 1
    web.clock.advance(601)
    await browser.get(f"/api/channel/1/playlist.m3u8?{span(rows)}")
    assert [row.action for row in web.deps.audit.recent(5)].count("watch") == 2


async def test_a_still(browser: Browser) -> None:
    answer = await browser.get(f"/api/channel/1/frame.jpg?at={ms(T0 + 1_500_000)}&width=96")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-frame-time"] == "2026-03-01T13:30:01.000+00:00"
    with av.open(BytesIO(answer.content)) as picture:
        assert picture.streams.video[0].width == 96


@pytest.mark.parametrize("path", ["frame.jpg?at={at}", "export.mp4?start={at}&end={end}", "playlist.m3u8?start={at}&end={end}"])
async def test_where_there_is_nothing_the_cause_is_told(browser: Browser, rows: list[SegmentRow], path: str) -> None:
    at = ms(rows[1].end_utc_us + 4 * SECONDS)
    answer = await browser.get("/api/channel/1/" + path.format(at=at, end=at + 1_000))
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/no-footage"
    assert answer.json()["cause"] == "camera offline"


async def test_an_export_in_pieces_is_the_export(browser: Browser, rows: list[SegmentRow]) -> None:
    url = f"/api/channel/1/export.mp4?{span(rows[:2])}"
    whole = await browser.get(url)
    head = await browser.head(url)
    assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"]
    assert whole.headers["content-disposition"].startswith('attachment; filename="')
    pieces = b""
    for start in range(0, len(whole.content), 20_000):
        headers = {"range": f"bytes={start}-{start + 19_999}", "if-range": whole.headers["etag"]}
        piece = await browser.get(url, headers=headers)
        assert piece.status_code == 206
        pieces += piece.content
    assert pieces == whole.content


async def test_an_export_that_the_kernel_copies_is_the_export(web: Web, browser: Browser, rows: list[SegmentRow]) -> None:
    url = f"/api/channel/1/export.mp4?{span(rows[:2])}"
    read = await browser.get(url)
    async with serving(web) as served, served.browser() as other:
        await other.sign_in()
        assert (await other.get(url)).content == read.content
        half = len(read.content) // 2
        resumed = await other.get(url, headers={"range": f"bytes={half}-", "if-range": read.headers["etag"]})
        assert (resumed.status_code, resumed.content) == (206, read.content[half:])
    assert web.deps.exports.open == 0


async def test_an_export_whose_file_goes_away_breaks_off(
    web: Web, rows: list[SegmentRow], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The client is told by the connection's end, after what could be sent."""
    url, kernel = f"/api/channel/1/export.mp4?{span(rows[:2])}", os.sendfile

    def delete_the_next(*arguments: int) -> int:
        web.file(rows[1].path).unlink(missing_ok=True)
        return kernel(*arguments)

    monkeypatch.setattr(os, "sendfile", delete_the_next)
    came = b""
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        with pytest.raises(httpx.RemoteProtocolError):
            async with browser.stream("GET", url) as answer:
                async for chunk in answer.aiter_raw():
                    came += chunk
    assert len(came) > rows[0].size_bytes // 2
    assert "broke off" in caplog.text
    assert "Traceback" not in caplog.text
    assert web.deps.exports.open == 0


async def test_an_export_is_recorded(web: Web, browser: Browser, rows: list[SegmentRow]) -> None:
    await browser.get(f"/api/channel/1/export.mp4?{span(rows[:2])}")
    record = web.deps.audit.recent(1)[0]
    assert (record.action, record.user, record.target) == ("export", "anna", "channel 1")


async def test_where_the_format_changes_the_ranges_are_named(browser: Browser, rows: list[SegmentRow]) -> None:
    answer = await browser.get(f"/api/channel/1/export.mp4?{span(rows)}")
    assert answer.status_code == 409
    ranges = answer.json()["ranges"]
    assert len(ranges) == 2
    for one in ranges:
        part = await browser.get(f"/api/channel/1/export.mp4?start={one['start']}&end={one['end']}")
        assert part.status_code == 200


async def test_a_time_line(browser: Browser, rows: list[SegmentRow]) -> None:
    answer = await browser.get(f"/api/timeline?channels=1,2&{span(rows)}&resolution=1")
    first, second = answer.json()["channels"]
    assert first["spans"] == [[ms(T0), ms(rows[1].end_utc_us)], [ms(rows[2].start_utc_us), ms(rows[2].end_utc_us)]]
    assert first["gaps"] == [
        {
            "start": first["spans"][0][1],
            "end": first["spans"][1][0],
            "cause": "camera offline",
            "detail": "",
            "count": 1,
            "missing": 8000,
        }
    ]
    assert len(first["activity"]["bytesPerSecond"]) == len(first["activity"]["hasGap"]) == 20
    assert first["activity"]["bytesPerSecond"][10] is None
    assert second["spans"] == []


async def test_a_time_line_from_the_start_that_an_answer_told_begins_with_footage(folder: Path) -> None:
    archive = Archive(folder)
    row = archive.record(T0 + 507_800, [video_clip()])
    archive.catalog.commit([], [GapChange(1, T0, row.start_utc_us, GapCause.RECORDER_DOWN)])
    archive.catalog.close()
    web = make_web(folder)
    browser = await web.signed_in()
    told = ms(row.start_utc_us)
    answer = await browser.get(f"/api/timeline?channels=1&start={told}&end={told + 1000}")
    await browser.aclose()
    web.catalog.close()
    (channel,) = answer.json()["channels"]
    assert channel["gaps"] == []
    assert channel["spans"] == [[told, told + 1000]]


@pytest.mark.parametrize(
    "path",
    [
        "/api/timeline?start=0",
        "/api/timeline?start=0&end=9999999999999",
        "/api/timeline?start=1&end=0",
        "/api/timeline?start=0&end=1&channels=1,,2",
        "/api/timeline?start=0&end=1&channels=0",
        "/api/timeline?start=0&end=1&resolution=nan",
        "/api/timeline?start=0&end=1&resolution=inf",
        "/api/channel/1/playlist.m3u8?start=0&end=x",
        "/api/channel/1/export.mp4?start=0&end=999999999999999",
        "/api/channel/1/frame.jpg?at=0&width=7",
        "/api/channel/1/frame.jpg?at=2026-11-22T08:00:00",
        "/api/channel/1/frame.jpg?at=",
    ],
)
async def test_parameters_that_are_not_allowed(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 400
    assert answer.json()["remedy"]


async def test_a_client_that_goes_away_from_an_export_leaves_nothing_open(web: Web, rows: list[SegmentRow]) -> None:
    reading: list[int] = []
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        await browser.get("/healthz")
        before = open_files()
        for _ in range(3):
            async with browser.stream("GET", f"/api/channel/1/export.mp4?{span(rows[:2])}") as answer:
                async for chunk in answer.aiter_raw():
                    reading.append(len(chunk))
                    break
            await until(lambda: open_files() <= before + 1)
    assert len(reading) == 3


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_what_was_served_of_a_growing_file_stays_as_it_is(web: Web, browser: Browser) -> None:
    start = T0 + 600 * SECONDS
    clip = video_clip()
    path = segment_name(2, start, UTC, "mp4")
    writer = HybridWriter(web.file(path), SegmentHeader(2, "Camera 2", start, "0" * 32, 0, "arrival"), [clip.format])
    served: list[bytes] = []
    for part in cut_into_parts([clip]):
        writer.append(part)
        web.catalog.commit([SegmentChange(path, writer.checkpoint())])
        (row,) = web.catalog.segments(2)
        served.append((await browser.get(f"/api/segments/{row.id}.mp4")).content)
    web.catalog.commit([SegmentChange(path, writer.seal())])
    whole = (await browser.get(f"/api/segments/{row.id}.mp4")).content
    for earlier in served:
        assert whole[44 : len(earlier)] == earlier[44:]  # but for the two headers before the init segment
    assert len({len(earlier) for earlier in served}) == len(served)


async def test_a_playlist_outlives_its_files_by_telling_404(browser: Browser, rows: list[SegmentRow]) -> None:
    await browser.get(f"/api/channel/1/playlist.m3u8?{span(rows[:2])}")
    await browser.delete("/api/recording", params={"path": str(rows[0].path)})
    gone = await browser.get(f"/api/segments/{rows[0].id}.mp4", headers={"range": "bytes=0-99"})
    assert gone.status_code == 404
    assert (await browser.get(f"/api/segments/{rows[1].id}.mp4", headers={"range": "bytes=0-99"})).status_code == 206
    again = await browser.get(f"/api/channel/1/playlist.m3u8?{span(rows[:2])}")
    assert f"/api/segments/{rows[0].id}.mp4" not in again.text
    assert f"/api/segments/{rows[1].id}.mp4" in again.text


async def test_exports_at_once_are_bounded(web: Web, browser: Browser, rows: list[SegmentRow]) -> None:
    url = f"/api/channel/1/export.mp4?{span(rows[:2])}"
    for _ in range(export_slots.MOST):
        web.deps.exports.take()
    refused = await browser.get(url)
    assert (refused.status_code, refused.headers["retry-after"], refused.json()["type"]) == (503, "10", "/problems/busy")
    web.deps.exports.give_back()
    for method in ("HEAD", "GET", "GET"):
        assert (await browser.request(method, url)).status_code == 200
    assert (await browser.get(url, headers={"range": "bytes=999999999-"})).status_code == 416
    assert (await browser.get("/api/channel/1/export.mp4?start=0&end=1")).status_code == 404
    assert web.deps.exports.open == export_slots.MOST - 1


async def test_long_plans_at_once_are_bounded(
    web: Web, browser: Browser, rows: list[SegmentRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LONG_FILES", 1)
    url = f"/api/channel/1/export.mp4?{span(rows[:2])}"
    for _ in range(export_slots.MOST_LONG_PLANS):
        web.deps.exports.take_long_plan()
    refused = await browser.get(url)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    web.deps.exports.give_back_long_plan()
    assert (await browser.get(url)).status_code == 200
    assert (web.deps.exports.open, web.deps.exports.long_plans) == (0, export_slots.MOST_LONG_PLANS - 1)


async def test_a_client_that_leaves_ends_the_plan_of_its_export(
    web: Web, rows: list[SegmentRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, left, looked_at = threading.Event(), threading.Event(), []

    def plan_many_files(*_arguments: object, before_each: Callable[[], None], **_more: object) -> ExportPlan:
        for number in range(MOST_LOOKS):
            looked_at.append(number)
            begun.set()
            before_each()
            left.wait(0.01)
        raise AssertionError("nobody noticed that the client had left")

    monkeypatch.setattr(export, "plan", plan_many_files)
    monkeypatch.setattr(export, "LONG_FILES", 1)
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        target = f"/api/channel/1/export.mp4?{span(rows[:2])}"
        writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies_of(browser)}\r\n\r\n".encode())
        await until(begun.is_set, 60)
        assert (web.deps.exports.open, web.deps.exports.long_plans) == (1, 1)
        writer.transport.abort()
        await until(lambda: (web.deps.exports.open, web.deps.exports.long_plans) == (0, 0), 60)
    assert len(looked_at) < MOST_LOOKS


async def test_head_tells_the_size_of_an_export(browser: Browser, rows: list[SegmentRow]) -> None:
    url = f"/api/channel/1/export.mp4?{span(rows[:2])}"
    head, whole = await browser.head(url), await browser.get(url)
    assert int(head.headers["content-length"]) == len(whole.content)
    assert head.headers["etag"] == whole.headers["etag"]
