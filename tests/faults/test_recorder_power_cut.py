"""The power goes while a recorder records: at most SYNC_INTERVAL + 1 s are lost, and nothing is unplayable."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mini_nvr.clock import US_PER_S
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause
from tests.faults.journalled import in_memory
from tests.faults.layer import Change, FaultyDisk, Operation, read_journal
from tests.faults.long import LONG
from tests.faults.power_cut import Survives, after_cut, nothing_unsynced, some_unsynced
from tests.support.hybrid_files import ffprobe_complaints

CLIPS = {1: ClipSpec(gop_frames=25, audio="aac"), 2: ClipSpec(gop_frames=50, frames=100)}
SEGMENT_S = 10
SYNC_S = 1.0
RECORDED_S = 14
SYNCS_SETTLED = 3  # of the first files
MOST_LOST_S = SYNC_S + 1.0
CUTS = 24 if LONG else 6
SEED = 20_261_122

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="Debian's ffmpeg is not installed (`make test` does it)")


@dataclass(frozen=True)
class Recorded:
    """All that a recorder did to its disk, `folder`, from an empty one on; `settings` with every camera disabled."""

    folder: Path
    changes: list[Change]
    settings: dict[str, str]


@pytest.fixture(scope="module")
def recorded(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """In memory: the promise is for disks that sync as often as asked to."""
    scratch = tmp_path_factory.mktemp("journal")
    with in_memory() as folder, DemoRig([DemoCamera(number, ClipSource(spec)) for number, spec in CLIPS.items()]) as rig:
        settings = camera_settings(rig, len(CLIPS), SEGMENT_DURATION=str(SEGMENT_S), SYNC_INTERVAL=str(SYNC_S))
        disk = FaultyDisk(layer, folder, scratch, journal=True)
        recorder = RecorderProcess(scratch / "settings", settings, environment=disk.environment)
        recorder.record_dir, recorder.data_dir = folder / "recordings", folder / "data"
        recorder.write_settings(settings)
        with recorder:
            recorder.wait_recording(len(CLIPS))
            pause(RECORDED_S)
            recorder.kill()
        settings |= {f"CHANNEL_{number}_ENABLED": "off" for number in CLIPS}
        yield Recorded(folder, read_journal(disk.journal), settings)


def cuts(recorded: Recorded) -> list[tuple[int, Survives]]:
    """After how many changes the power goes, and what survives of what was not synced."""
    chance = random.Random(SEED)  # noqa: S311  moments, not secrets
    created = [change.path for change in recorded.changes if change.operation is Operation.CREATE and change.path.suffix == ".mp4"]
    first = max(synced_at(recorded.changes, path) for path in created[: len(CLIPS)])
    moments = sorted(chance.sample(range(first, len(recorded.changes)), CUTS))
    return [(moment, some_unsynced(index) if index % 2 else nothing_unsynced) for index, moment in enumerate(moments)]


def synced_at(changes: list[Change], path: Path) -> int:
    """Behind which change a file was synced with pictures in it, whatever was synced as it was made."""
    synced = [index for index, change in enumerate(changes) if change.path == path and change.operation is Operation.SYNC]
    return synced[SYNCS_SETTLED - 1] + 1


def test_a_power_cut_costs_a_sync_interval_and_a_second(recorded: Recorded, tmp_path: Path) -> None:
    lost_s = []
    for number, (moment, survives) in enumerate(cuts(recorded)):
        folder = tmp_path / str(number)
        after_cut(recorded.folder, recorded.changes[:moment], folder, survives)
        program = RecorderProcess(folder, recorded.settings)
        program.start()
        assert program.stop() == 0, program.last_words()
        cut_us = recorded.changes[moment - 1].utc_us
        lost_s += [lost_at_cut(program, channel, cut_us) for channel in CLIPS]
        program.check_catalog(tmp_path / f"{number}-fresh")
        for path in program.files():
            assert not ffprobe_complaints(path), f"cut after change {moment}: {path.name}"
        shutil.rmtree(folder)
    print(f"\n{CUTS} power cuts: {max(lost_s):.2f} s lost at most, {sum(lost_s) / len(lost_s):.2f} s on average")
    assert max(lost_s) <= MOST_LOST_S


def lost_at_cut(program: RecorderProcess, channel: int, cut_us: int) -> float:
    """Seconds of footage that were not there any more; everything before is."""
    rows = program.segments(channel)
    assert rows, f"all of channel {channel} is lost\n{program.last_words()}"
    for earlier, later in zip(rows, rows[1:], strict=False):
        assert abs(later.start_utc_us - earlier.end_utc_us) < 0.1 * US_PER_S, "there is a hole between two files"
    return (cut_us - rows[-1].end_utc_us) / US_PER_S
