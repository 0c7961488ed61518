"""`kill -9` of the recorder alone: its supervisor starts it again, and it records, without anybody's help."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from tests.e2e.recorder_process import RecorderProcess, camera_settings
from tests.faults.long import WAIT_S
from tests.faults.resuming import check_resumes, now_us

CHANNELS = 2


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(number, ClipSource()) for number in range(1, CHANNELS + 1)]) as rig:
        yield rig


def recorder_of(program: RecorderProcess) -> psutil.Process:
    (found,) = (one for one in psutil.Process(program.pid).children() if "recorder" in one.cmdline())
    return found


def test_a_killed_recorder_records_again_by_itself(rig: DemoRig, tmp_path: Path) -> None:
    """How soon is the machine's: most of it is the start of the program."""
    settings = camera_settings(rig, CHANNELS, SEGMENT_DURATION="10", SYNC_INTERVAL="1")
    with RecorderProcess(tmp_path / "nvr", settings, command=("run",)) as program:
        program.wait_recording(CHANNELS)
        recorder = recorder_of(program)
        recorder.kill()
        psutil.wait_procs([recorder], timeout=WAIT_S)
        check_resumes(program, CHANNELS, now_us(), WAIT_S)
        assert program.stop() == 0, program.last_words()
    for channel in range(1, CHANNELS + 1):
        assert any(gap.cause is GapCause.RECORDER_DOWN and gap.end_utc_us is not None for gap in program.gaps(channel))
    program.check_catalog(tmp_path / "fresh")
