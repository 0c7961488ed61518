"""A disk that fails is told wherever an owner looks: `/api/live`, the events, the metrics, the log; and so is its end."""

import errno
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.supervisor.run import DEMO_HOST, free_port
from tests.e2e.recorder_process import RecorderProcess, camera_settings, wait_until
from tests.faults.layer import WRITES, FaultyDisk
from tests.faults.long import WAIT_S

USER, PASSWORD = "anna", "c4n4ry horse battery"
FULL_METRIC = 'mini_nvr_channel_gap{cause="disk full",channel="1"} 1.0'


@pytest.fixture
def disk(layer: Path, tmp_path: Path) -> FaultyDisk:
    return FaultyDisk(layer, tmp_path / "nvr" / "recordings", tmp_path)


@pytest.fixture
def recorder(disk: FaultyDisk, tmp_path: Path) -> Iterator[RecorderProcess]:
    """Its disk is the one that fails; the web service's is not."""
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        access = {"WEB_PORT": str(free_port(DEMO_HOST, 0)), "user1": USER, "pass1": PASSWORD}
        settings = camera_settings(rig, 1, SEGMENT_DURATION="10", SYNC_INTERVAL="1", **access)
        with RecorderProcess(tmp_path / "nvr", settings, environment=disk.environment) as recorder:
            web = RecorderProcess(tmp_path / "nvr", settings, command=("web",))
            web.start(wait=False)
            try:
                recorder.wait_recording(1)
                yield recorder
            finally:
                web.close()


@pytest.fixture
def client(recorder: RecorderProcess) -> Iterator[httpx.Client]:
    """Signed in."""
    port = next(line.partition("=")[2].strip("'") for line in recorder.env_file.read_text().splitlines() if "WEB_PORT" in line)
    with httpx.Client(base_url=f"http://{DEMO_HOST}:{port}", timeout=WAIT_S) as client:
        wait_until(lambda: answers(client), "the web service", WAIT_S)
        assert client.post("/api/login", json={"username": USER, "password": PASSWORD}).status_code == 200
        yield client


def answers(client: httpx.Client) -> bool:
    with suppress(httpx.HTTPError):
        return client.get("/healthz").status_code == 200
    return False


@contextmanager
def listening(client: httpx.Client) -> Iterator[list[dict[str, object]]]:
    """The events as they come."""
    told: list[dict[str, object]] = []
    ready, over = threading.Event(), threading.Event()

    def listen() -> None:
        with suppress(httpx.HTTPError), client.stream("GET", "/api/events") as answer:
            for line in answer.iter_lines():  # every five seconds at least
                ready.set()
                if over.is_set():
                    return
                if line.startswith("data: "):
                    told.append(json.loads(line.removeprefix("data: ")))

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert ready.wait(WAIT_S)
        yield told
    finally:
        over.set()
        thread.join(WAIT_S)


def error_shown(client: httpx.Client) -> str:
    """Of the channel, by `/api/live`."""
    error = client.get("/api/live").json()["channels"]["1"]["error"]
    return str(error or "")


def alarms(told: list[dict[str, object]], *, over: bool) -> list[dict[str, object]]:
    return [event for event in told if event["event"] == "storageAlarm" and event["cause"] == "disk full" and event["over"] is over]


def test_a_full_disk_is_told_everywhere_and_so_is_its_end(
    recorder: RecorderProcess, client: httpx.Client, disk: FaultyDisk
) -> None:
    assert FULL_METRIC not in client.get("/metrics").text
    with listening(client) as told:
        with disk.failing(errno.ENOSPC, WRITES):
            wait_until(lambda: error_shown(client).startswith("disk full"), "/api/live to say it", WAIT_S)
            wait_until(lambda: FULL_METRIC in client.get("/metrics").text, "the metrics to say it", WAIT_S)
            wait_until(lambda: bool(alarms(told, over=False)), "an event for the alarm", WAIT_S)
            assert any(event["event"] == "gap" and event["cause"] == "disk full" for event in told)
            assert "ch1: disk full" in recorder.log()
        wait_until(lambda: error_shown(client) == "", "/api/live to say that it is over", WAIT_S)
        wait_until(lambda: FULL_METRIC not in client.get("/metrics").text, "the metrics to say it", WAIT_S)
        wait_until(lambda: bool(alarms(told, over=True)), "an event for the alarm's end", WAIT_S)
