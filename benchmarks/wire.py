"""CPU and memory that the wire room alone costs per camera: packets in, frames out, thrown away.

The cameras of all benchmarks send (`benchmarks.cameras`); this process is the only reader.

    python -m benchmarks.wire --cameras 16 --seconds 20
    python -m benchmarks.wire --cameras 1 --profile          # where the time goes, per function
"""

import argparse
import asyncio
import cProfile
import gc
import os
import pstats
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from benchmarks.cameras import Cameras, available_server, served
from benchmarks.findings import Figure, Findings
from benchmarks.part import parser, run
from mini_nvr.clock import SystemClock
from mini_nvr.media.frame import Frame
from mini_nvr.rtsp.client import RtspClient


@dataclass
class Counter:
    """A sink that only counts."""

    frames: int = 0
    lost: int = 0

    def on_frame(self, track: int, frame: Frame) -> None:
        self.frames += 1

    def on_sender_report(self, track: int, ntp_utc_us: int, rtp_timestamp: int) -> None:
        pass

    def on_loss(self, track: int, packets: int) -> None:
        self.lost += packets


@dataclass
class Usage:
    """What the process has used so far; private memory in kB."""

    cpu_s: float
    private_kb: int
    switches: int

    @classmethod
    def now(cls) -> "Usage":
        times = os.times()
        rollup = Path("/proc/self/smaps_rollup").read_text()
        status = Path("/proc/self/status").read_text()
        private = sum(int(kb) for kb in re.findall(r"Private_\w+:\s+(\d+)", rollup))
        switches = int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[0])
        return cls(times.user + times.system, private, switches)


async def read(cameras: Cameras, count: int, seconds: float, profile: cProfile.Profile | None) -> list[Figure]:
    clients = [RtspClient(cameras.url(number + 1), SystemClock()) for number in range(count)]
    counters = [Counter() for _ in clients]
    alone = Usage.now()
    for client, counter in zip(clients, counters, strict=True):
        await client.play(await client.describe(), counter)
    await asyncio.sleep(2)
    before, bytes_before, frames_before = Usage.now(), sum(c.media_bytes for c in clients), sum(c.frames for c in counters)
    if profile:
        profile.enable()
    await asyncio.sleep(seconds)
    if profile:
        profile.disable()
    after = Usage.now()
    media = sum(client.media_bytes for client in clients) - bytes_before
    frames = sum(counter.frames for counter in counters) - frames_before
    await asyncio.gather(*(client.close() for client in clients))
    camera_seconds = seconds * count
    return [
        Figure("cpu", "reading a camera", 100 * (after.cpu_s - before.cpu_s) / camera_seconds, "% of a core", 3),
        Figure("memory", "memory of a camera's connection", (after.private_kb - alone.private_kb) / count, "kB", 0),
        Figure("frames", "frames read, of each camera", frames / camera_seconds, "a second", 1),
        Figure("rate", "read, of each camera", 8e-6 * media / camera_seconds, "Mbit/s", 2),
        Figure("waits", "waits of the process, for all cameras", (after.switches - before.switches) / seconds, "a second", 0),
        Figure("lost", "packets lost", sum(counter.lost for counter in counters), "", 0, at_most=0),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.wire", __doc__)
    arguments.add_argument("--cameras", type=int, default=16)
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--profile", action="store_true")
    return run("wire", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    count, seconds = arguments.cameras, arguments.seconds
    kind = available_server()
    profile = cProfile.Profile() if arguments.profile else None
    with (
        tempfile.TemporaryDirectory(prefix="bench-wire-") as folder,
        served(kind, count, Path(folder), seconds + 30) as cameras,
    ):
        gc.freeze()
        figures = uvloop.run(read(cameras, count, seconds, profile))
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(15)
    return Findings(figures, conditions=f"{count} cameras of 1080p25 at 4 Mbit/s from the {kind} server, {seconds:g} s")


if __name__ == "__main__":
    sys.exit(main())
