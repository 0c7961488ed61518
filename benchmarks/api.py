"""How long answers of the API take over HTTP on a large archive (`benchmarks/archive.py`), the check of the session included.

python -m benchmarks.archive /tmp/archive
python -m benchmarks.api /tmp/archive
"""

import asyncio
import json
import random
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

import uvloop

from benchmarks.archive import DAY_US, END_UTC_US, last_day
from benchmarks.findings import Figure, Findings, Table
from benchmarks.part import parser, run
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import SystemClock
from mini_nvr.config.load import load
from mini_nvr.services.web import make_deps, make_server

USER, PASSWORD = "bench", "violet otter umbrella"  # noqa: S105  of a server that lives for this run
DAY_MS, HOUR_MS, END_MS = DAY_US // 1000, 3_600_000, END_UTC_US // 1000
WARM_UP = 5
INDEXED_DAYS = 29
"""Only the newest days of the archive have key-frame indexes."""

Target = Callable[[], str]


class Question(NamedTuple):
    """An address to ask for, a fresh one each time. target_ms: for p95."""

    key: str
    what: str
    path: Target
    target_ms: float


class Answer(NamedTuple):
    """What came back, and after how many milliseconds the last byte was there."""

    status: int
    headers: dict[str, str]
    body: bytes
    ms: float


class Connection:
    """One kept-alive HTTP/1.1 connection; as thin as can be, so that the server is what is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = SystemClock()
        self.cookie = ""

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {self.cookie}\r\nContent-Length: {len(body)}\r\n"
        started = self._clock.monotonic_ns()
        self._writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines[1:] if line]
        length = next(int(value) for name, value in pairs if name.lower() == "content-length")
        content = await self._reader.readexactly(length)
        elapsed = (self._clock.monotonic_ns() - started) / 1e6
        cookies = [value.split(";")[0] for name, value in pairs if name.lower() == "set-cookie"]
        self.cookie = "; ".join(cookies) or self.cookie
        return Answer(int(lines[0].split()[1]), dict((name.lower(), value) for name, value in pairs), content, elapsed)


def questions(channels: int, days: int) -> list[Question]:
    """Those that have a target; channels and instants at random, so that no page is asked for twice in a row."""
    choose = random.Random(1)  # noqa: S311  the same questions in every run

    def hour() -> str:
        start = END_MS - choose.randrange(min(days, INDEXED_DAYS)) * DAY_MS - DAY_MS // 4 - choose.randrange(HOUR_MS)
        return f"/api/channel/{choose.randint(1, channels)}/playlist.m3u8?start={start}&end={start + HOUR_MS}"

    def recordings() -> str:
        day = last_day() - timedelta(days=choose.randrange(days))
        return f"/api/channel/{choose.randint(1, channels)}/recordings?date={day}"

    def timeline(length: int, resolution_s: int) -> str:
        start = END_MS - choose.randint(length, max(length, days)) * DAY_MS
        some = ",".join(map(str, choose.sample(range(1, channels + 1), min(16, channels))))
        return f"/api/timeline?channels={some}&start={start}&end={start + length * DAY_MS}&resolution={resolution_s}"

    return [
        Question("dates_all", "dates of all channels", lambda: "/api/dates", 30),
        Question("dates", "dates of a channel", lambda: f"/api/dates?channel={choose.randint(1, channels)}", 30),
        Question("timeline_day", "a day's time line of 16 channels", lambda: timeline(1, 60), 30),
        Question("timeline_month", "30 days' time line of 16 channels", lambda: timeline(min(30, days), 1_800), 60),
        Question("timeline_year", "a year's time line of 16 channels", lambda: timeline(days, 21_600), 150),
        Question("recordings", "recordings of a day", recordings, 20),
        Question("playlist", "playlist of an hour", hour, 20),
        Question("storage", "storage", lambda: "/api/storage", 10),
        Question("config", "config", lambda: "/api/config", 30),
    ]


async def measure(data_dir: Path, rounds: int) -> Findings:
    with tempfile.TemporaryDirectory() as record_dir, Catalog.open(data_dir) as catalog:
        channels = len(catalog.channels())
        first = min(row.first_seen_utc_us for row in catalog.channels())
        values = {"RTSP_URL_TEMPLATE": "rtsp://192.0.2.1/{channel}", "NUM_CHANNELS": str(channels), "TZ": "Europe/Berlin"}
        folders = {"DATA_DIR": str(data_dir), "RECORD_DIR": record_dir}
        deps = make_deps(load({**values, **folders, "user1": USER, "pass1": PASSWORD}), catalog, SystemClock())
        listener = socket.create_server(("127.0.0.1", 0))
        server = make_server(deps, None)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2], limit=1 << 20)
        connection = Connection(reader, writer)
        try:
            answer = await connection.ask("POST", "/api/login", json.dumps({"username": USER, "password": PASSWORD}).encode())
            assert answer.status == 200, answer.body
            return await _ask_all(connection, questions(channels, max(1, (END_UTC_US - first) // DAY_US - 1)), rounds)
        finally:
            writer.close()
            server.should_exit = True
            await serving


async def _ask_all(connection: Connection, asked: list[Question], rounds: int) -> Findings:
    """p95 of each question as a figure, all of it as a table."""
    figures, rows = [], []
    for question in asked:
        answers = [await connection.ask("GET", question.path()) for _ in range(rounds + WARM_UP)][WARM_UP:]
        assert all(answer.status == 200 for answer in answers), next(a.body for a in answers if a.status != 200)
        times = sorted(answer.ms for answer in answers)
        p95_ms = times[int(rounds * 0.95)]
        figures.append(Figure(question.key, f"{question.what}, p95", p95_ms, "ms", 1, question.target_ms))
        kilobytes = median(len(answer.body) for answer in answers) / 1000
        rows.append((question.what, f"{median(times):.1f}", f"{p95_ms:.1f}", f"{times[-1]:.1f}", f"{kilobytes:.1f}"))
    return Findings(figures, [Table(("ms", "median", "p95", "slowest", "answer, kB"), tuple(rows))], f"{rounds} questions each")


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.api", __doc__)
    arguments.add_argument("data_dir", type=Path, help="of a catalog that benchmarks.archive made")
    arguments.add_argument("--rounds", type=int, default=100)
    return run("api", arguments, lambda given: uvloop.run(measure(given.data_dir, given.rounds)), argv)


if __name__ == "__main__":
    sys.exit(main())
