"""How long answers of the API take over HTTP on a large archive (`benchmarks/archive.py`), the check of the session included.

    python -m benchmarks.archive /tmp/archive
    python -m benchmarks.api /tmp/archive

The web service is a process of its own, as users have it, and the client as thin as can be: one question at a time over one
kept-alive connection. The service's processor time, of all its threads, stands beside what the client sees.
"""

import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.archive import DAY_US, END_UTC_US, last_day, warm
from benchmarks.connection import Connection
from benchmarks.downloads import PASSWORD, USER, Served, free_port, listens, sign_in
from benchmarks.findings import Figure, Findings, Table
from benchmarks.part import parser, run
from benchmarks.process_cost import cpu_seconds
from benchmarks.program import ENVIRONMENT, HOST
from benchmarks.waiting import end, wait_until
from mini_nvr.catalog.repository import Catalog
from mini_nvr.supervisor.services import WEB_MALLOC

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


def measure(data_dir: Path, rounds: int) -> Findings:
    warm(data_dir)
    with Catalog.open(data_dir) as catalog:
        channels = catalog.channels()
        days = (END_UTC_US - min(row.first_seen_utc_us for row in channels)) // DAY_US - 1
    with web(data_dir, len(channels)) as served:
        connection = Connection(served)
        try:
            return _ask_all(connection, served.pid, questions(len(channels), max(1, days)), rounds)
        finally:
            connection.close()


@contextmanager
def web(data_dir: Path, channels: int) -> Iterator[Served]:
    """The web service over the archive, without footage, and somebody who is signed in."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-api-") as folder:
        settings = {
            "DATA_DIR": data_dir.absolute(),
            "RECORD_DIR": folder,
            "WEB_PORT": port,
            "WEB_HOST": HOST,
            "RTSP_URL_TEMPLATE": "rtsp://192.0.2.1/{channel}",
            "NUM_CHANNELS": channels,
            "TZ": "Europe/Berlin",
            "user1": USER,
            "pass1": PASSWORD,
            "LOG_LEVEL": "ERROR",
        }
        env_file = Path(folder) / "settings.env"
        env_file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
        command = [sys.executable, "-m", "mini_nvr", "web", "--env-file", str(env_file)]
        process = subprocess.Popen(command, env={**ENVIRONMENT, **WEB_MALLOC}, stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: listens(port), 20, "the web service listens")
            yield Served(process.pid, port, {"Cookie": sign_in(port)})
        finally:
            end(process)


def _ask_all(connection: Connection, pid: int, asked: list[Question], rounds: int) -> Findings:
    """p95 of each question as a figure, all of it as a table."""
    figures, rows = [], []
    for question in asked:
        for _ in range(WARM_UP):
            connection.ask(question.path())
        before_s = cpu_seconds(pid)
        answers = [connection.ask(question.path()) for _ in range(rounds)]
        cpu_ms = (cpu_seconds(pid) - before_s) * 1000 / rounds
        assert all(answer.status == 200 for answer in answers), next(a.body for a in answers if a.status != 200)
        times = sorted(answer.ms for answer in answers)
        p95_ms = times[int(rounds * 0.95)]
        figures.append(Figure(question.key, f"{question.what}, p95", p95_ms, "ms", 1, question.target_ms))
        kilobytes = median(len(answer.body) for answer in answers) / 1000
        cells = (median(times), p95_ms, times[-1], cpu_ms, kilobytes)
        rows.append((question.what, *(f"{value:.1f}" for value in cells)))
    headings = ("ms", "median", "p95", "slowest", "processor time", "answer, kB")
    return Findings(figures, [Table(headings, tuple(rows))], f"{rounds} questions each, the web service a process of its own")


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.api", __doc__)
    arguments.add_argument("data_dir", type=Path, help="of a catalog that benchmarks.archive made")
    arguments.add_argument("--rounds", type=int, default=100)
    return run("api", arguments, lambda given: measure(given.data_dir, given.rounds), argv)


if __name__ == "__main__":
    sys.exit(main())
