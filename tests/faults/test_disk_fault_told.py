"""A disk that fails is told wherever an owner looks: `/api/live`, the events, the metrics, the log; and so is its end.

So is a recorder that dies. A catalog that is locked or damaged, and a clock that is set, keep nothing from being recorded:
`/api/live` says so, and what is wrong.
"""

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from mini_nvr.clock import US_PER_S
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from mini_nvr.recorder.checkpoint import LOCKED_TOLD_S
from mini_nvr.segment.volume import IDENTITY_FILE
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.e2e.recorder_process import RecorderProcess, camera_settings, wait_until
from tests.faults.layer import WRITES, FaultyDisk, Operation
from tests.faults.long import WAIT_S
from tests.faults.resuming import now_us
from tests.faults.test_recorder_catalog import overwrite_pages

USER, PASSWORD = "anna", "c4n4ry horse battery"
BEHIND = "mini_nvr_disk_behind_seconds"
HOUR_US = 3600 * US_PER_S


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


def warning_shown(client: httpx.Client) -> str:
    """The same where frames are recorded."""
    warning = client.get("/api/live").json()["channels"]["1"]["warning"]
    return str(warning or "")


def is_live(client: httpx.Client) -> bool:
    """Recorded, with nothing to complain of, as `/api/live` says."""
    live = client.get("/api/live").json()["channels"]["1"]
    return (live["status"], live["error"]) == ("LIVE", None)


def alarms(told: list[dict[str, object]], cause: str, *, over: bool) -> list[dict[str, object]]:
    return [event for event in told if event["event"] == "storageAlarm" and event["cause"] == cause and event["over"] is over]


def gap_metric(cause: str) -> str:
    return f'mini_nvr_channel_gap{{cause="{cause}",channel="1"}} 1.0'


def metrics(client: httpx.Client) -> str:
    return client.get("/metrics").text


@contextmanager
def away(folder: Path, *, another: bool = False) -> Iterator[None]:
    """The volume is not there; an empty folder is, or another volume."""
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    if another:
        (folder / IDENTITY_FILE).write_text('{"volume_id": "00000000-0000-4000-8000-000000000000"}\n')
    try:
        yield
    finally:
        (folder / IDENTITY_FILE).unlink(missing_ok=True)
        folder.rmdir()
        elsewhere.rename(folder)


class Told:
    """What is told of a fault, wherever an owner looks."""

    def __init__(self, recorder: RecorderProcess, client: httpx.Client, events: list[dict[str, object]], cause: str) -> None:
        self._recorder = recorder
        self._client = client
        self._events = events
        self._cause = cause
        self._log_before = len(recorder.log())
        events.clear()  # of the fault before

    def check_begins(self, detail: str) -> None:
        """detail: what the log and the alarm say beside the cause."""
        cause = self._cause
        wait_until(lambda: error_shown(self._client).startswith(cause), f"/api/live to say {cause}", WAIT_S)
        wait_until(lambda: gap_metric(cause) in metrics(self._client), "the metrics to say it", WAIT_S)
        wait_until(lambda: bool(alarms(self._events, cause, over=False)), "an event for the alarm", WAIT_S)
        assert any(event["event"] == "gap" and event["cause"] == cause for event in self._events)
        assert all(detail in str(alarm["detail"]) for alarm in alarms(self._events, cause, over=False))
        wait_until(lambda: bool(self._lines()), "a line of the log", WAIT_S)
        assert detail in self._lines()[0]

    def _lines(self) -> list[str]:
        """Of the log, whole, and of this cause."""
        lines = self._recorder.log()[self._log_before :].splitlines(keepends=True)
        return [line for line in lines if f"ch1: {self._cause}" in line and line.endswith("\n")]

    def check_ends(self) -> None:
        """Each attempt to write may be taken for the end until it fails; footage from behind the end is none of them."""
        cause, over_us = self._cause, now_us()
        wait_until(lambda: any(row.end_utc_us > over_us for row in self._recorder.segments(1)), "recording to go on", WAIT_S)
        wait_until(lambda: error_shown(self._client) == "", "/api/live to say that it is over", WAIT_S)
        wait_until(lambda: gap_metric(cause) not in metrics(self._client), "the metrics to say it", WAIT_S)
        wait_until(self._is_over, "an event for the alarm's end", WAIT_S)

    def _is_over(self) -> bool:
        told = [event["over"] for event in self._events if event["event"] == "storageAlarm" and event["cause"] == self._cause]
        return told[-1:] == [True]


def test_a_disk_that_takes_nothing_is_told_everywhere_and_so_is_its_end(
    recorder: RecorderProcess, client: httpx.Client, disk: FaultyDisk
) -> None:
    faults: list[tuple[str, str, AbstractContextManager[None]]] = [
        ("disk full", os.strerror(errno.ENOSPC), disk.failing(errno.ENOSPC, WRITES)),
        ("disk full", os.strerror(errno.EDQUOT), disk.failing(errno.EDQUOT, WRITES)),
        ("disk error", os.strerror(errno.EIO), disk.failing(errno.EIO, WRITES)),
        ("disk error", os.strerror(errno.EROFS), disk.failing(errno.EROFS, WRITES)),
        ("recording folder missing", "is the disk mounted?", away(recorder.record_dir)),
        ("recording folder missing", "is another volume", away(recorder.record_dir, another=True)),
    ]
    with listening(client) as events:
        for cause, detail, fault in faults:
            told = Told(recorder, client, events, cause)
            assert gap_metric(cause) not in metrics(client)
            with fault:
                told.check_begins(detail)
            told.check_ends()


def test_a_disk_that_stalls_is_told_before_anything_is_lost(
    recorder: RecorderProcess, client: httpx.Client, disk: FaultyDisk
) -> None:
    """As soon as it is 5 s behind."""
    cause = "disk stalled"
    wait_until(lambda: f"{BEHIND} 0.0" in metrics(client), "the metrics to say that nothing waits", WAIT_S)
    with listening(client) as told:
        with disk.stalling(Operation.WRITE | Operation.SYNC):
            wait_until(lambda: error_shown(client).startswith(f"{cause}: the disk is "), "/api/live to say it", WAIT_S)
            assert client.get("/api/live").json()["channels"]["1"]["status"] == "LIVE"
            wait_until(lambda: f"{BEHIND} 0.0" not in metrics(client), "the metrics to say it", WAIT_S)
            wait_until(lambda: bool(alarms(told, cause, over=False)), "an event for the alarm", WAIT_S)
            wait_until(lambda: "s behind; what the cameras send waits in memory" in recorder.log(), "the log to say it", WAIT_S)
        wait_until(lambda: error_shown(client) == "", "/api/live to say that it is over", WAIT_S)
        wait_until(lambda: f"{BEHIND} 0.0" in metrics(client), "the metrics to say it", WAIT_S)
        wait_until(lambda: bool(alarms(told, cause, over=True)), "an event for the alarm's end", WAIT_S)
    wait_until(lambda: "the disk has caught up, after" in recorder.log(), "the log to say it", WAIT_S)
    assert gap_metric(cause) not in metrics(client)


def test_a_catalog_that_stays_locked_is_told_and_so_is_its_end(recorder: RecorderProcess, client: httpx.Client) -> None:
    """Recording goes on: for `/api/live` it is a warning, no error. The metrics say since when nothing was written down."""
    cause = "catalog cannot be used"
    catalog = recorder.data_dir / "catalog.db"
    with listening(client) as told:
        with closing(sqlite3.connect(catalog, isolation_level=None, timeout=WAIT_S)) as other:
            other.execute("BEGIN IMMEDIATE")
            wait_until(lambda: bool(alarms(told, cause, over=False)), "an event for the alarm", WAIT_S)
            assert "is locked; a rescan" in recorder.log()
            assert checkpoint_age_s(client) >= LOCKED_TOLD_S
            wait_until(lambda: is_live(client), "/api/live to say LIVE", WAIT_S)
            assert "is locked" in warning_shown(client)
            other.execute("ROLLBACK")
        wait_until(lambda: bool(alarms(told, cause, over=True)), "an event for the alarm's end", WAIT_S)
        wait_until(lambda: checkpoint_age_s(client) < LOCKED_TOLD_S, "the metrics to say it", WAIT_S)
        wait_until(lambda: warning_shown(client) == "", "/api/live to say it", WAIT_S)
    assert "writable again, nothing was lost" in recorder.log()


def checkpoint_age_s(client: httpx.Client) -> float:
    (line,) = (line for line in metrics(client).splitlines() if line.startswith("mini_nvr_checkpoint_age_seconds "))
    return float(line.split()[1])


def test_a_killed_recorder_is_told_and_so_is_its_return(recorder: RecorderProcess, client: httpx.Client) -> None:
    def says(text: str) -> bool:
        return text in metrics(client).splitlines()

    wait_until(lambda: says("mini_nvr_recorder_up 1.0"), "the metrics to say that it runs", WAIT_S)
    with listening(client) as told:
        recorder.kill()
        wait_until(lambda: error_shown(client) == "the recorder does not answer", "/api/live to say it", WAIT_S)
        wait_until(lambda: {"event": "recorder", "running": False} in told, "an event", WAIT_S)
        wait_until(lambda: says("mini_nvr_recorder_up 0.0"), "the metrics to say it", WAIT_S)
        told.clear()
        recorder.start()
        wait_until(lambda: {"event": "recorder", "running": True} in told, "an event for its return", WAIT_S)
        wait_until(lambda: error_shown(client) == "", "/api/live to say it", WAIT_S)
        wait_until(lambda: says("mini_nvr_recorder_up 1.0"), "the metrics to say it", WAIT_S)
    assert "repaired after an unclean stop" in recorder.log()
    assert any(gap.cause is GapCause.RECORDER_DOWN for gap in recorder.gaps(1))


def test_a_damaged_catalog_is_told(recorder: RecorderProcess, client: httpx.Client) -> None:
    """Whoever was signed in signs in again, as the sessions were in it. Of events: `tests/services/test_recorder.py`."""
    assert "mini_nvr_catalogs_lost_total 0.0" in metrics(client).splitlines()
    with closing(sqlite3.connect(recorder.data_dir / "catalog.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    said_before = len(recorder.log())
    overwrite_pages(recorder.data_dir / "catalog.db")
    wait_until(lambda: "made anew from" in recorder.log()[said_before:], "the catalog being filled", WAIT_S)
    wait_until(lambda: "is damaged" in recorder.log(), "the log to say why", WAIT_S)  # the first filling may have ended just now
    wait_until(lambda: "mini_nvr_catalogs_lost_total 1.0" in metrics(client).splitlines(), "the metrics to count it", WAIT_S)
    wait_until(lambda: sign_in(client), "a sign-in", WAIT_S)
    wait_until(lambda: "it has been filled from the recordings" in warning_shown(client), "/api/live to say it", WAIT_S)
    wait_until(lambda: is_live(client), "/api/live to say LIVE", WAIT_S)


def sign_in(client: httpx.Client) -> bool:
    with suppress(httpx.HTTPError):
        return client.post("/api/login", json={"username": USER, "password": PASSWORD}).status_code == 200
    return False


@pytest.mark.parametrize("step_us", [HOUR_US, -HOUR_US], ids=["an hour ahead", "an hour back"])
def test_a_clock_that_is_set_is_told(recorder: RecorderProcess, client: httpx.Client, disk: FaultyDisk, step_us: int) -> None:
    """An hour that was left out is a gap, too, from the next file on."""
    cause = "system clock was set"
    said = f"{cause} {'ahead' if step_us > 0 else 'back'} by 3600 s"

    def skipped(event: dict[str, object]) -> bool:
        start, end = event.get("startUtcUs"), event.get("endUtcUs")
        known = event["event"] == "gap" and event["cause"] == "unknown" and isinstance(start, int) and isinstance(end, int)
        return known and abs(end - start - HOUR_US) < 10 * US_PER_S  # type: ignore[operator]  # both are integers then

    before = gaps_begun(client)
    assert "mini_nvr_clock_steps_total 0.0" in metrics(client).splitlines()
    with listening(client) as told:
        disk.step_clock(step_us)
        wait_until(lambda: bool(alarms(told, cause, over=False)), "an event for the alarm", WAIT_S)
        wait_until(lambda: step_us < 0 or any(map(skipped, told)), "an event for the gap", WAIT_S)
    assert said in str(alarms(told, cause, over=False)[0]["detail"])
    assert said in recorder.log()
    wait_until(lambda: said in warning_shown(client), "/api/live to say it", WAIT_S)
    wait_until(lambda: is_live(client), "/api/live to say LIVE", WAIT_S)
    wait_until(lambda: "mini_nvr_clock_steps_total 1.0" in metrics(client).splitlines(), "the metrics to count it", WAIT_S)
    wait_until(lambda: step_us < 0 or gaps_begun(client) > before, "the metrics to count the gap", WAIT_S)


def gaps_begun(client: httpx.Client) -> float:
    (line,) = (line for line in metrics(client).splitlines() if line.startswith('mini_nvr_channel_gaps_total{channel="1"} '))
    return float(line.split()[1])
