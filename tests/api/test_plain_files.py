"""Footage behind a link, or that is no file, is there for nobody: not by id, not as a still, not in an export (SECURITY S1)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mini_nvr.catalog.model import SegmentRow
from tests.support.archive import Archive
from tests.support.catalog import T0
from tests.support.footage import video_clip
from tests.support.links import linked_channel, linked_day, linked_file
from tests.support.web import Web, make_web


@pytest.fixture
async def web(folder: Path) -> AsyncIterator[Web]:
    archive = Archive(folder)
    archive.record(T0, [video_clip()])
    archive.catalog.close()
    made = make_web(folder)
    yield made
    for client in made.clients:
        await client.aclose()
    made.catalog.close()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("spoil", [linked_day, linked_channel, linked_file, pipe])
async def test_s1_no_route_reads_what_is_no_plain_file_of_ours(web: Web, spoil: Callable[[Path], None]) -> None:
    (row,) = web.catalog.segments(1)
    browser = await web.signed_in()
    for url in routes(row, width=96):  # pictures of this size are in the cache from now on
        assert (await browser.get(url)).status_code == 200, url
    spoil(web.file(row.path))
    for url in routes(row, width=128):
        asking = asyncio.ensure_future(browser.get(url))
        await asyncio.wait([asking], timeout=60)
        assert asking.done(), f"{url} waits for the writer of a pipe"
        answer = await asking
        assert answer.status_code == 404, url
        assert answer.headers["content-type"] == "application/problem+json"


def routes(row: SegmentRow, width: int) -> tuple[str, ...]:
    start, end = row.start_utc_us // 1000, row.end_utc_us // 1000
    return (
        f"/api/segments/{row.id}.mp4",
        f"/api/channel/1/frame.jpg?at={start}&width={width}",
        f"/api/channel/1/export.mp4?start={start}&end={end}",
    )
