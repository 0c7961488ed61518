"""Several processes on one catalog: the recorder commits, others read, and none meets a lock, half a checkpoint or a wreck."""

import subprocess
import sys
from pathlib import Path

from mini_nvr.catalog.database import found_version
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.schema import HEAD

CHANNELS = 4
RECORDER = """
import itertools, sys
from pathlib import Path
from mini_nvr.catalog.repository import Catalog
from tests.support.catalog import MINUTE, T0, change, facts
with Catalog.open(Path(sys.argv[1])) as catalog:
    for n in itertools.count():
        catalog.commit([
            change(facts(T0 + n * MINUTE, channel=channel, run=channel, number=n, duration_us=MINUTE))
            for channel in range(1, int(sys.argv[2]) + 1)
        ])
        print(n + 1, flush=True)
"""


def _recorder(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RECORDER, str(data_dir), str(CHANNELS)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )


def test_a_reader_sees_whole_checkpoints_and_never_waits(tmp_path: Path) -> None:
    with _recorder(tmp_path) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "1\n"
        counts: list[int] = []
        with Catalog.open(tmp_path) as catalog:
            while len(set(counts)) < 10:
                counts.append(len(catalog.segments()))
            for _ in range(10):
                catalog.register_channels([(1, "Renamed meanwhile")], 0)  # a second writer takes turns
        assert recorder.poll() is None
        recorder.kill()
    assert counts == sorted(counts)
    assert all(count % CHANNELS == 0 for count in counts)


def test_a_killed_writer_leaves_what_it_said_it_committed(tmp_path: Path) -> None:
    for _ in range(3):
        with _recorder(tmp_path) as recorder:
            assert recorder.stdout is not None
            said = [recorder.stdout.readline() for _ in range(15)]
            recorder.kill()
            said += recorder.stdout.readlines()
        with Catalog.open(tmp_path) as catalog:
            rows = len(catalog.segments())
            assert rows % CHANNELS == 0
            assert rows >= int(said[-1]) * CHANNELS
        assert found_version(tmp_path / "catalog.db", thorough=True) == HEAD
