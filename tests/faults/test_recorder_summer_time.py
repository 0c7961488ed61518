"""Summer time begins and ends under a recorder: names never collide, days are listed right, the time line has no seam."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import pytest

from mini_nvr.clock import US_PER_S, SystemClock, to_utc_us
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.playback.days import dates, day_bounds
from mini_nvr.segment.names import parse_segment_name
from tests.e2e.recorder_process import RecorderProcess, camera_settings
from tests.faults.layer import FaultyDisk
from tests.faults.long import WAIT_S, only_when_long

ZONE = "Europe/Berlin"
BEFORE_S = (15, 60, 300)  # a busy machine takes a while to start a recorder
HOUR_US = 3600 * US_PER_S


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        yield rig


class Berlin:
    """A recorder there, and a wall clock that the test sets."""

    def __init__(self, rig: DemoRig, layer: Path, folder: Path) -> None:
        self.disk = FaultyDisk(layer, folder / "nowhere", folder)
        settings = camera_settings(rig, 1, SEGMENT_DURATION="10", SYNC_INTERVAL="1", TZ=ZONE)
        self.recorder = RecorderProcess(folder / "nvr", settings, environment=self.disk.environment)

    def set_clock(self, moment: datetime) -> None:
        self.disk.step_clock(to_utc_us(moment) - SystemClock().utc_us())

    def start_before(self, change: datetime) -> None:
        """So shortly before that its first file still begins before the change."""
        for before_s in BEFORE_S:
            self.set_clock(datetime.fromtimestamp(change.timestamp() - before_s, UTC))
            self.recorder.start()
            self.wait_for_files(1)
            if self.starts_us()[0] < to_utc_us(change):
                return
            self.recorder.kill()
            for folder in (self.recorder.record_dir, self.recorder.data_dir):
                shutil.rmtree(folder)
        raise AssertionError("this machine is too slow")

    def wait_for_files(self, count: int) -> None:
        self.recorder.wait_until(lambda: len(self.recorder.files()) >= count, f"{count} files", WAIT_S)

    def starts_us(self) -> list[int]:
        """What the names say, in their order in the folder."""
        names = [parse_segment_name(PurePosixPath(path.relative_to(self.recorder.record_dir))) for path in self.recorder.files()]
        return [name.start_utc_us for name in names if name is not None]


@pytest.fixture
def berlin(rig: DemoRig, layer: Path, tmp_path: Path) -> Iterator[Berlin]:
    made = Berlin(rig, layer, tmp_path)
    yield made
    made.recorder.close()


@pytest.mark.parametrize(
    ("change", "before", "after", "hours"),
    [
        (datetime(2026, 10, 25, 1, tzinfo=UTC), ("0259", "+0200"), ("0200", "+0100"), 25),
        pytest.param(datetime(2027, 3, 28, 1, tzinfo=UTC), ("0159", "+0100"), ("0300", "+0200"), 23, marks=only_when_long),
    ],
    ids=["ends", "begins"],
)
def test_the_change_leaves_no_seam(
    berlin: Berlin, tmp_path: Path, change: datetime, before: tuple[str, str], after: tuple[str, str], hours: int
) -> None:
    change_us, recorder = to_utc_us(change), berlin.recorder
    berlin.start_before(change)
    recorder.wait_until(lambda: berlin.starts_us()[-1] > change_us, "a file that begins after the change", WAIT_S + max(BEFORE_S))
    assert recorder.stop() == 0, recorder.last_words()
    first, last = recorder.files()[0].name, recorder.files()[-1].name
    assert (first[:4], first[6:11]) == before
    assert (last[:4], last[6:11]) == after
    rows = recorder.segments(1)
    assert rows[0].start_utc_us < change_us < rows[-1].start_utc_us
    for earlier, later in zip(rows, rows[1:], strict=False):
        assert abs(later.start_utc_us - earlier.end_utc_us) < US_PER_S // 10
    day = date(change.year, change.month, change.day)
    start, end = day_bounds(day, ZoneInfo(ZONE))
    assert end - start == hours * HOUR_US
    with recorder.catalog() as catalog:
        assert dates(catalog, 1, ZoneInfo(ZONE)) == [day.isoformat()]
        assert catalog.segments(1, start, end) == rows
    recorder.check_catalog(tmp_path / "fresh")


def test_the_repeated_hour_never_overwrites_the_hour_before(berlin: Berlin, tmp_path: Path) -> None:
    """02:30 summer time, and an hour later, after a step of the clock in place of a long wait, 02:30 winter time."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    berlin.set_clock(first)
    berlin.recorder.start()
    berlin.wait_for_files(1)
    berlin.recorder.wait_until(lambda: bool(berlin.recorder.segments(1)), "a checkpoint")
    assert berlin.recorder.stop() == 0
    berlin.set_clock(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    berlin.recorder.start()
    berlin.wait_for_files(2)
    berlin.recorder.wait_until(lambda: len(berlin.recorder.segments(1)) == 2, "a checkpoint")
    assert berlin.recorder.stop() == 0
    names = [path.name for path in berlin.recorder.files()]
    assert [(name[:4], name[6:11]) for name in names] == [("0230", "+0200"), ("0230", "+0100")]
    earlier, later = berlin.starts_us()
    assert abs(later - earlier - HOUR_US) < 10 * US_PER_S
    berlin.recorder.check_catalog(tmp_path / "fresh")
