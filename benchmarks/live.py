"""What watching costs: CPU of the recorder and of the process that takes the messages, and of the tap while nobody watches.

One camera of 4 Mbit/s is recorded; viewers come in a process of their own, which reads messages as the web service does. The tap's
cost is the time that a frame spends in the hub of a stream without viewers, measured alone.

    python -m benchmarks.live                         # 1, 10 and 50 viewers, 20 s each
    python -m benchmarks.live --viewers 1 --seconds 60 --save
"""

import argparse
import asyncio
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import uvloop

from benchmarks import contenders
from benchmarks.cameras import GOP_FRAMES, available_server, served
from benchmarks.findings import Figure, Findings
from benchmarks.part import parser, run
from benchmarks.process_cost import cpu_seconds
from benchmarks.waiting import pause
from mini_nvr.clock import SystemClock
from mini_nvr.ingest.timestamps import media_us
from mini_nvr.live import client
from mini_nvr.live.hub import StreamHub
from mini_nvr.media.frame import Frame, VideoFormat
from mini_nvr.segment.model import TimeSource

WARM_UP_S = 4.0
TARGET_PERCENT = 1.0
_FRAME = 3_600
_FRAME_BYTES = 20_000
_FORMAT = VideoFormat("h264", (), b"", 1920, 1080, Fraction(1), None, None, "avc1.64001F")


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.live", __doc__)
    arguments.add_argument("--viewers", type=int, nargs="+", default=[1, 10, 50])
    arguments.add_argument("--seconds", type=float, default=20)
    return run("live", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    tap = Figure("tap", "a frame that nobody watches", tap_ns(), "ns", 0)
    with tempfile.TemporaryDirectory(prefix="bench-live-") as folder:
        costs = list(_costs(Path(folder), arguments.viewers, arguments.seconds))
    conditions = f"windows of {arguments.seconds:g} s, one camera of 4 Mbit/s, recorder and the viewers' process together"
    return Findings([tap, *costs], conditions=conditions)


def tap_ns(frames: int = 200_000) -> float:
    """Time of one frame in a hub that nobody watches; the frames exist already, as they do for the recorder."""
    hub, data = StreamHub(1, "main"), bytes(_FRAME_BYTES)
    hub.on_format(_FORMAT, None, _Line())
    stream = [Frame(data, number * _FRAME, 0, number % GOP_FRAMES == 0) for number in range(frames)]
    on_video, clock = hub.on_video, SystemClock()
    started_ns = clock.monotonic_ns()
    for frame in stream:
        on_video(frame)
    hub_ns = clock.monotonic_ns() - started_ns
    started_ns = clock.monotonic_ns()
    for frame in stream:
        _ignore(frame)
    return (hub_ns - (clock.monotonic_ns() - started_ns)) / frames


def _ignore(frame: Frame) -> None:
    """The cost of the call itself."""


class _Line:
    """Media time 0 is the epoch."""

    time_source: TimeSource = "arrival"

    def start_utc_us(self, pts_90k: int) -> int:
        return media_us(pts_90k)

    def next_start_utc_us(self, pts_90k: int, expected_utc_us: int, elapsed_us: int) -> int:
        return expected_utc_us

    def utc_us(self, pts_90k: int) -> int:
        return media_us(pts_90k)


def _costs(folder: Path, viewers: list[int], seconds: float) -> Iterator[Figure]:
    watchable_s = 30 + (len(viewers) + 1) * (seconds + WARM_UP_S)
    with (
        served(available_server(), 1, folder, watchable_s) as cameras,
        contenders.start("mini-nvr", cameras, 1, folder / "nvr") as nvr,
    ):
        nvr.wait_for_footage(1)
        (pid,) = nvr.pids
        pause(WARM_UP_S)
        alone, _ = _window(pid, None, seconds)
        for count in viewers:
            with _watching(folder / "nvr" / "data", count) as watcher:
                pause(WARM_UP_S)
                recorder, taker = _window(pid, watcher, seconds)
            each = (recorder - alone + taker) / count
            of = "one viewer" if count == 1 else f"each of {count} viewers of one camera"
            yield Figure(f"viewers_{count}", of, each, "% of a core", 2, TARGET_PERCENT)


def _window(recorder: int, watcher: int | None, seconds: float) -> tuple[float, float]:
    """CPU of both processes over the time, in percent of a core."""
    pids = [recorder] if watcher is None else [recorder, watcher]
    before = [cpu_seconds(pid) for pid in pids]
    lasted_s = pause(seconds)
    used = [(cpu_seconds(pid) - then) / lasted_s * 100 for pid, then in zip(pids, before, strict=True)]
    return used[0], used[1] if watcher is not None else 0.0


@contextmanager
def _watching(data_dir: Path, viewers: int) -> Iterator[int]:
    """A process with so many viewers; its id."""
    process = multiprocessing.get_context("spawn").Process(target=_watch, args=(data_dir, viewers), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        yield process.pid
        assert process.is_alive(), "the viewers have ended"
    finally:
        process.terminate()
        process.join()


def _watch(data_dir: Path, viewers: int) -> None:
    async def one() -> None:
        async with client.watch(data_dir, 1, "main") as messages:
            async for _ in messages:
                pass

    async def everybody() -> None:
        await asyncio.gather(*(one() for _ in range(viewers)))

    uvloop.run(everybody())


if __name__ == "__main__":
    sys.exit(main())
