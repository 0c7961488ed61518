"""A recording folder of the product before us, pointed to by RECORD_DIR: listed, converted, and played by a browser's requests."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import av
import pytest

from mini_nvr.catalog.rescan import rescan
from mini_nvr.clock import to_datetime
from mini_nvr.segment.volume import create_volume
from mini_nvr.storage.alarms import AlarmBoard
from mini_nvr.storage.converter import Converter
from mini_nvr.storage.volume import NOTE
from tests.support.conversion import granting_rooms
from tests.support.foreign_files import X264_B, X265, make, pictures
from tests.support.web import Web, make_web

DAY = "2023-11-14"
FILES = {
    f"ch1/{DAY}/100000.mkv": {"audio": ("-c:a", "mp2"), "rate": 16_000},
    f"ch1/{DAY}/100003.mkv": {"audio": ("-c:a", "pcm_alaw")},
    f"ch1/{DAY}/100006.mkv": {"video": X264_B},
    "ch2_20231114_100000.mp4": {"video": X265, "audio": ("-c:a", "aac"), "rate": 16_000},
}


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    made = make_web(tmp_path)
    rescan(made.catalog, made.deps.settings.record_dir)
    (made.catalog.data_dir / NOTE).write_text(create_volume(made.deps.settings.record_dir))
    yield made
    for client in made.clients:
        await client.aclose()
    made.catalog.close()


async def test_the_footage_of_the_product_before_plays(web: Web) -> None:
    record_dir = web.deps.settings.record_dir
    seen = {path: pictures(make(record_dir / path, **how)) for path, how in FILES.items()}  # type: ignore[arg-type]  # of `make`
    Converter(web.deps.settings, web.clock, AlarmBoard(web.clock), granting_rooms(), busy=lambda: False).look()
    browser = await web.signed_in()

    rows = web.catalog.segments(1)
    start, end = (to_datetime(moment).isoformat().replace("+00:00", "Z") for moment in (rows[0].start_utc_us, rows[-1].end_utc_us))
    listed = await browser.get("/api/channel/1/recordings", params={"date": DAY})
    assert [item["name"] for item in listed.json()["recordings"]] == [str(row.path) for row in rows]

    playlist = await browser.get("/api/channel/1/playlist.m3u8", params={"start": start, "end": end})
    assert playlist.status_code == 200, playlist.text
    assert playlist.text.count("#EXTINF") == 9
    assert playlist.text.count("#EXT-X-MAP") == 3

    still = await browser.get("/api/channel/2/frame.jpg", params={"at": start})
    assert still.status_code == 200, still.text
    assert still.content.startswith(b"\xff\xd8")

    movie = await browser.get(
        "/api/channel/1/export.mp4", params={"start": start, "end": to_datetime(rows[1].end_utc_us).isoformat()}
    )
    assert movie.status_code == 200, movie.text
    with av.open(BytesIO(movie.content), "r") as container:
        assert len(list(container.decode(video=0))) == sum(len(seen[f"ch1/{DAY}/{time}.mkv"]) for time in ("100000", "100003"))

    for row in web.catalog.segments():
        whole = await browser.get(f"/api/segments/{row.id}.mp4")
        assert whole.content == (record_dir / row.path).read_bytes()
