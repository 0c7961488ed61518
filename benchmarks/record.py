"""What recording costs: our recorder beside one `ffmpeg -c copy` process per camera, on the same streams, in one run.

    python -m benchmarks.record [--cameras 1 4 16 64] [--seconds 30] [--rounds 2] [--server gstreamer|demo] [--save]

The two take turns, so that both meet the same machine. A window in which not every camera was recorded all the time is left out,
and the result says so.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from benchmarks import recording_cost
from benchmarks.cameras import FPS, Cameras, ServerKind, available_server, served
from benchmarks.contenders import Name, start
from benchmarks.findings import Findings
from benchmarks.footage import count
from benchmarks.part import parser, run
from benchmarks.process_cost import cpu_seconds, memory_bytes, switches
from benchmarks.recording_cost import Sample
from benchmarks.waiting import BenchmarkFailed, pause

WARM_UP_S = 6.0  # past the connections, the first key frames and the first checkpoint
LONGEST_START_S = 40.0
MIN_SHARE = 0.98  # of the frames that were due since the warm-up began


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.record", __doc__)
    arguments.add_argument("--cameras", type=int, nargs="+", default=[1, 4, 16, 64], metavar="N", help="how many")
    arguments.add_argument("--seconds", type=float, default=30, help="length of one measured window (default: 30)")
    arguments.add_argument("--rounds", type=int, default=2, help="windows of each contender, in turn (default: 2)")
    arguments.add_argument("--server", choices=get_args(ServerKind), default=available_server(), help="who plays the cameras")
    arguments.add_argument("--only", choices=get_args(Name), help="leave the other contender out")
    return run("record", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bench-record-") as folder:
        samples = list(_measure_all(arguments, Path(folder), failures))
    if not samples:
        raise BenchmarkFailed("; ".join(failures))
    rows = recording_cost.summarise(samples)
    rate = f"{recording_cost.bit_rate(samples) / 1e6:.1f} Mbit/s"
    streams = f"1080p25 H.264, {rate}, a key frame every 2 s, RTP over TCP from the {arguments.server} server"
    windows = f"{arguments.rounds} windows of {arguments.seconds:g} s each"
    conditions = "; ".join([streams, windows, *(f"left out: {failure}" for failure in failures)])
    return Findings(list(recording_cost.figures(rows)), [recording_cost.table(rows)], conditions)


def _measure_all(arguments: argparse.Namespace, folder: Path, failures: list[str]) -> Iterator[Sample]:
    """Every window that was good; why one was not is appended to `failures`, and the others are measured all the same."""
    names: list[Name] = [arguments.only] if arguments.only else list(get_args(Name))
    longest_s = LONGEST_START_S + WARM_UP_S + arguments.seconds
    with served(arguments.server, max(arguments.cameras), folder, longest_s) as cameras:
        for cameras_count in arguments.cameras:
            for _ in range(arguments.rounds):
                for name in names:
                    try:
                        yield _measure(name, cameras, cameras_count, arguments.seconds, folder)
                    except BenchmarkFailed as exc:
                        failures.append(f"{name} with {cameras_count} cameras: {exc}")
                        print(failures[-1], file=sys.stderr, flush=True)


def _measure(name: Name, cameras: Cameras, cameras_count: int, seconds: float, folder: Path) -> Sample:
    """One window of one contender: start, warm up, measure, stop, look at the files.

    Raises:
        BenchmarkFailed: it did not record every camera all the time.
    """
    with tempfile.TemporaryDirectory(dir=folder) as place, start(name, cameras, cameras_count, Path(place) / name) as recording:
        recording.wait_for_footage(cameras_count)
        pause(WARM_UP_S)
        pids = recording.pids
        cpu, switched = sum(map(cpu_seconds, pids)), sum(map(switches, pids))
        elapsed_s = pause(seconds)
        cpu, switched = sum(map(cpu_seconds, pids)) - cpu, sum(map(switches, pids)) - switched
        memory = sum(map(memory_bytes, pids))
        recording.check()
        written = recording.finish()
        footage = count(recording.files())
    due = (WARM_UP_S + seconds) * FPS
    if footage.files != cameras_count or footage.shortest_frames < MIN_SHARE * due:
        raise BenchmarkFailed(f"{name}: {footage.files} files, {footage.shortest_frames} of {due:.0f} frames in the shortest")
    sample = Sample(name, cameras_count, elapsed_s, cpu, switched, memory, written, footage)
    print(recording_cost.line(sample), flush=True)
    return sample


if __name__ == "__main__":
    sys.exit(main())
