"""How soon footage is on the disk: from the start of `mini-nvr run` to the first frame that a player can read from a file.

    python -m benchmarks.startup [--starts 5] [--cameras 4]

A first start, in an empty folder, makes the catalog; a later one repairs and goes on. The cameras run already, and send a key frame
to who begins to watch. A file is looked at 100 times a second, by FFmpeg's libraries.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import av

from benchmarks.cameras import Cameras, available_server, served
from benchmarks.findings import Figure, Findings
from benchmarks.part import parser, run
from benchmarks.program import HOST, free_port, launch
from benchmarks.waiting import BenchmarkFailed, end, pause

LONGEST_S = 30.0
LOOK_EVERY_S = 0.01
RECORDED_S = 2.0
STOP_S = 20


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.startup", __doc__)
    arguments.add_argument("--starts", type=int, default=5, help="of each kind")
    arguments.add_argument("--cameras", type=int, default=4)
    return run("startup", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    first_s, later_s = [], []
    kind = available_server()
    with tempfile.TemporaryDirectory(prefix="bench-startup-") as name:
        with served(kind, arguments.cameras, Path(name), LONGEST_S + RECORDED_S) as cameras:
            for number in range(arguments.starts):
                folder = Path(name) / str(number)
                folder.mkdir()
                first_s.append(_start(folder, cameras, arguments.cameras))
                later_s.append(_start(folder, cameras, arguments.cameras))
    figures = [
        Figure("first", "first start: a frame of every camera is on the disk, median", median(first_s), "s", 2),
        Figure("later", "later start: the same, median", median(later_s), "s", 2),
        Figure("worst", "slowest of all starts", max(first_s + later_s), "s", 2),
    ]
    return Findings(figures, conditions=f"{arguments.starts} starts of each kind, {arguments.cameras} cameras, {kind} server")


def _start(folder: Path, cameras: Cameras, count: int) -> float:
    """Seconds until each channel has a readable frame in a new file."""
    before = set(_files(folder))
    settings = {"RTSP_URL_TEMPLATE": cameras.url("{channel}"), "NUM_CHANNELS": count}
    began = time.monotonic()
    process = launch(
        folder, {**settings, "WEB_HOST": HOST, "WEB_PORT": free_port(), "user1": "bench", "pass1": "violet otter umbrella"}
    )
    try:
        ready: set[Path] = set()
        while len(ready) < count:
            ready |= {path for path in _files(folder) if path not in before | ready and _has_frame(path)}
            if time.monotonic() - began > LONGEST_S:
                raise BenchmarkFailed(f"after {LONGEST_S:g} s {len(ready)} of {count} channels have a frame on the disk")
            pause(LOOK_EVERY_S)
        took_s = time.monotonic() - began
        pause(RECORDED_S)
    finally:
        end(process, STOP_S)
    return took_s


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "recordings").glob("ch*/*/*.mp4"))


def _has_frame(path: Path) -> bool:
    try:
        with av.open(str(path)) as container:
            return next(container.demux(video=0)).size > 0
    except (av.FFmpegError, StopIteration, IndexError):
        return False


if __name__ == "__main__":
    sys.exit(main())
