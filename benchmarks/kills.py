"""What `kill -9` costs: footage that the recorder was sent and that the next start does not find in the files.

    python -m benchmarks.kills [--kills 20] [--cameras 8]

The recorder is killed at random moments, and started again, which repairs. Of each camera the loss is the time from the last frame
in the repaired file to the last frame that the camera had sent when the kill came, frames on their way through the kernel included.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

from benchmarks.findings import Figure, Findings
from benchmarks.footage import count
from benchmarks.part import parser, run
from benchmarks.program import HOST, launch
from benchmarks.waiting import BenchmarkFailed, end, pause, wait_until
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig

FPS = 25
BIT_RATE = 1_000_000
MOST_LOST_S = 1.0
KILLED_AFTER_S = (1.0, 6.0)  # from when all files hold footage
_READY_BYTES = 20_000
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Killed:
    """One channel at one kill: its file, and how many frames its camera had sent then."""

    file: Path
    sent: int


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.kills", __doc__)
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--cameras", type=int, default=8)
    arguments.add_argument("--seed", type=int, default=1, help="which moments")
    return run("kills", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    source = ClipSource(ClipSpec(width=640, height=360, fps=Fraction(FPS), bit_rate=BIT_RATE, gop_frames=2 * FPS, frames=4 * FPS))
    cameras = [DemoCamera(number, source, log_sent=True) for number in range(1, arguments.cameras + 1)]
    with tempfile.TemporaryDirectory(prefix="bench-kills-") as folder, DemoRig(cameras) as rig:
        losses_s = sorted(_losses_s(Path(folder), rig, cameras, arguments.kills, random.Random(arguments.seed)))  # noqa: S311
    what = "footage lost by kill -9 of the recorder"
    figures = [
        Figure("median", f"{what}, median", median(losses_s), "s", 2),
        Figure("p95", f"{what}, p95", losses_s[int(len(losses_s) * 0.95)], "s", 2),
        Figure("worst", f"{what}, worst", losses_s[-1], "s", 2, MOST_LOST_S),
    ]
    conditions = f"{arguments.kills} kills, {arguments.cameras} cameras of 25 frames a second with a key frame every 2 s"
    return Findings(figures, conditions=conditions)


def _losses_s(folder: Path, rig: DemoRig, cameras: Sequence[DemoCamera], kills: int, chance: random.Random) -> list[float]:
    killed: list[Killed] = []
    for _ in range(kills):
        killed += _record_and_kill(folder, rig, cameras, chance.uniform(*KILLED_AFTER_S))
    last, _ = _start(folder, rig, cameras)  # repairs what the last kill left
    end(last, 20)
    return [_lost_s(one) for one in killed]


def _record_and_kill(folder: Path, rig: DemoRig, cameras: Sequence[DemoCamera], delay_s: float) -> list[Killed]:
    process, files = _start(folder, rig, cameras)
    pause(delay_s)
    process.kill()
    sent = [len(camera.sent.whole()) for camera in cameras]
    process.wait()
    return [Killed(files[camera.number], frames) for camera, frames in zip(cameras, sent, strict=True)]


def _start(folder: Path, rig: DemoRig, cameras: Sequence[DemoCamera]) -> tuple["subprocess.Popen[bytes]", dict[int, Path]]:
    """Start the recorder and return once each channel's new file holds footage; the files by channel."""
    before = set(_files(folder))
    wait_until(lambda: not any(camera.viewers for camera in cameras), _TIMEOUT_S, "the cameras see the last recorder gone")
    for camera in cameras:
        rig.call(camera.sent.clear)
    url = f"rtsp://{HOST}:{rig.port}/stream{{channel}}"
    process = launch(folder, {"RTSP_URL_TEMPLATE": url, "NUM_CHANNELS": len(cameras), "LOG_LEVEL": "CRITICAL"}, "recorder")

    def new() -> dict[int, Path]:
        found = [path for path in _files(folder) if path not in before and path.stat().st_size > _READY_BYTES]
        return {int(path.relative_to(folder / "recordings").parts[0].removeprefix("ch")): path for path in found}

    wait_until(lambda: len(new()) == len(cameras), _TIMEOUT_S, "all files grow")
    return process, new()


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "recordings").glob("ch*/*/*.mp4"))


def _lost_s(killed: Killed) -> float:
    found = count([killed.file]).frames
    if found > killed.sent + FPS:
        raise BenchmarkFailed(f"{killed.file.name} holds {found} frames, and {killed.sent} were sent")
    return max(0, killed.sent - found) / FPS


if __name__ == "__main__":
    sys.exit(main())
