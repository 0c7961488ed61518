"""A recording folder whose files are holes of the right size, its catalog, and cleanup over both in a time that tests drive."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.volume import create_volume
from mini_nvr.storage.age_clock import AgeClock
from mini_nvr.storage.alarms import Alarm, AlarmBoard
from mini_nvr.storage.cleaner import Cleaner
from mini_nvr.storage.deleter import Outcome, Step
from mini_nvr.storage.policy import Deletion
from mini_nvr.storage.rooms import RoomBook
from mini_nvr.storage.volume import NOTE
from tests.support.catalog import FIVE_MINUTES, T0, change, facts, path_of
from tests.support.clock import FakeClock

MB = 1 << 20
SEGMENT_BYTES = 10 * MB


class KeptFootage:
    """`put` makes a file and its row; `cleaner` makes one with limits. The clock begins where the footage does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.record_dir = root / "recordings"
        self.data_dir = root / "data"
        volume_id = create_volume(self.record_dir)
        (self.data_dir / NOTE).write_text(volume_id + "\n")
        self.catalog = Catalog.open(self.data_dir)
        with self.catalog.database.write() as connection:  # the recorder has read the empty folder
            connection.exec_driver_sql("DELETE FROM meta WHERE key = 'rescan_due'")
        self.clock = FakeClock(T0)
        self.deleted: list[Deletion] = []
        self.told: list[tuple[Alarm, bool]] = []
        self.alarms = AlarmBoard(self.clock, lambda alarm, over: self.told.append((alarm, over)))
        self.rooms = RoomBook()

    def put(self, number: int, channel: int = 1, size_bytes: int = SEGMENT_BYTES, *, sealed: bool = True) -> SegmentRow:
        """The `number`th five minutes of a channel."""
        of = facts(T0 + number * FIVE_MINUTES, channel=channel, run=channel, number=number, size_bytes=size_bytes, sealed=sealed)
        self.catalog.commit([change(of)])
        self.write(of)
        row = self.catalog.segment_at(path_of(of))
        assert row is not None
        return row

    def fill(self, files: int, channels: int = 1, size_bytes: int = SEGMENT_BYTES) -> list[SegmentRow]:
        """So many files of each channel, side by side."""
        return [self.put(number, channel, size_bytes) for number in range(files) for channel in range(1, channels + 1)]

    def write(self, of: SegmentFacts, size_bytes: int | None = None) -> Path:
        """A file alone, as long as the catalog says or as given."""
        path = self.path(path_of(of))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.truncate(of.size_bytes if size_bytes is None else size_bytes)
        return path

    def path(self, path: PurePosixPath) -> Path:
        return self.record_dir / path

    def files(self) -> list[str]:
        """What is on the disk, by path."""
        return sorted(str(path.relative_to(self.record_dir)) for path in self.record_dir.glob("ch*/*/*"))

    def used(self) -> int:
        return sum((self.record_dir / path).stat().st_size for path in self.files())

    def settings(self, values: Mapping[str, str], channels: int = 1) -> Settings:
        return load(
            {
                "RECORD_DIR": str(self.record_dir),
                "DATA_DIR": str(self.data_dir),
                "RTSP_URL_TEMPLATE": "rtsp://camera/{channel}",
                "NUM_CHANNELS": str(channels),
                "TZ": "UTC",
                **values,
            }
        )

    def cleaner(
        self,
        values: Mapping[str, str],
        channels: int = 1,
        on_step: Step = lambda step: None,
        age_clock: AgeClock | None = None,
    ) -> Cleaner:
        return Cleaner(
            self.settings(values, channels),
            self.catalog,
            self.clock,
            alarms=self.alarms,
            rooms=self.rooms,
            age_clock=age_clock,
            told=self._note,
            on_step=on_step,
        )

    def _note(self, outcome: Outcome) -> None:
        self.deleted += outcome.deleted


def gb(size_bytes: int) -> str:
    """A size as settings take it, to the byte."""
    return f"{size_bytes / (1 << 30):.9f}"
