"""Downloads through TLS: the same bytes as on the disk, and as the app itself reads."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NoReturn

import pytest

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.services.certificate import Certificate
from tests.support.archive import Archive
from tests.support.catalog import T0
from tests.support.footage import video_clip
from tests.support.self_signed import SelfSigned, make_self_signed
from tests.support.served import serving
from tests.support.web import Browser, Web, make_web, small


@pytest.fixture
async def web(folder: Path) -> AsyncIterator[Web]:
    """Two files that join."""
    archive = Archive(folder)
    archive.run(T0, [video_clip()], 2)
    archive.catalog.close()
    made = make_web(folder)
    yield made
    made.catalog.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> SelfSigned:
    return make_self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def over_https(web: Web, pair: SelfSigned, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Browser]:
    """Signed in. The kernel, which would send the bytes as they are, may not be asked."""

    def unencrypted(*_arguments: int) -> NoReturn:
        raise AssertionError("plain bytes into a TLS connection")

    monkeypatch.setattr(os, "sendfile", unencrypted)
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(web, Certificate(pair.chain, pair.key)))
        browser = await stack.enter_async_context(served.browser(verify=pair.trust()))
        assert (await browser.sign_in()).status_code == 200
        yield browser


async def test_a_file_over_https(web: Web, over_https: Browser) -> None:
    content = bytes(range(251)) * 20_000  # many pieces
    web.put(small(channel=2, size_bytes=len(content)), content)
    (row,) = web.catalog.segments(2)
    await comes_whole_and_in_parts(over_https, f"/api/segments/{row.id}.mp4", content)


async def test_an_export_over_https(web: Web, over_https: Browser) -> None:
    url = export_of(web.catalog.segments(1))
    content = (await (await web.signed_in()).get(url)).content
    assert content[4:8] == b"ftyp"
    await comes_whole_and_in_parts(over_https, url, content)
    assert web.deps.exports.open == 0


def export_of(rows: list[SegmentRow]) -> str:
    return f"/api/channel/1/export.mp4?start={rows[0].start_utc_us // 1000}&end={rows[-1].end_utc_us // 1000}"


async def comes_whole_and_in_parts(browser: Browser, url: str, content: bytes) -> None:
    whole = await browser.get(url)
    assert (whole.status_code, whole.content) == (200, content)
    half = len(content) // 2
    resumed = await browser.get(url, headers={"range": f"bytes={half}-", "if-range": whole.headers["etag"]})
    assert (resumed.status_code, resumed.content) == (206, content[half:])
    assert resumed.headers["content-range"] == f"bytes {half}-{len(content) - 1}/{len(content)}"
    middle = await browser.get(url, headers={"range": "bytes=1000-1999"})
    assert (middle.status_code, middle.content) == (206, content[1_000:2_000])
