"""How long playback's questions take on a large archive (`benchmarks/archive.py`), and stills and exports on real footage.

python -m benchmarks.archive /tmp/archive
python -m benchmarks.playback /tmp/archive
python -m benchmarks.playback --footage-only
"""

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from benchmarks.archive import DAY_US, END_UTC_US, last_day, warm
from benchmarks.exports import SEGMENT_S, START_UTC_US, record_hours
from benchmarks.findings import Figure, Findings, Table
from benchmarks.part import parser, run
from mini_nvr.catalog.playback_queries import playable_segments
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.usage import usage_per_channel
from mini_nvr.clock import US_PER_S, SystemClock
from mini_nvr.playback.days import dates, day_bounds
from mini_nvr.playback.export import plan
from mini_nvr.playback.playlist import playlist
from mini_nvr.playback.stills import StillMaker
from mini_nvr.playback.timeline import timelines

HOUR_US = 3_600 * US_PER_S
ZONE = ZoneInfo("Europe/Berlin")


class Timing(NamedTuple):
    """How long something takes. cpu_ms: the median of the processor time, which other load disturbs less; target_ms: for p95."""

    what: str
    median_ms: float
    p95_ms: float
    cpu_ms: float
    target_ms: float


def measure(what: str, target_ms: float, rounds: int, work: Callable[[], object]) -> Timing:
    """Of `rounds` runs of `work`, after some to warm up."""
    clock = SystemClock()
    for _ in range(3):
        work()
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = clock.monotonic_ns(), time.thread_time_ns()
        work()
        walls.append((clock.monotonic_ns() - wall) / 1e6)
        cpus.append((time.thread_time_ns() - cpu) / 1e6)
    return Timing(what, median(walls), sorted(walls)[int(rounds * 0.95)], median(cpus), target_ms)


def measure_catalog(catalog: Catalog, rounds: int) -> list[Timing]:
    """The questions that the web service asks of the catalog."""
    channels = [channel.number for channel in catalog.channels()]
    choose = random.Random(1)  # noqa: S311  which channel and day, not a secret

    def some_day() -> tuple[int, int]:
        return day_bounds(last_day() - timedelta(days=choose.randrange(20)), ZONE)

    def days_of_sixteen() -> None:
        some = choose.sample(channels, min(16, len(channels)))
        timelines(catalog, some, some_day(), now_utc_us=END_UTC_US, resolution_us=300 * US_PER_S)

    def recordings() -> None:
        playable_segments(catalog, choose.choice(channels), *some_day())

    def hour() -> None:
        start = END_UTC_US - DAY_US * choose.randrange(1, 20)
        playlist(catalog, choose.choice(channels), start, start + HOUR_US, now_utc_us=END_UTC_US, uri=_uri)

    def live() -> None:
        playlist(catalog, choose.choice(channels), END_UTC_US - HOUR_US, None, now_utc_us=END_UTC_US, uri=_uri)

    return [
        measure("dates of a channel", 30, rounds, lambda: dates(catalog, choose.choice(channels), ZONE)),
        measure("dates of all channels", 30, rounds, lambda: dates(catalog, None, ZONE)),
        measure("a day's time line of 16 channels", 30, rounds, days_of_sixteen),
        measure("an hour's time line of a channel", 30, rounds, lambda: _hour_line(catalog, choose.choice(channels))),
        measure("recordings of a day", 20, rounds, recordings),
        measure("playlist of an hour", 20, rounds, hour),
        measure("growing playlist, an hour old", 20, rounds, live),
        measure("storage of all channels", 10, rounds, lambda: usage_per_channel(catalog)),
    ]


def measure_footage(folder: Path, rounds: int) -> tuple[list[Timing], list[Figure]]:
    """Stills, and exports up to their first bytes and to their end."""
    catalog, record_dir = record_hours(folder, 24)
    choose = random.Random(1)  # noqa: S311  which instant, not a secret
    cold = StillMaker(catalog, record_dir, folder / "none", 0)
    warm = StillMaker(catalog, record_dir, folder / "stills", 1 << 28)

    def instant() -> int:
        return START_UTC_US + choose.randrange(86_400 * US_PER_S)

    def first_bytes(hours: int) -> None:
        start = START_UTC_US + choose.randrange(SEGMENT_S * US_PER_S)
        of = plan(catalog, record_dir, 1, start, start + hours * HOUR_US)
        next(of.read())

    figures = [
        measure("still of 320 pixels, cold", 25, rounds, lambda: cold.still(1, instant(), 320)),
        measure("still of 1920 pixels, cold", 25, rounds, lambda: cold.still(1, instant())),
        measure("still, cached", 3, rounds, lambda: warm.still(1, START_UTC_US, 320)),
        measure("export of an hour, first bytes", 50, rounds, lambda: first_bytes(1)),
        measure("export of 23 hours, first bytes", 5_000, 3, lambda: first_bytes(23)),
    ]
    rates = throughput(catalog, record_dir)
    catalog.close()
    return figures, rates


def throughput(catalog: Catalog, record_dir: Path) -> list[Figure]:
    """Everything of an hour, read in order from the page cache and thrown away; and what that and the plan take in memory."""
    clock = SystemClock()
    of = plan(catalog, record_dir, 1, START_UTC_US + US_PER_S, START_UTC_US + HOUR_US)
    before = clock.monotonic_ns()
    read = sum(map(len, of.read()))
    seconds = (clock.monotonic_ns() - before) / 1e9
    assert read == of.size_bytes
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [
        Figure("export", "export of an hour, read from the page cache", read / 1e9 / seconds, "GB/s", 2),
        Figure("peak", "most memory of the benchmark's process so far", peak_kb * 1024 / 1e6, "MB", 0),
    ]


def _hour_line(catalog: Catalog, channel: int) -> None:
    timelines(catalog, [channel], (END_UTC_US - HOUR_US, END_UTC_US), now_utc_us=END_UTC_US)


def _uri(segment_id: int) -> str:
    return f"/api/segments/{segment_id}.mp4"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.playback", __doc__)
    arguments.add_argument("data_dir", type=Path, nargs="?")
    arguments.add_argument("--rounds", type=int, default=100)
    arguments.add_argument("--footage-only", action="store_true")
    return run("playback", arguments, measure_all, argv)


def measure_all(arguments: argparse.Namespace) -> Findings:
    timings: list[Timing] = []
    if arguments.data_dir is not None and not arguments.footage_only:
        warm(arguments.data_dir)
        with Catalog.open(arguments.data_dir) as catalog:
            timings += measure_catalog(catalog, arguments.rounds)
    with tempfile.TemporaryDirectory() as folder:
        of_footage, rates = measure_footage(Path(folder), arguments.rounds)
    timings += of_footage
    figures = [Figure(one.what, f"{one.what}, p95", one.p95_ms, "ms", 1, one.target_ms) for one in timings]
    rows = tuple((one.what, f"{one.median_ms:.1f}", f"{one.p95_ms:.1f}", f"{one.cpu_ms:.1f}") for one in timings)
    table = Table(("ms", "median", "p95", "processor time"), rows)
    return Findings([*figures, *rates], [table], f"{arguments.rounds} rounds each")


if __name__ == "__main__":
    sys.exit(main())
