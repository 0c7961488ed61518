"""A disk that fails under a recorder: recording resumes by itself within 5 s of the cause ending, and the gap says what it was.

Two cameras record through it all; what was written before stays playable, and the catalog knows what a rescan finds.
"""

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_nvr.catalog.model import GapRow
from mini_nvr.clock import US_PER_S
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause
from tests.faults.layer import WRITES, FaultyDisk, Operation
from tests.faults.long import WAIT_S, only_when_long
from tests.faults.resuming import check_resumes, now_us
from tests.support.hybrid_files import ffprobe_complaints

CHANNELS = 2
LASTS_S = 3.0
HOUR_US = 3600 * US_PER_S
STALL_S = 30.0

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="Debian's ffmpeg is not installed (`make test` does it)")


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    with DemoRig(
        [DemoCamera(1, ClipSource(ClipSpec(audio="aac"))), DemoCamera(2, ClipSource(ClipSpec(gop_frames=50, frames=100)))]
    ) as rig:
        yield rig


@pytest.fixture
def disk(layer: Path, tmp_path: Path) -> FaultyDisk:
    return FaultyDisk(layer, tmp_path / "nvr" / "recordings", tmp_path)


@pytest.fixture
def recorder(rig: DemoRig, disk: FaultyDisk, tmp_path: Path) -> Iterator[RecorderProcess]:
    """It records, and has done so for a while."""
    settings = camera_settings(rig, CHANNELS, SEGMENT_DURATION="10", SYNC_INTERVAL="1")
    with RecorderProcess(tmp_path / "nvr", settings, environment=disk.environment) as recorder:
        recorder.wait_recording(CHANNELS)
        recorder.wait_until(lambda: all(recorder.segments(number) for number in range(1, CHANNELS + 1)), "the first checkpoint")
        yield recorder


def gaps_for(recorder: RecorderProcess, cause: GapCause) -> list[GapRow]:
    return [gap for channel in range(1, CHANNELS + 1) for gap in recorder.gaps(channel) if gap.cause is cause]


def wait_for_gaps(recorder: RecorderProcess, cause: GapCause) -> None:
    channels = set(range(1, CHANNELS + 1))
    recorder.wait_until(lambda: {gap.channel for gap in gaps_for(recorder, cause)} >= channels, f"gaps for {cause}", WAIT_S)


def wait_told(recorder: RecorderProcess, cause: GapCause) -> None:
    """The status of every channel says why nothing is recorded: what `/api/live`, the events and the metrics are made of."""

    def all_told() -> bool:
        rows = recorder.status() or []
        told = [row for row in rows if (row.error or "").startswith(str(cause)) and row.last_gap and row.last_gap.cause is cause]
        return len(told) == CHANNELS

    recorder.wait_until(all_told, f"each channel saying {cause}", WAIT_S)


def check_files(recorder: RecorderProcess, scratch: Path, *, causes: bool = True) -> None:
    """After it was stopped: everything plays, and is known."""
    assert recorder.stop() == 0, recorder.last_words()
    for path in recorder.files():
        assert not ffprobe_complaints(path)
    recorder.check_catalog(scratch, causes=causes)
    assert "Traceback" not in recorder.log(), recorder.last_words()


def check_every_second_is_explained(recorder: RecorderProcess, channel: int) -> None:
    """Storage I10: between two files lies a gap, or nothing."""
    rows, gaps = recorder.segments(channel), recorder.gaps(channel)
    for earlier, later in zip(rows, rows[1:], strict=False):
        if later.start_utc_us - earlier.end_utc_us > US_PER_S // 2:
            covered = sum(
                min(gap.end_utc_us or later.start_utc_us, later.start_utc_us) - max(gap.start_utc_us, earlier.end_utc_us)
                for gap in gaps
                if gap.start_utc_us < later.start_utc_us and (gap.end_utc_us or later.start_utc_us) > earlier.end_utc_us
            )
            assert abs(covered - (later.start_utc_us - earlier.end_utc_us)) < US_PER_S // 4, f"channel {channel}: {gaps}"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (errno.ENOSPC, GapCause.DISK_FULL),
        (errno.EDQUOT, GapCause.DISK_FULL),
        (errno.EIO, GapCause.DISK_ERROR),
        (errno.EROFS, GapCause.DISK_ERROR),
    ],
    ids=["full", "quota", "I/O error", "read-only"],
)
def test_a_disk_that_refuses_is_told_and_used_again_when_it_does_not(
    recorder: RecorderProcess, disk: FaultyDisk, tmp_path: Path, error: int, cause: GapCause
) -> None:
    with disk.failing(error, WRITES):
        wait_for_gaps(recorder, cause)
        wait_told(recorder, cause)
        pause(LASTS_S)
        errors = recorder.log().count("ERROR")
    check_resumes(recorder, CHANNELS, now_us())
    assert errors <= 2 * CHANNELS + 2, f"a log that says it again and again\n{recorder.last_words()}"
    for channel in range(1, CHANNELS + 1):
        check_every_second_is_explained(recorder, channel)
    check_files(recorder, tmp_path / "fresh")


@pytest.mark.parametrize(
    "operations",
    [pytest.param(Operation.WRITE, marks=only_when_long), Operation.WRITE | Operation.SYNC],
    ids=["writes", "writes and syncs"],
)
def test_a_disk_that_stalls_costs_nothing_that_fits_into_the_queue(
    recorder: RecorderProcess, disk: FaultyDisk, tmp_path: Path, operations: Operation
) -> None:
    before = {channel: len(recorder.gaps(channel)) for channel in range(1, CHANNELS + 1)}
    with disk.stalling(operations):
        pause(STALL_S)
        status = recorder.status()
        assert status is not None, "the recorder does not answer while its disk stalls"
        assert all(row.status == "LIVE" for row in status)
        stalled_us = now_us()
    check_resumes(recorder, CHANNELS, stalled_us)
    for channel in range(1, CHANNELS + 1):
        assert len(recorder.gaps(channel)) == before[channel], recorder.gaps(channel)
        rows = recorder.segments(channel)
        for earlier, later in zip(rows, rows[1:], strict=False):
            assert abs(later.start_utc_us - earlier.end_utc_us) < US_PER_S // 10
    check_files(recorder, tmp_path / "fresh")


@pytest.mark.parametrize("step_us", [HOUR_US, -HOUR_US], ids=["an hour ahead", "an hour back"])
def test_a_clock_that_is_stepped_ends_nothing(recorder: RecorderProcess, disk: FaultyDisk, tmp_path: Path, step_us: int) -> None:
    files = len(recorder.files(1))
    disk.step_clock(step_us)
    recorder.wait_until(
        lambda: "the system clock was set" in recorder.log() and len(recorder.files(1)) > files, "a file after the step", WAIT_S
    )
    pause(2)
    check_files(recorder, tmp_path / "fresh", causes=step_us > 0)  # what follows the stop is a gap that lies before older footage


def test_a_volume_that_vanishes_is_never_recorded_beside(recorder: RecorderProcess, tmp_path: Path) -> None:
    """The mount point is empty for a while; what is there then is not touched."""
    away = recorder.record_dir.rename(tmp_path / "away")
    recorder.record_dir.mkdir()
    (recorder.record_dir / "somebody's file").write_text("not ours")
    recorder.wait_until(lambda: bool(gaps_for(recorder, GapCause.VOLUME_MISSING)), "the gaps", WAIT_S)
    assert [path.name for path in recorder.record_dir.rglob("*")] == ["somebody's file"]
    (recorder.record_dir / "somebody's file").unlink()
    recorder.record_dir.rmdir()
    away.rename(recorder.record_dir)
    check_resumes(recorder, CHANNELS, now_us())
    check_files(recorder, tmp_path / "fresh")
