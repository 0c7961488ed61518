"""A catalog that is locked or damaged under a recorder: no picture is lost, and at the end it says what the files say."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mini_nvr.clock import US_PER_S, SystemClock
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause
from tests.faults.long import WAIT_S
from tests.support.hybrid_files import ffprobe_complaints

CHANNELS = 2
LOCKED_S = 6.0
LOCKED_LONG_S = 20.0

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="Debian's ffmpeg is not installed (`make test` does it)")


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(1, ClipSource(ClipSpec(audio="aac"))), DemoCamera(2, ClipSource())]) as rig:
        yield rig


@pytest.fixture
def recorder(rig: DemoRig, tmp_path: Path) -> Iterator[RecorderProcess]:
    """It records, and has sealed nothing yet."""
    with RecorderProcess(tmp_path / "nvr", camera_settings(rig, CHANNELS, SEGMENT_DURATION="10", SYNC_INTERVAL="1")) as recorder:
        recorder.wait_recording(CHANNELS)
        recorder.wait_until(lambda: all(recorder.segments(number) for number in (1, 2)), "the first checkpoint")
        yield recorder


@contextmanager
def locked(catalog: Path) -> Iterator[None]:
    """Another program holds a write transaction."""
    with closing(sqlite3.connect(catalog, isolation_level=None, timeout=WAIT_S)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def overwrite_pages(catalog: Path) -> None:
    """Everything behind the first page, as a controller does that writes to the wrong place. The WAL is as it was."""
    size = catalog.stat().st_size
    with catalog.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * max(size - 4096, 0))


def ends_us(recorder: RecorderProcess) -> list[int]:
    return [max((row.end_utc_us for row in recorder.segments(number)), default=0) for number in range(1, CHANNELS + 1)]


def check_footage_is_whole(recorder: RecorderProcess, scratch: Path) -> None:
    """After it was stopped: one unbroken run a channel, files that play, a catalog that equals a rescan."""
    assert recorder.stop() == 0, recorder.last_words()
    assert "Traceback" not in recorder.log(), recorder.last_words()
    recorder.check_catalog(scratch)
    for number in range(1, CHANNELS + 1):
        rows = recorder.segments(number)
        assert len({row.run_id for row in rows}) == 1
        for earlier, later in zip(rows, rows[1:], strict=False):
            assert abs(later.start_utc_us - earlier.end_utc_us) < US_PER_S // 10
    for path in recorder.files():
        assert not ffprobe_complaints(path)


def test_a_locked_catalog_costs_nothing(recorder: RecorderProcess, tmp_path: Path, *, long: bool) -> None:
    with locked(recorder.data_dir / "catalog.db"):
        pause(LOCKED_LONG_S if long else LOCKED_S)
        status = recorder.status()
        assert status is not None, "the recorder does not answer while its catalog is locked"
        assert all(row.status == "LIVE" for row in status)
        over_us = SystemClock().utc_us()
    recorder.wait_until(lambda: min(ends_us(recorder)) > over_us, "the catalog to be caught up", WAIT_S)
    check_footage_is_whole(recorder, tmp_path / "fresh")


def test_a_catalog_that_is_damaged_while_recording_is_replaced_and_filled(recorder: RecorderProcess, tmp_path: Path) -> None:
    recorder.wait_until(lambda: len(recorder.files(1)) > 1, "a sealed file", WAIT_S)
    with closing(sqlite3.connect(recorder.data_dir / "catalog.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    said_before = len(recorder.log())
    overwrite_pages(recorder.data_dir / "catalog.db")
    recorder.wait_until(lambda: "is damaged" in recorder.log()[said_before:], "the damage being noticed", WAIT_S)
    said_before = recorder.log().index("is damaged", said_before)  # the first filling may have ended just before
    recorder.wait_until(lambda: "made anew from" in recorder.log()[said_before:], "the catalog being replaced", WAIT_S)
    over_us = SystemClock().utc_us()
    assert list(recorder.data_dir.glob("catalog.db.damaged-*"))
    recorder.wait_until(lambda: min(ends_us(recorder)) > over_us, "checkpoints in the new catalog", WAIT_S)
    check_footage_is_whole(recorder, tmp_path / "fresh")


def test_a_catalog_that_is_damaged_at_the_start_is_replaced_and_filled(recorder: RecorderProcess, tmp_path: Path) -> None:
    assert recorder.stop() == 0
    before = [recorder.segments(number)[0].path for number in (1, 2)]
    (recorder.data_dir / "catalog.db").write_bytes(b"not a database" * 1000)
    said_before = len(recorder.log())
    recorder.start()
    recorder.wait_recording(CHANNELS)
    assert "set aside as catalog.db.damaged-" in recorder.log()
    recorder.wait_until(lambda: "made anew from" in recorder.log()[said_before:], "the catalog being filled", WAIT_S)
    assert recorder.stop() == 0, recorder.last_words()
    assert [recorder.segments(number)[0].path for number in (1, 2)] == before
    assert all(recorder.gaps(number)[-1].cause is not GapCause.UNKNOWN for number in (1, 2))
    recorder.check_catalog(tmp_path / "fresh")
    for path in recorder.files():
        assert not ffprobe_complaints(path)
