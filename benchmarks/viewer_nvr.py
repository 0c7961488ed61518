"""The NVR that `benchmarks.viewer` looks at: real services, cameras of 1080p25 with sub streams, and an archive of 30 days.

The archive is one recorded minute under many names: its file is hard-linked, and its row in the catalog copied, for each minute
of the time before. Nothing of it differs from footage but what it shows.
"""

import asyncio
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import httpx
import uvloop

from benchmarks.cameras import BIT_RATE, FPS, GOP_FRAMES, HOST
from benchmarks.waiting import BenchmarkFailed, end, wait_until
from mini_nvr.demo import ClipSpec, DemoCamera
from mini_nvr.demo.clip import ClipSource
from mini_nvr.demo.server import DemoServer
from mini_nvr.supervisor.run import free_port

USER, PASSWORD = "bench", "violet otter umbrella"  # noqa: S105  of a server that lives for this run
SEGMENT_S = 60
DAY_US = 86_400_000_000
MAIN = ClipSpec(width=1920, height=1080, fps=Fraction(FPS), bit_rate=BIT_RATE, gop_frames=GOP_FRAMES, frames=2 * GOP_FRAMES)
SUB = ClipSpec(width=640, height=360, fps=Fraction(FPS), bit_rate=500_000, gop_frames=GOP_FRAMES, frames=2 * GOP_FRAMES)
_COLUMNS = (
    "duration_us, size_bytes, state, protected, run_id, container, video_frames, video_codec, width, height, frame_rate, "
    "audio_codec, init_offset, init_size_bytes, time_source"
)
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}  # no setting of the caller's


@dataclass(frozen=True, slots=True)
class Nvr:
    url: str
    folder: Path

    @property
    def record_dir(self) -> Path:
        return self.folder / "recordings"

    @property
    def catalog(self) -> Path:
        return self.folder / "data" / "catalog.db"

    def alive(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def sealed(self) -> int:
        """How many files are complete."""
        with closing(sqlite3.connect(f"file:{self.catalog}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM segments WHERE state = 'sealed'").fetchone()
        return int(count)


@contextmanager
def cameras(count: int) -> Iterator[int]:
    """Serve stream1 to stream{count}, and sub1 to sub{count} behind them; yields the port."""
    port = free_port(HOST, 0)
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(count, port), daemon=True)
    process.start()
    try:
        wait_until(lambda: _listens(port), 90, "the cameras' clips are encoded")
        yield port
    finally:
        process.terminate()
        process.join()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _serve(count: int, port: int) -> None:
    uvloop.run(_serve_for_ever(count, port))


async def _serve_for_ever(count: int, port: int) -> None:
    mains = [DemoCamera(number, ClipSource(MAIN)) for number in range(1, count + 1)]
    subs = [DemoCamera(number, ClipSource(SUB)) for number in range(count + 1, 2 * count + 1)]
    server = DemoServer(mains + subs)
    await server.start(HOST, port)
    await asyncio.get_running_loop().create_future()


@contextmanager
def running(folder: Path, camera_port: int, count: int, *, package: Path | None = None) -> Iterator[Nvr]:
    """The whole program in `folder`; ends with the block. package: where another `mini_nvr` lies that is to be run."""
    port = free_port(HOST, 0)
    settings = {
        "RTSP_URL_TEMPLATE": f"rtsp://{HOST}:{camera_port}/stream{{channel}}",
        "NUM_CHANNELS": count,
        "SEGMENT_DURATION": SEGMENT_S,
        "RECORD_DIR": folder / "recordings",
        "DATA_DIR": folder / "data",
        "WEB_HOST": HOST,
        "WEB_PORT": port,
        "LOG_LEVEL": "WARNING",
        "user1": USER,
        "pass1": PASSWORD,
    }
    settings |= {
        f"CHANNEL_{number}_SUB_URL": f"rtsp://{HOST}:{camera_port}/stream{count + number}" for number in range(1, count + 1)
    }
    env_file = folder / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    arguments = [sys.executable, "-m", "mini_nvr", "run", "--env-file", str(env_file)]
    elsewhere = {} if package is None else {"PYTHONPATH": str(package)}
    process = subprocess.Popen(
        arguments, cwd=folder, env=_ENVIRONMENT | elsewhere, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        nvr = Nvr(f"http://{HOST}:{port}", folder)
        wait_until(nvr.alive, 30, "the web service answers")
        yield nvr
    finally:
        end(process, 20)


def fill(nvr: Nvr, days: int) -> tuple[int, int]:
    """Repeat the newest complete minute of channel 1 over the days before it; returns from when to when there is footage, in µs."""
    with closing(sqlite3.connect(nvr.catalog)) as connection, connection:
        row = connection.execute(
            "SELECT id, start_utc_us, duration_us, path FROM segments WHERE state = 'sealed' AND channel = 1 "
            "ORDER BY id DESC LIMIT 1"
        ).fetchone()
        if row is None:
            raise BenchmarkFailed("no file was completed")
        model, start_us, duration_us, path = row
        (first,) = connection.execute("SELECT min(start_utc_us) FROM segments WHERE channel = 1").fetchone()
        target = nvr.record_dir / "ch1" / "archive"
        target.mkdir()
        copies = days * DAY_US // duration_us
        for number in range(1, copies + 1):
            name = f"ch1/archive/{number}.mp4"
            os.link(nvr.record_dir / path, nvr.record_dir / name)
            connection.execute(
                f"INSERT INTO segments (channel, start_utc_us, path, number, {_COLUMNS}) "  # noqa: S608  constant columns
                f"SELECT 1, ?, ?, ?, {_COLUMNS} FROM segments WHERE id = ?",
                (first - number * duration_us, name, 1_000_000 + number, model),
            )
        connection.execute(
            "INSERT INTO segment_indexes SELECT new.id, old.entries FROM segments new, segment_indexes old "
            "WHERE old.segment_id = ? AND new.path LIKE 'ch1/archive/%'",
            (model,),
        )
        connection.execute("UPDATE channels SET first_seen_utc_us = ? WHERE number = 1", (first - copies * duration_us,))
    return first - copies * duration_us, start_us
