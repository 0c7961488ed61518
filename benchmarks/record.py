"""What recording costs: our recorder beside one `ffmpeg -c copy` process per camera, on the same streams, in one run.

    python -m benchmarks.record [--cameras 16 32] [--seconds 30] [--rounds 2] [--server gstreamer|demo] [--write]

The two take turns, so that both meet the same machine. Targets that are missed are shown, not punished: the exit code is 1 only
when a run did not record what it should.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from benchmarks import machine, report
from benchmarks.cameras import FPS, Cameras, ServerKind, available_server, served
from benchmarks.contenders import Name, start
from benchmarks.footage import count
from benchmarks.process_cost import cpu_seconds, memory_bytes, switches
from benchmarks.report import Sample
from benchmarks.waiting import BenchmarkFailed, pause

WARM_UP_S = 6.0  # past the connections, the first key frames and the first checkpoint
BASELINE_S = 2.0  # of a single camera, for its memory
LONGEST_START_S = 40.0
MIN_SHARE = 0.98  # of the frames that were due since the warm-up began


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of the contexts, which end every process
    facts = [*machine.describe(), ("load before the start", f"{machine.load_average():.2f}")]
    print(*map(": ".join, facts), sep="\n", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-record-") as folder:
            samples = list(_measure_all(arguments, Path(folder)))
    except BenchmarkFailed as exc:
        print(f"the run failed: {exc}", file=sys.stderr)
        return 1
    text = report.render(samples, facts, arguments.server)
    print(f"\n{text}")
    if arguments.write:
        report.write(text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.record", description="Measure what recording costs.")
    parser.add_argument("--cameras", type=int, nargs="+", default=[16, 32], metavar="N", help="how many (default: 16 32)")
    parser.add_argument("--seconds", type=float, default=30, help="length of one measured window (default: 30)")
    parser.add_argument("--rounds", type=int, default=2, help="windows of each contender, in turn (default: 2)")
    parser.add_argument("--server", choices=get_args(ServerKind), default=available_server(), help="who plays the cameras")
    parser.add_argument("--only", choices=get_args(Name), help="leave the other contender out")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    return parser


def _measure_all(arguments: argparse.Namespace, folder: Path) -> Iterator[Sample]:
    names: list[Name] = [arguments.only] if arguments.only else list(get_args(Name))
    longest_s = LONGEST_START_S + WARM_UP_S + max(arguments.seconds, BASELINE_S)
    with served(arguments.server, max(arguments.cameras), folder, longest_s) as cameras:
        for name in names:
            yield _measure(name, cameras, 1, BASELINE_S, folder)
        for cameras_count in arguments.cameras:
            for _ in range(arguments.rounds):
                for name in names:
                    yield _measure(name, cameras, cameras_count, arguments.seconds, folder)


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
    print(report.line(sample), flush=True)
    return sample


if __name__ == "__main__":
    sys.exit(main())
