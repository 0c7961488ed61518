"""`mini-nvr status` with a recorder that answers, and with none: from the catalog."""

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.errors import GapCause
from mini_nvr.recorder.control import ControlServer
from mini_nvr.recorder.status import ChannelStatus, LastGap
from mini_nvr.services.status import run

START = 1_772_371_800_000_000
CHANNELS = [
    ChannelStatus(
        number=1,
        name="Gate",
        status="LIVE",
        file="ch1/2026-03-01/143000+0100.mp4",
        since_utc_us=START,
        codec="h264",
        width=1920,
        height=1080,
        fps=25.0,
        bitrate_bps=4_096_000,
        last_frame_age_ms=120,
        last_gap=LastGap(START, START + 12_000_000, GapCause.CAMERA_OFFLINE),
    ),
    ChannelStatus(
        number=2,
        name="Yard",
        status="OFF",
        error="the camera refused the password",
        last_gap=LastGap(START, None, GapCause.WRONG_PASSWORD),
    ),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folders = {"DATA_DIR": str(tmp_path), "RECORD_DIR": str(tmp_path / "recordings")}
    cameras = {f"CHANNEL_{number}_URL": f"rtsp://camera/{number}" for number in (1, 2, 3)}
    return load({**folders, **cameras, "CHANNEL_3_ENABLED": "off", "TZ": "Europe/Rome"})


@contextmanager
def recorder(data_dir: Path) -> Iterator[None]:
    """A control socket on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = ControlServer(lambda: CHANNELS)
    asyncio.run_coroutine_threadsafe(server.start(data_dir), loop).result(60)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def text_of(settings: Settings, *, as_json: bool = False) -> tuple[int, str]:
    file = io.StringIO()
    return run(settings, as_json=as_json, file=file), file.getvalue()


def test_a_running_recorder_s_channels_as_a_table(settings: Settings) -> None:
    with recorder(settings.data_dir):
        code, text = text_of(settings)
    assert code == 0
    heading, gate, yard = text.splitlines()
    assert heading.split()[:3] == ["Ch", "Camera", "State"]
    for word in (
        "LIVE",
        "H.264",
        "1920x1080",
        "25",
        "4.1 Mbit/s",
        "0.1 s ago",
        "ch1/2026-03-01/143000+0100.mp4",
        "2026-03-01 14:30:00 for 12 s: camera offline",
    ):
        assert word in gate
    assert "OFF" in yard
    assert "2026-03-01 14:30:00 and lasting: wrong password" in yard
    assert yard.endswith("the camera refused the password")


def test_a_running_recorder_s_channels_as_json(settings: Settings) -> None:
    with recorder(settings.data_dir):
        code, text = text_of(settings, as_json=True)
    assert code == 0
    answer = json.loads(text)
    assert answer["recorderRunning"] is True
    assert [ChannelStatus.from_json(channel) for channel in answer["channels"]] == CHANNELS


def test_without_a_recorder_or_catalog_every_channel_is_off(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = text_of(settings)
    assert code == 1
    assert [line.split()[3] for line in text.splitlines()[1:]] == ["OFF"] * 3
    assert "not running" in capsys.readouterr().err
    assert list(settings.data_dir.iterdir()) == []


def test_without_a_recorder_the_catalog_says_what_there_is(settings: Settings) -> None:
    with Catalog.open(settings.data_dir) as catalog:
        catalog.register_channels([(1, "Gate")], START)
        catalog.commit([], [GapChange(1, START, None, GapCause.RECORDER_DOWN)])
    code, text = text_of(settings)
    assert code == 1
    assert "2026-03-01 14:30:00 and lasting: recorder down" in text.splitlines()[1]
