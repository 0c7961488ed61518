"""`kill -9` of the storage service in the middle of deleting, and of the supervisor: what comes next finishes the work."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date
from pathlib import Path

import psutil
import pytest

from mini_nvr.catalog.model import SegmentState
from mini_nvr.clock import US_PER_S, SystemClock
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from mini_nvr.segment.names import segment_name
from tests.e2e.recorder_process import RecorderProcess, camera_settings, wait_until
from tests.faults.layer import FaultyDisk, Operation
from tests.faults.long import LONG, WAIT_S
from tests.support.catalog import run_id
from tests.support.footage import cut_into_parts, video_clip

CHANNELS = 2
OLD_FILES = 200
KILLS = 8 if LONG else 4
SEED = 20_261_122
KILLED_AT = (1, OLD_FILES * CHANNELS // (KILLS + 1))
"""Of the files that one life deletes, so that some are left for the last."""


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(number, ClipSource()) for number in range(1, CHANNELS + 1)]) as rig:
        yield rig


def write_old_footage(record_dir: Path) -> None:
    """Files of a second each, of two days ago, all of one run, and one of this day, which bears out the clock."""
    now = SystemClock().utc_us()
    for channel in range(1, CHANNELS + 1):
        for number in range(OLD_FILES):
            write_second(record_dir, channel, now - (2 * 86_400 - number) * US_PER_S, channel, number)
        write_second(record_dir, channel, now - 43_200 * US_PER_S, CHANNELS + channel, 0)


def write_second(record_dir: Path, channel: int, start_utc_us: int, run: int, number: int) -> None:
    footage = video_clip(frames=25)
    path = record_dir / segment_name(channel, start_utc_us, UTC, "mp4")
    writer = HybridWriter(path, SegmentHeader(channel, "", start_utc_us, run_id(run), number, "arrival"), [footage.format])
    for part in cut_into_parts([footage]):
        writer.append(part)
    writer.seal()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With old footage that the recorder has taken in."""
    folder = tmp_path / "nvr"
    write_old_footage(folder / "recordings")
    return folder


def settings(rig: DemoRig) -> dict[str, str]:
    return camera_settings(rig, CHANNELS, SEGMENT_DURATION="10", SYNC_INTERVAL="1", RETENTION_DAYS="1", CLEANUP_INTERVAL="1")


def old(program: RecorderProcess) -> int:
    """Files that are too old and still there."""
    today = SystemClock().utc_us() // (86_400 * US_PER_S)
    return sum(path.parent.name < str(date.fromordinal(date(1970, 1, 1).toordinal() + today - 1)) for path in program.files())


def wait_for_rows(program: RecorderProcess) -> None:
    """A file goes before its row does."""
    with program.catalog() as catalog:
        wait_until(lambda: not catalog.segments(state=SegmentState.DELETING), "the last rows", WAIT_S)


def check_all_is_well(program: RecorderProcess, scratch: Path) -> None:
    """After everything was stopped: the old is gone, told, and nothing else went."""
    assert old(program) == 0
    for channel in range(1, CHANNELS + 1):
        gaps, rows = program.gaps(channel), program.segments(channel)
        deleted = [gap for gap in gaps if gap.cause is GapCause.DELETED]
        assert sum((gap.end_utc_us or 0) - gap.start_utc_us for gap in deleted) == pytest.approx(OLD_FILES * US_PER_S, rel=0.01)
        assert rows
        assert [path.name for path in program.record_dir.glob(f"ch{channel}/*")] == sorted({row.path.parent.name for row in rows})
    program.check_catalog(scratch, causes=False)  # a rescan does not know what was deleted
    assert "Traceback" not in program.log(), program.last_words()


def test_a_storage_service_that_is_killed_again_and_again_finishes(rig: DemoRig, folder: Path, layer: Path, tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311  moments, not secrets
    disk = FaultyDisk(layer, folder / "recordings", tmp_path)
    storage = RecorderProcess(folder, settings(rig), command=("storage",), environment=disk.environment)
    with RecorderProcess(folder, settings(rig)) as recorder, closing(storage):
        recorder.wait_recording(CHANNELS)
        for _ in range(KILLS):
            disk.kill_at(chance.randint(*KILLED_AT), Operation.UNLINK)
            storage.start(wait=False)
            wait_until(lambda: not storage.running, "the kill", WAIT_S)
            assert old(recorder) > 0
        disk.kill_at(0)
        storage.start(wait=False)
        wait_until(lambda: old(recorder) == 0, "the rest of the deletions", WAIT_S)
        wait_for_rows(recorder)
        assert storage.stop() == 0
        assert recorder.stop() == 0
    check_all_is_well(recorder, tmp_path / "fresh")


def test_a_killed_supervisor_is_nothing_to_the_next_one(rig: DemoRig, folder: Path, tmp_path: Path) -> None:
    program = RecorderProcess(folder, settings(rig), command=("run",))
    with program:
        program.wait_recording(CHANNELS)
        program.wait_until(lambda: old(program) < OLD_FILES * CHANNELS, "a deletion", WAIT_S)
        services = psutil.Process(program.pid).children()
        program.kill()
        _, alive = psutil.wait_procs(services, timeout=WAIT_S)
        assert not alive, "services outlive their supervisor"
        program.start()
        program.wait_recording(CHANNELS)
        program.wait_until(lambda: old(program) == 0, "the rest of the deletions", WAIT_S)
        wait_for_rows(program)
        assert program.stop() == 0
    check_all_is_well(program, tmp_path / "fresh")
