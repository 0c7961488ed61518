"""Memory of all services together while they record: at rest, after a person used everything, and while all cameras are watched.

    python -m benchmarks.memory [--cameras 8] [--seconds 30]

PSS, which counts a page that n processes share 1/n in each; the supervisor is counted too, the cameras are not. The program is
started twice in the same folder: the first start makes the catalog.
"""

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.cameras import available_server, served
from benchmarks.findings import Figure, Findings, Table
from benchmarks.part import parser, run
from benchmarks.process_cost import memory_bytes
from benchmarks.program import HOST, Program, running
from benchmarks.waiting import BenchmarkFailed, pause, wait_until

TARGET_MB = 200
DAY_MS = 86_400_000
STARTS = ("first start", "later start")
_READY_BYTES = 100_000

Look = dict[str, int]
"""Bytes by service."""


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.memory", __doc__)
    arguments.add_argument("--cameras", type=int, default=8)
    arguments.add_argument("--seconds", type=float, default=30, help="of recording before each look (default: 30)")
    return run("memory", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    looks: dict[tuple[str, str], Look] = {}
    count, seconds = arguments.cameras, arguments.seconds
    kind = available_server()
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as name, served(kind, count, Path(name), 4 * seconds + 120) as cameras:
        folder = Path(name) / "nvr"
        folder.mkdir()
        for start in STARTS:
            with running(folder, {"RTSP_URL_TEMPLATE": cameras.url("{channel}"), "NUM_CHANNELS": count}) as program:
                wait_until(lambda program=program: _growing(program) >= count, 60, "all files grow")  # type: ignore[misc]
                for what, look in _looks(program, count, seconds):
                    looks[start, what] = look
    figures = [
        Figure(f"{start.split()[0]}.{what.split()[0]}", f"{start}, {what}", sum(look.values()) / 1e6, "MB", 0, TARGET_MB)
        for (start, what), look in looks.items()
    ]
    services = list(next(iter(looks.values())))
    rows = tuple((start, what, *(f"{look[name] / 1e6:.1f}" for name in services)) for (start, what), look in looks.items())
    table = Table(("PSS, MB", "", *services), rows)
    return Findings(figures, [table], f"{count} cameras of 1080p25 at 4 Mbit/s from the {kind} server")


def _looks(program: Program, count: int, seconds: float) -> Iterator[tuple[str, Look]]:
    pause(seconds)
    yield "at rest", _look(program)
    _use_everything(program, count)
    pause(2)
    yield "used by a person", _look(program)
    with _watching(program, count):
        pause(seconds)
        yield f"watched live on all {count}", _look(program)


def _look(program: Program) -> Look:
    return {name: memory_bytes(pid) for name, pid in program.services().items()}


def _growing(program: Program) -> int:
    return sum(path.stat().st_size > _READY_BYTES for path in program.record_dir.glob("ch*/*/*.mp4"))


def _use_everything(program: Program, count: int) -> None:
    """Sign in, the page, what its views ask for, stills, footage."""
    program.sign_in()
    now_ms = int(time.time() * 1000)
    day = f"start={now_ms - DAY_MS}&end={now_ms}"
    channels = ",".join(map(str, range(1, count + 1)))
    for path in (
        "/",
        "/api/config",
        "/api/live",
        "/api/dates",
        "/api/storage",
        f"/api/timeline?channels={channels}&{day}&resolution=60",
        f"/api/channel/1/recordings?date={time.strftime('%Y-%m-%d', time.gmtime())}",
        f"/api/channel/1/playlist.m3u8?{day}",
        f"/api/channel/1/export.mp4?{day}",
        "/api/openapi.json",
    ):
        program.get(path)
    for channel in range(1, count + 1):
        program.get(f"/api/channel/{channel}/frame.jpg?at={now_ms - 6_000}")
        program.get(f"/api/channel/{channel}/frame.jpg?at={now_ms - 6_000}&width=320")


@contextmanager
def _watching(program: Program, count: int) -> Iterator[None]:
    """A viewer of each channel, live, on a thread."""
    over, failures = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            asyncio.run(_watch_all(program, count, over))
        except Exception as exc:  # noqa: BLE001  told on the other thread
            failures.append(exc)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failures:
        raise BenchmarkFailed(f"watching: {failures[0]!r}") from failures[0]


async def _watch_all(program: Program, count: int, over: threading.Event) -> None:
    from websockets.asyncio.client import connect  # noqa: PLC0415  not mapped before it is needed

    async def one(channel: int) -> None:
        url = f"ws://{HOST}:{program.port}/api/channel/{channel}/live?stream=main"
        async with connect(url, additional_headers={"Cookie": program.cookie}, max_size=None) as messages:
            async for _ in messages:
                if over.is_set():
                    return

    await asyncio.gather(*(one(channel) for channel in range(1, count + 1)))


if __name__ == "__main__":
    sys.exit(main())
