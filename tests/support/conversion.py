"""A converter over a recording folder of real files and a catalog, both on the disk; also a program, to be killed at a step.

python -m tests.support.conversion FOLDER STEP      converts what is in FOLDER and dies, without any goodbye, behind STEP
"""

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from mini_nvr.catalog.database import FILE_NAME
from mini_nvr.catalog.model import SegmentChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.clock import US_PER_S, Clock, SystemClock
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.segment.matroska import MatroskaWriter
from mini_nvr.segment.model import SegmentFacts, SegmentHeader
from mini_nvr.segment.volume import create_volume
from mini_nvr.storage.alarms import AlarmBoard
from mini_nvr.storage.converter import Converter
from mini_nvr.storage.converter_steps import Step
from mini_nvr.storage.rooms import RoomBook
from mini_nvr.storage.volume import NOTE
from tests.support.footage import cut_into_parts, video_clip
from tests.support.foreign_files import OLD

NOW_UTC_US = (OLD + 86_400) * US_PER_S


OWN = "ch1/2023-11-14/120000+0000.mkv"
OWN_START = 1_699_963_200_000_000


class Archive:
    """One recording folder, one data folder."""

    def __init__(self, folder: Path, **more: str) -> None:
        """more: settings."""
        self.record_dir = folder / "recordings"
        self.data_dir = folder / "data"
        self.record_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        (self.data_dir / NOTE).write_text(create_volume(self.record_dir))
        self.settings = _settings(self.record_dir, self.data_dir, more)
        if not (self.data_dir / FILE_NAME).exists():
            (self.data_dir / FILE_NAME).write_bytes(_empty_catalog())
        self.catalog = Catalog.open(self.data_dir)

    def put(self, path: str, facts: SegmentFacts) -> None:
        """The row of a file."""
        self.catalog.commit([SegmentChange(PurePosixPath(path), facts)])

    def files(self) -> list[str]:
        """What is in the recording folder, but its identity."""
        found = (path.relative_to(self.record_dir) for path in self.record_dir.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if not path.name.startswith("."))

    def converter(
        self, clock: Clock, on_step: Callable[[Step], None] = lambda step: None, *, alarms: AlarmBoard | None = None
    ) -> Converter:
        alarms = alarms or AlarmBoard(clock)
        return Converter(self.settings, clock, alarms, granting_rooms(), busy=lambda: False, on_step=on_step)


def record_own(archive: Archive, path: str = OWN, *, start_utc_us: int = OWN_START) -> Path:
    """A Matroska recording of ours, sealed, with its row."""
    header = SegmentHeader(1, "Yard", start_utc_us, "ab" * 16, 0, "arrival")
    clip = video_clip()
    writer = MatroskaWriter(archive.record_dir / path, header, [clip.format])
    for part in cut_into_parts([clip]):
        writer.append(part)
    archive.put(path, writer.seal())
    return archive.record_dir / path


def rows(archive: Archive) -> list[tuple[str, str]]:
    return [(str(row.path), row.state.value) for row in archive.catalog.segments()]


@cache
def _empty_catalog() -> bytes:
    """The file of a catalog of no footage; making one takes half a second."""
    with TemporaryDirectory() as folder:
        with Catalog.open(Path(folder)) as catalog:
            rescan(catalog, Path(folder))
        return (Path(folder) / FILE_NAME).read_bytes()


def granting_rooms() -> RoomBook:
    """Room for everything at once."""

    def grant_all() -> None:
        for reservation in book.wanted():
            reservation.grant()

    book = RoomBook(grant_all)
    return book


def _settings(record_dir: Path, data_dir: Path, more: Mapping[str, str]) -> Settings:
    return load(
        {
            "DVR_IP": "192.0.2.7",
            "DVR_USER": "viewer",
            "DVR_PASS": "c4n4ry",
            "NUM_CHANNELS": "2",
            "CHANNEL_1_NAME": "Yard",
            "RECORD_DIR": str(record_dir),
            "DATA_DIR": str(data_dir),
            "TZ": "UTC",
            "user1": "anna",
            "pass1": "c4n4ry horse battery",
            **more,
        }
    )


def main(folder: Path, deadly: str) -> None:
    def die(step: Step) -> None:
        if step == deadly:
            os._exit(9)

    Archive(folder).converter(SystemClock(), die).look()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
