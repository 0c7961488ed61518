"""What the storage service does to a disk, on clocks that stand: a program for the layer, one run a line on stdin, each a fork.

    <one of `ACTIONS`> <folder>      with its `recordings` and `data`

The end of each run is told on stdout: `ended <wait status>`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from mini_nvr.catalog.repository import Catalog
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.storage.alarms import AlarmBoard
from mini_nvr.storage.cleaner import Cleaner
from mini_nvr.storage.converter import Converter
from mini_nvr.storage.deleter import Deleter
from mini_nvr.storage.policy import Deletion
from mini_nvr.storage.rooms import RoomBook
from mini_nvr.storage.unlink import first_day_in_use, remove_empty_day
from tests.faults.stepped_recorder import Place
from tests.support.clock import FakeClock
from tests.support.conversion import NOW_UTC_US, granting_rooms

DELETED_BEFORE_US: Final = NOW_UTC_US - 86_400_000_000
"""Footage that ended before this is a day old; clean-up and the user who deletes are agreed on it."""


def place_in(folder: Path) -> Place:
    return Place(folder / "recordings", folder / "data")


def clean_up(folder: Path, retention: str = "1") -> None:
    """One look of clean-up with footage kept for a day; "" for ever."""
    place, clock = place_in(folder), FakeClock(NOW_UTC_US)
    with Catalog.open(place.data_dir) as catalog:
        settings = _settings(place, {"RETENTION_DAYS": retention} if retention else {})
        Cleaner(settings, catalog, clock, alarms=AlarmBoard(clock), rooms=RoomBook()).look()


def delete(folder: Path) -> None:
    """A range, as the API deletes it, with a file in it that is protected at the last moment."""
    place = place_in(folder)
    with Catalog.open(place.data_dir) as catalog:
        rows = catalog.segments(end_utc_us=DELETED_BEFORE_US)
        outcome = Deleter(catalog, place.record_dir, asked="by a user").delete([Deletion(row, None) for row in rows])
        today = first_day_in_use(NOW_UTC_US, _settings(place).zone)
        for day in sorted({deletion.segment.path.parent for deletion in outcome.deleted}):
            remove_empty_day(place.record_dir, day, today)


def convert(folder: Path) -> None:
    """One look of the converter."""
    place, clock = place_in(folder), FakeClock(NOW_UTC_US)
    Converter(_settings(place), clock, AlarmBoard(clock), granting_rooms(), busy=lambda: False).look()


ACTIONS: Final[Mapping[str, Callable[[Path], None]]] = {"clean-up": clean_up, "delete": delete, "convert": convert}


def _settings(place: Place, more: Mapping[str, str] | None = None) -> Settings:
    return load(
        {
            "RECORD_DIR": str(place.record_dir),
            "DATA_DIR": str(place.data_dir),
            "RTSP_URL_TEMPLATE": "rtsp://camera/{channel}",
            "NUM_CHANNELS": "1",
            "CHANNEL_1_NAME": "Yard",
            "TZ": "UTC",
            **(more or {}),
        }
    )


def main() -> None:
    for line in sys.stdin:
        what, folder = line.split(maxsplit=1)
        child = os.fork()
        if child == 0:
            ACTIONS[what](Path(folder.strip()))
            os._exit(0)
        sys.stdout.write(f"ended {os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
