"""Storage, metrics, live states and health."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mini_nvr.api.storage import room_bytes
from mini_nvr.errors import CatalogError, GapCause
from mini_nvr.recorder.status import ChannelStatus, LastGap
from tests.support.catalog import FIVE_MINUTES, T0
from tests.support.web import SETTINGS, Browser, Web, make_web, small

TOKEN = "c4n4ry-Qm7vX2kT9bL4wR8sP1dG6hJ3nF5zY0uC"
ROW = ChannelStatus(
    number=1,
    name="Yard",
    status="LIVE",
    file="ch1/2026-03-01/133000+0000.mp4",
    since_utc_us=T0,
    codec="h264",
    width=1920,
    height=1080,
    fps=25.0,
    bitrate_bps=4_000_000,
    last_frame_age_ms=40,
    reconnects=2,
    frames=750,
    media_bytes=15_000_000,
    gaps=3,
    queue_bytes=7,
    disk_behind_s=6.5,
    clock_steps=2,
    catalogs_lost=1,
)
OFFLINE = ChannelStatus(
    number=2, name="Door", status="OFF", error="camera offline", last_gap=LastGap(T0, None, GapCause.CAMERA_OFFLINE)
)


async def test_storage_comes_from_the_counters(web: Web, browser: Browser) -> None:
    for number in range(3):
        web.put(small(T0 + number * FIVE_MINUTES, number=number, size_bytes=1 << 20), content=b"")
    answer = (await browser.get("/api/storage")).json()
    assert answer["usedGB"] == round(3 / 1024, 3)
    assert answer["maxGB"] == 100
    assert answer["freeGB"] > 0
    (channel,) = answer["perChannel"]
    assert (channel["channel"], channel["bytes"]) == (1, 3 << 20)
    assert channel["oldest"] == "2026-03-01T13:30:00.000+00:00"
    assert channel["newest"] == "2026-03-01T13:45:00.000+00:00"
    assert channel["bytesPerDay"] == (1 << 20) * 288
    assert answer["daysUntilFull"] > 0
    assert answer["daysKept"] is None


async def test_storage_without_the_folder(web: Web, browser: Browser) -> None:
    shutil.rmtree(web.deps.record_dir)
    assert (await browser.get("/api/storage")).json()["freeGB"] is None


def test_room_is_what_the_tighter_limit_leaves() -> None:
    assert room_bytes(60, 100, 1_000, 0) == 40
    assert room_bytes(60, 100, 30, 10) == 20
    assert room_bytes(60, 50, 1_000, 0) == 0
    assert room_bytes(60, None, None, 0) is None


async def test_live_states_are_the_recorder_s(web: Web, browser: Browser) -> None:
    web.recorder.rows = [replace(ROW, warning="the catalog is locked"), OFFLINE]
    channels = (await browser.get("/api/live")).json()["channels"]
    assert channels["1"] == {
        "status": "LIVE",
        "file": "ch1/2026-03-01/133000+0000.mp4",
        "since": "2026-03-01T13:30:00.000+00:00",
        "sinceUtcMs": T0 // 1000,
        "codec": "h264",
        "width": 1920,
        "height": 1080,
        "fps": 25.0,
        "bitrate": 4_000_000,
        "lastFrameAgeMs": 40,
        "error": None,
        "warning": "the catalog is locked",
    }
    assert channels["2"]["error"] == "camera offline"


async def test_without_the_recorder_the_catalog_speaks(web: Web, browser: Browser) -> None:
    web.put(small())
    channels = (await browser.get("/api/live")).json()["channels"]
    assert [channels[number]["status"] for number in ("1", "2", "3")] == ["REC", "OFF", "OFF"]
    assert channels["1"]["error"] == "the recorder does not answer"
    assert channels["3"]["error"] is None


async def test_metrics_of_channels_storage_and_web(web: Web, browser: Browser) -> None:
    web.recorder.rows = [ROW, OFFLINE]
    web.put(small())
    answer = await browser.get("/metrics")
    assert answer.status_code == 200
    for line in (
        'mini_nvr_channel_live{channel="1"} 1.0',
        'mini_nvr_channel_gap{cause="camera offline",channel="2"} 1.0',
        'mini_nvr_channel_reconnects_total{channel="1"} 2.0',
        'mini_nvr_channel_frames_total{channel="1"} 750.0',
        'mini_nvr_channel_media_bytes_total{channel="1"} 1.5e+07',
        'mini_nvr_channel_gaps_total{channel="1"} 3.0',
        'mini_nvr_channel_queue_bytes{channel="1"} 7.0',
        "mini_nvr_disk_behind_seconds 6.5",
        "mini_nvr_clock_steps_total 2.0",
        "mini_nvr_catalogs_lost_total 1.0",
        'mini_nvr_footage_bytes{channel="1"} 5000.0',
        "mini_nvr_checkpoint_age_seconds 3300.0",
        'mini_nvr_http_requests_total{method="POST",route="/api/login",status="200"} 1.0',
    ):
        assert line in answer.text


async def test_metrics_are_for_this_machine_or_with_the_token(folder: Path) -> None:
    web = make_web(folder, {**SETTINGS, "METRICS_TOKEN": TOKEN})
    asked = {
        ("127.0.0.1", ""): 200,
        ("::1", ""): 200,
        ("198.51.100.9", ""): 401,
        ("198.51.100.9", f"Bearer {TOKEN}"): 200,
        ("198.51.100.9", "Bearer wrong"): 401,
        ("198.51.100.9", "Bearer é"): 401,
        ("198.51.100.9", f"Basic {TOKEN}"): 401,
    }
    for (address, authorization), status in asked.items():
        client = web.client(address=address)
        headers = [(b"authorization", authorization.encode())] if authorization else []
        assert (await client.get("/metrics", headers=headers)).status_code == status, (address, authorization)
        await client.aclose()
    forwarded = web.client(address="127.0.0.1", headers={"x-forwarded-for": "203.0.113.1"})
    assert (await forwarded.get("/metrics")).status_code == 401  # a proxy on this machine is not this machine
    await forwarded.aclose()
    web.catalog.close()


async def test_labels_stay_few_whatever_is_asked(web: Web, browser: Browser) -> None:
    for number in range(50):
        await browser.get(f"/nothing/{number}")
        await browser.request(f"M{number}", "/nothing")
    assert (await browser.get("/metrics")).text.count('route="none"') <= 3


async def test_health(web: Web) -> None:
    answer = await web.client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_a_catalog_that_does_not_answer_is_503(web: Web, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise CatalogError("catalog: the disk is gone")

    monkeypatch.setattr(web.catalog, "channels", fail)
    answer = await web.client().get("/healthz")
    assert answer.status_code == 503
    assert "disk" not in answer.text
