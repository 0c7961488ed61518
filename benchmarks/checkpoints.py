"""How long a checkpoint takes: fdatasync of every growing file, then one transaction of the catalog.

    python -m benchmarks.checkpoints [--cameras 16] [--seconds 150]

Timed inside the recorder (`benchmarks.timed_recorder`), which is otherwise as it is, with the default SYNC_INTERVAL of 5 s.
The disk is the one of the temporary folder.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.cameras import Cameras, available_server, served
from benchmarks.findings import Figure, Findings
from benchmarks.part import parser, run
from benchmarks.program import ENVIRONMENT
from benchmarks.waiting import BenchmarkFailed, pause, wait_until

SYNC_INTERVAL_S = 5
_READY_BYTES = 100_000
_STOP_S = 20
_ROOT = Path(__file__).parents[1]


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.checkpoints", __doc__)
    arguments.add_argument("--cameras", type=int, default=16)
    arguments.add_argument("--seconds", type=float, default=150)
    return run("checkpoints", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    count, kind = arguments.cameras, available_server()
    with (
        tempfile.TemporaryDirectory(prefix="bench-checkpoints-") as folder,
        served(kind, count, Path(folder), arguments.seconds + 60) as cameras,
    ):
        times = _record(Path(folder), cameras, count, arguments.seconds)
    if len(times) < 2:
        raise BenchmarkFailed("too short: fewer than two checkpoints")
    both_ms, sync_ms, commit_ms = (sorted(1000 * s for s in some) for some in (map(sum, times), *zip(*times, strict=True)))
    figures = [
        Figure("p50", "a checkpoint, median", median(both_ms), "ms"),
        Figure("p95", "a checkpoint, p95", both_ms[int(len(both_ms) * 0.95)], "ms"),
        Figure("worst", "a checkpoint, slowest", both_ms[-1], "ms"),
        Figure("sync", "of it fdatasync of all files, median", median(sync_ms), "ms"),
        Figure("commit", "of it the catalog's transaction, median", median(commit_ms), "ms"),
    ]
    return Findings(figures, conditions=f"{len(times)} checkpoints, one every {SYNC_INTERVAL_S} s, {count} cameras of 4 Mbit/s")


def _record(folder: Path, cameras: Cameras, count: int, seconds: float) -> list[tuple[float, float]]:
    """Seconds of syncing and of committing, of each checkpoint but the first, which meets files that have just begun."""
    settings = {
        "RTSP_URL_TEMPLATE": cameras.url("{channel}"),
        "NUM_CHANNELS": count,
        "SYNC_INTERVAL": SYNC_INTERVAL_S,
        "RECORD_DIR": folder / "recordings",
        "DATA_DIR": folder / "data",
    }
    env_file, result = folder / "env", folder / "times"
    env_file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    command = [sys.executable, "-m", "benchmarks.timed_recorder", str(env_file), str(result)]
    process = subprocess.Popen(command, cwd=_ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: _growing(folder) >= count, 60, "all files grow")
        pause(seconds)
    finally:
        process.terminate()
        process.wait(_STOP_S)
    times: list[tuple[float, float]] = json.loads(result.read_text())
    return times[1:-1]  # and the last, at the end, meets files that were sealed


def _growing(folder: Path) -> int:
    return sum(path.stat().st_size > _READY_BYTES for path in (folder / "recordings").glob("ch*/*/*.mp4"))


if __name__ == "__main__":
    sys.exit(main())
