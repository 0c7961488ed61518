"""How long a still of the past takes over HTTP, the check of the session included: decoded, and kept from an earlier question.

    python -m benchmarks.stills

Two hours of 1080p25 at 4 Mbit/s, the files in the page cache; the web service is a process of its own, and the client a bare socket
that asks one question at a time. Every question for a cold still is for another key frame.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.connection import Connection
from benchmarks.downloads import web
from benchmarks.exports import GOP_FRAMES, RATE, SEGMENT_S, START_UTC_US, record_hours
from benchmarks.findings import Figure, Findings, Table
from benchmarks.part import parser, run
from benchmarks.process_cost import cpu_seconds

HOURS = 2
WARM_UP = 5
COLD_MS, CACHED_MS = 25, 3
_START_MS = START_UTC_US // 1000
_GOP_MS = GOP_FRAMES * 1000 // RATE


class Kind(NamedTuple):
    """Stills of one kind. at_ms: the instant of the n-th question, from the beginning of the footage."""

    key: str
    what: str
    width: str
    at_ms: Callable[[int], int]
    target_ms: float


def every_other_key_frame(number: int) -> int:
    return number * 2 * _GOP_MS


def one_of_few(number: int) -> int:
    """Of as many as a preview under the pointer goes over and over."""
    return number % 50 * SEGMENT_S * 10


KINDS = (
    Kind("narrow", "320 pixels, cold", "&width=320", every_other_key_frame, COLD_MS),
    Kind("wide", "1920 pixels, cold", "", every_other_key_frame, COLD_MS),
    Kind("cached", "320 pixels, cached", "&width=320", one_of_few, CACHED_MS),
)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.stills", __doc__)
    arguments.add_argument("--rounds", type=int, default=200)
    return run("stills", arguments, lambda given: measure(given.rounds), argv)


def measure(rounds: int) -> Findings:
    with tempfile.TemporaryDirectory(prefix="bench-stills-") as folder:
        root = Path(folder)
        catalog, _ = record_hours(root, HOURS)
        catalog.close()
        with web(root) as served:
            connection = Connection(served)
            try:
                rows = [(kind, *ask(connection, served.pid, kind, rounds)) for kind in KINDS]
            finally:
                connection.close()
    figures = [Figure(kind.key, f"still of {kind.what}, p95", p95(times), "ms", 1, kind.target_ms) for kind, times, _ in rows]
    cells = [(kind.what, *(f"{ms:.1f}" for ms in (median(times), p95(times), times[-1], cpu_ms))) for kind, times, cpu_ms in rows]
    table = Table(("ms", "median", "p95", "slowest", "processor time"), tuple(cells))
    return Findings(figures, [table], f"{rounds} questions each, the web service a process of its own")


def ask(connection: Connection, pid: int, kind: Kind, rounds: int) -> tuple[list[float], float]:
    """Milliseconds of each answer, sorted, and the service's processor time for one."""

    def once(number: int) -> float:
        answer = connection.ask(f"/api/channel/1/frame.jpg?at={_START_MS + kind.at_ms(number)}{kind.width}")
        assert answer.status == 200, answer.body
        return answer.ms

    for number in range(rounds, rounds + max(WARM_UP, 50 * (kind.key == "cached"))):
        once(number)
    before_s = cpu_seconds(pid)
    times = sorted(once(number) for number in range(rounds))
    return times, (cpu_seconds(pid) - before_s) * 1000 / rounds


def p95(times: Sequence[float]) -> float:
    """Of a sorted list."""
    return times[int(len(times) * 0.95)]


if __name__ == "__main__":
    sys.exit(main())
