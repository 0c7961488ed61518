"""A synthetic catalog as large as that of a big site: 64 channels, a year, a file every five minutes make 6.7 million rows.

Rows are made inside SQLite, in the order in which a recorder would have committed them (all channels, then the next five minutes),
so that pages are laid out as they would be. Each channel loses a file a day, with a gap in its place. Key-frame indexes, a kilobyte
each, are made for the newest days only. No footage exists.

    python -m benchmarks.archive /tmp/archive --channels 64 --days 365
"""

import argparse
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from mini_nvr.catalog.database import FILE_NAME
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import US_PER_S, SystemClock
from mini_nvr.segment.index import encode_index
from mini_nvr.segment.model import IndexEntry

SEGMENT_US = 300 * US_PER_S
SEGMENTS_A_DAY = 288
DAY_US = SEGMENTS_A_DAY * SEGMENT_US
END_UTC_US = 20_545 * DAY_US  # 2026-04-02T00:00:00Z, when the last file ends
LOST = 100  # which file of each day is missing
GOP_90K = 180_000
GOP_BYTES = 1_000_000
_WARM_BYTES = 8 << 20

_SEGMENTS = """
WITH RECURSIVE slot(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM slot WHERE n + 1 < :end),
channel(c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM channel WHERE c < :channels)
INSERT INTO segments (channel, start_utc_us, duration_us, size_bytes, state, run_id, number, path, container, video_frames,
    video_codec, width, height, frame_rate, init_offset, init_size_bytes, time_source)
SELECT c, :start + n * :step, :step, 140000000 + (n * 7919 + c * 104729) % 20000000, 'sealed',
    printf('%016x%016x', c, (n - 101 + 288) / 288), (n - 101 + 288) % 288,
    'ch' || c || strftime('/%Y-%m-%d/%H%M%S', (:start + n * :step) / 1000000, 'unixepoch') || '+0000.mp4',
    'mp4', 7500, 'avc1.640028', 1920, 1080, '25', 44, 900, 'arrival'
FROM slot CROSS JOIN channel WHERE n % 288 <> :lost
"""
_GAPS = """
WITH RECURSIVE day(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM day WHERE d + 1 < :days)
INSERT INTO gaps (channel, start_utc_us, end_utc_us, cause)
SELECT number, :start + (d * 288 + :lost) * :step, :start + (d * 288 + :lost + 1) * :step, 'camera offline' FROM channels, day
"""
_COUNTS = """
INSERT OR REPLACE INTO footage_days SELECT channel, start_utc_us / 86400000000, count(*), sum(size_bytes), sum(duration_us)
FROM segments GROUP BY 1, 2
"""


def warm(data_dir: Path) -> None:
    """Read the whole catalog once. What is asked of it is measured with its pages in memory, and a kernel that takes back what
    nobody used for minutes has some of them no longer by the time that an earlier part has ended."""
    with (data_dir / FILE_NAME).open("rb", buffering=0) as file:
        while file.read(_WARM_BYTES):
            pass


def build(data_dir: Path, channels: int, days: int, index_days: int) -> int:
    """Make the catalog in `data_dir`, which must have none; returns the number of rows."""
    with Catalog.open(data_dir) as catalog:
        catalog.register_channels([(number, f"Camera {number}") for number in range(1, channels + 1)], END_UTC_US - days * DAY_US)
        path = catalog.database.path
    values = {"start": END_UTC_US - days * DAY_US, "step": SEGMENT_US, "channels": channels, "lost": LOST, "days": days}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            connection.execute(f"PRAGMA {pragma}")
        with _without_indexes(connection):
            for day in range(days):
                slots = {"first": day * SEGMENTS_A_DAY, "end": (day + 1) * SEGMENTS_A_DAY}
                connection.execute(_SEGMENTS, values | slots)
        connection.execute(_GAPS, values)
        connection.execute(_COUNTS)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('longest_segment_us', ?)", (str(SEGMENT_US),))
        connection.execute(
            "INSERT INTO segment_indexes SELECT id, ? FROM segments WHERE start_utc_us >= ? ORDER BY id",
            (encode_index(key_frames()), END_UTC_US - index_days * DAY_US),
        )
        connection.execute("PRAGMA journal_mode = WAL")
        (count,) = connection.execute("SELECT count(*) FROM segments").fetchone()
    return int(count)


def key_frames() -> Sequence[IndexEntry]:
    """Five minutes with a key frame every two seconds, of sizes that vary as those of a scene with some life."""
    entries: list[IndexEntry] = []
    offset = 944
    for number in range(SEGMENT_US // (2 * US_PER_S)):
        size = GOP_BYTES - 50_000 + number * 7_919 % 100_000
        entries.append(IndexEntry(number * GOP_90K, GOP_90K, offset, size, offset + 400, 90_000 + number * 613 % 9_000))
        offset += size + number % 5 * 8
    return entries


@contextmanager
def _without_indexes(connection: sqlite3.Connection) -> Iterator[None]:
    """Indexes and triggers of `segments` are made anew behind the rows: quicker than keeping them up to date."""
    query = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'segments' AND type <> 'table' AND sql IS NOT NULL"
    kept = connection.execute(query).fetchall()
    for kind, name, _ in kept:
        connection.execute(f"DROP {kind} {name}")
    connection.execute("BEGIN")
    yield
    connection.execute("COMMIT")
    for _, _, sql in kept:
        connection.execute(sql)


def last_day() -> date:
    """The last whole day of the archive, in UTC."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + END_UTC_US // DAY_US - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--index-days", type=int, default=30)
    arguments = parser.parse_args()
    clock = SystemClock()
    before = clock.monotonic_ns()
    rows = build(arguments.data_dir, arguments.channels, arguments.days, arguments.index_days)
    size = (arguments.data_dir / "catalog.db").stat().st_size
    print(f"{rows} rows, {size / 1e9:.2f} GB, {(clock.monotonic_ns() - before) / 1e9:.0f} s")


if __name__ == "__main__":
    main()
