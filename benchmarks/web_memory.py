"""What the web process takes in memory while large answers are read from it, and how long pictures of 1080p take over HTTP.

    python -m benchmarks.web_memory

A week of footage (4 Mbit/s, files of five minutes, all links to one) is exported by the hour, the day and the week. The process is
asked for its proportional set size 50 times a second while a client reads; of a long export the index and 200 MB more are read.
Its growth is counted from what it takes once each kind of request was answered.
"""

import http.client
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

from benchmarks.downloads import HOUR_MS, Served, web
from benchmarks.exports import START_UTC_US, record_hours
from benchmarks.findings import Figure, Findings, Table
from benchmarks.part import parser, run
from benchmarks.process_cost import memory_bytes

HOURS = 168
START_MS = START_UTC_US // 1000
BEHIND_THE_INDEX_BYTES = 200_000_000
SAMPLE_S = 0.02
TARGET_MB = 25
ROUNDS = 40


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.web_memory", __doc__)
    arguments.add_argument("--hours", type=int, default=HOURS, help="of footage (default: a week)")
    return run("web_memory", arguments, lambda given: measure(given.hours), argv)


def measure(hours: int) -> Findings:
    figures, rows = list[Figure](), list[tuple[str, ...]]()
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as folder:
        catalog, _ = record_hours(Path(folder), hours)
        row = catalog.segments(1)[0]
        catalog.close()
        with web(Path(folder)) as served:
            file = f"/api/segments/{row.id}.mp4"
            for path in (file, export(1), still(START_MS, 1920)):
                read(served.port, path, served.headers, 1 << 62)
            idle = memory_bytes(served.pid)
            figures.append(Figure("idle", "the web process at rest", idle / 1e6, "MB", 0))
            exports = [(f"an export of {some} hours", export(some), 1) for some in (1, 24, HOURS) if some <= hours]
            for what, path, times in [("a file of five minutes, 10 times", file, 10), *exports]:
                answer = watched(served, path, times)
                grown = (answer.peak_bytes - idle) / 1e6
                figures.append(Figure(what, f"{what}: memory above rest", grown, "MB", 1, TARGET_MB))
                rows.append((what, f"{grown:.1f}", f"{answer.first_s * 1000:,.0f}", f"{answer.index_bytes / 1e6:.1f}"))
            figures += stills(served.port, served.headers, hours)
    return Findings(figures, [Table(("", "memory above rest, MB", "first byte, ms", "index, MB"), tuple(rows))])


class Answer(NamedTuple):
    """The most memory of the process during an answer, when its first byte came, and how much stood before the footage."""

    peak_bytes: int
    first_s: float
    index_bytes: int


def export(hours: int) -> str:
    return f"/api/channel/1/export.mp4?start={START_MS}&end={START_MS + hours * HOUR_MS}"


def still(at_ms: int, width: int) -> str:
    return f"/api/channel/1/frame.jpg?at={at_ms}&width={width}"


def watched(served: Served, path: str, times: int) -> Answer:
    """Read an answer so often while the process's memory is watched; the times of the last."""
    with peak_of(served.pid) as peak:
        for _ in range(times):
            first_s, index_bytes = read(served.port, path, served.headers, BEHIND_THE_INDEX_BYTES)
    return Answer(peak.bytes, first_s, index_bytes)


def read(port: int, path: str, headers: dict[str, str], behind: int) -> tuple[float, int]:
    """(seconds to the first byte, bytes before the footage) of an answer, of which `behind` bytes more than its index are read."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    head = answer.read(64)
    first_s = time.perf_counter() - began
    moov = int.from_bytes(head[28:32], "big") if head[32:36] == b"moov" else 0
    left = moov + behind
    while left > 0 and (chunk := answer.read(min(1 << 20, left))):
        left -= len(chunk)
    connection.close()
    return first_s, moov


@contextmanager
def peak_of(pid: int) -> Iterator[SimpleNamespace]:
    """The most memory that a process takes while the block runs."""
    peak, over = SimpleNamespace(bytes=0), threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            peak.bytes = max(peak.bytes, memory_bytes(pid))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield peak
    finally:
        over.set()
        watching.join()


def stills(port: int, headers: dict[str, str], hours: int) -> Iterator[Figure]:
    """Pictures of 1920 pixels: each of another GOP, then one again and again."""
    choose = random.Random(1)  # noqa: S311  which instant, not a secret
    times = [START_MS + choose.randrange(hours * HOUR_MS) for _ in range(ROUNDS)]
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for what, instants, target_ms in [("cold", times, 25), ("cached", times[:1] * ROUNDS, 3)]:
        took = []
        for at in instants:
            began = time.perf_counter()
            connection.request("GET", still(at, 1920), headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            took.append((time.perf_counter() - began) * 1000)
            assert (answer.status, body[:2]) == (200, b"\xff\xd8")
        took.sort()
        yield Figure(
            f"still_{what}", f"a still of 1920 pixels over HTTP, {what}, p95", took[int(len(took) * 0.95)], "ms", 1, target_ms
        )
    connection.close()


if __name__ == "__main__":
    sys.exit(main())
