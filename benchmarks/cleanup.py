"""What cleanup costs on the catalog of a big site (`benchmarks.archive`): a look that finds nothing to do, and deletions.

The files are holes of the right names; only those that are going to be deleted are made. The catalog is changed: use a copy.

    python -m benchmarks.archive /tmp/archive && python -m benchmarks.cleanup /tmp/archive
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.archive import END_UTC_US
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.usage import usage_per_channel
from mini_nvr.clock import SystemClock
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.segment.volume import create_volume
from mini_nvr.storage.alarms import AlarmBoard
from mini_nvr.storage.cleaner import MOST_A_BATCH, Cleaner
from mini_nvr.storage.rooms import RoomBook
from mini_nvr.storage.volume import NOTE

LOOKS = 20
DELETIONS = 512
_clock = SystemClock()


class ArchiveClock:
    """The time at which the archive ends; the monotonic clock is real."""

    def monotonic_ns(self) -> int:
        return _clock.monotonic_ns()

    def utc_us(self) -> int:
        return END_UTC_US

    async def sleep(self, seconds: float) -> None:
        await _clock.sleep(seconds)


def timed_ms(act: Callable[[], object]) -> float:
    before = _clock.monotonic_ns()
    act()
    return (_clock.monotonic_ns() - before) / 1e6


def measure(data_dir: Path, record_dir: Path, deletions: int = DELETIONS) -> dict[str, float]:
    """Milliseconds, by what was done."""
    (data_dir / NOTE).write_text(create_volume(record_dir) + "\n")
    with Catalog.open(data_dir) as catalog:
        with catalog.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM meta WHERE key = 'rescan_due'")
        usage = usage_per_channel(catalog)
        channels = len(usage)
        settings = _settings(data_dir, record_dir, channels)
        idle = _cleaner(settings, catalog)
        first = timed_ms(idle.look)
        looks = sorted(timed_ms(idle.look) for _ in range(LOOKS))
        doomed = _make_oldest_files(catalog, record_dir, channels, deletions)
        used = sum(one.size_bytes + 4096 * one.segments for one in usage)
        space = _cleaner(settings, catalog).plan_all()[1]
        tight = _with_limit(settings, used + space.ahead - doomed)
        cleaner = _cleaner(tight, catalog)
        batches = []
        while cleaner.tally.files < deletions:
            batches.append(timed_ms(cleaner.look))
        result = {
            "rows": sum(one.segments for one in usage),
            "channels": channels,
            "first look": first,
            "look with nothing to do (median)": median(looks),
            "look with nothing to do (slowest)": looks[-1],
            "a file deleted": sum(batches) / cleaner.tally.files,
            f"a batch of {MOST_A_BATCH} (slowest)": max(batches),
        }
    return {name: round(value, 3) for name, value in result.items()}


def _make_oldest_files(catalog: Catalog, record_dir: Path, channels: int, count: int) -> int:
    """Holes for the files that will go; how many bytes they stand for."""
    doomed = 0
    for channel in range(1, channels + 1):
        for _, row in zip(range(count // channels), catalog.deletable(channel), strict=False):
            (record_dir / row.path).parent.mkdir(parents=True, exist_ok=True)
            (record_dir / row.path).touch()
            doomed += row.size_bytes + 4096
    return doomed


def _with_limit(settings: Settings, limit: int) -> Settings:
    return replace(settings, max_storage_bytes=limit)


def _cleaner(settings: Settings, catalog: Catalog) -> Cleaner:
    clock = ArchiveClock()
    return Cleaner(settings, catalog, clock, alarms=AlarmBoard(clock), rooms=RoomBook())


def _settings(data_dir: Path, record_dir: Path, channels: int) -> Settings:
    return load(
        {
            "DATA_DIR": str(data_dir),
            "RECORD_DIR": str(record_dir),
            "RTSP_URL_TEMPLATE": "rtsp://camera/{channel}",
            "NUM_CHANNELS": str(channels),
            "MAX_STORAGE_GB": "1000000",
            "MIN_FREE_GB": "0",
            "TZ": "UTC",
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("data_dir", type=Path, help="made by benchmarks.archive; it is changed")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(arguments.data_dir, Path(folder))
    if arguments.json:
        json.dump(found, sys.stdout)
        return
    for name, value in found.items():
        print(f"{name:36} {value:g}" + ("" if name in {"rows", "channels"} else " ms"))


if __name__ == "__main__":
    main()
