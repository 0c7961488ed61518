"""Cleanup over real files and a real catalog, in a time that the test drives."""

import errno
import os
import shutil
from collections.abc import Callable
from typing import NamedTuple

import pytest

from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.recovery import repair
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import CatalogError, GapCause
from mini_nvr.segment.volume import IDENTITY_FILE
from mini_nvr.storage.alarms import AlarmKind
from mini_nvr.storage.cleaner import MOST_A_BATCH, RETRY_S
from mini_nvr.storage.policy import Reason
from tests.support.catalog import DAY, FIVE_MINUTES, MINUTE, T0, FakeFolder, facts, path_of
from tests.support.kept_footage import MB, SEGMENT_BYTES, KeptFootage, gb

LARGE_INTERVAL = {"CLEANUP_INTERVAL": "3600"}


def numbers(kept: KeptFootage) -> list[int]:
    """Which files of channel 1 are left."""
    return [row.number for row in kept.catalog.segments(1)]


def limit_for(kept: KeptFootage, files: int, channels: int = 1) -> dict[str, str]:
    """A limit that so many files stay below together with the room that is kept ahead of them."""
    ahead = 1.5 * 30 * SEGMENT_BYTES / 300 + 300 * 1024
    return {"MAX_STORAGE_GB": gb(int(files * (SEGMENT_BYTES + 4096) + channels * ahead) + 4096)} | LARGE_INTERVAL


def test_the_oldest_goes_and_its_time_is_a_gap(kept: KeptFootage) -> None:
    kept.fill(6)
    cleaner = kept.cleaner(limit_for(kept, 4))
    cleaner.look()
    assert numbers(kept) == [2, 3, 4, 5]
    assert kept.files() == [str(row.path) for row in kept.catalog.segments(1)]
    (gap,) = kept.catalog.gaps(1)
    assert (gap.start_utc_us, gap.end_utc_us) == (T0, T0 + 2 * FIVE_MINUTES)
    assert (gap.cause, gap.detail) == (GapCause.DELETED, "limit of all footage")
    assert [(one.segment.number, one.reason) for one in kept.deleted] == [(0, Reason.STORAGE_LIMIT), (1, Reason.STORAGE_LIMIT)]
    cleaner.look()
    assert numbers(kept) == [2, 3, 4, 5]
    assert not kept.told


def test_one_line_is_logged_for_many_files(kept: KeptFootage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    kept.fill(40)
    cleaner = kept.cleaner(limit_for(kept, 3))
    while cleaner.look() < 1:
        kept.clock.advance(1)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["deleted 37 files, 370.0 MB (ch1): 37 for the limit of all footage"]
    assert (cleaner.tally.files, cleaner.tally.size_bytes) == (37, 37 * SEGMENT_BYTES)


def test_few_files_go_at_a_time_without_rest_above_the_limit_and_with_rest_below(kept: KeptFootage) -> None:
    kept.fill(2 * MOST_A_BATCH + 10)
    cleaner = kept.cleaner(limit_for(kept, 5))
    assert cleaner.look() == 0.0
    assert len(kept.deleted) == MOST_A_BATCH
    by_age = kept.cleaner({"RETENTION_DAYS": "1"})
    kept.clock.advance(2 * 86_400)
    assert by_age.look() <= 1.0
    assert len(kept.deleted) == 2 * MOST_A_BATCH
    assert by_age.look() == 60
    assert kept.files() == []


def test_footage_that_is_too_old_goes_by_the_interval(kept: KeptFootage) -> None:
    kept.fill(3)
    cleaner = kept.cleaner({"RETENTION_DAYS": "1", "CLEANUP_INTERVAL": "600"})
    kept.clock.advance((DAY + FIVE_MINUTES) / US_PER_S - 1)
    assert cleaner.look() == 600
    assert numbers(kept) == [0, 1, 2]
    kept.clock.advance(600)
    cleaner.look()
    assert numbers(kept) == [2]
    assert kept.catalog.gaps(1)[0].detail == "older than its retention"


def test_a_channel_s_own_limits(kept: KeptFootage) -> None:
    kept.fill(4, channels=3)
    ahead = 1.5 * 30 * SEGMENT_BYTES / 300 + 300 * 1024
    own = gb(int(2 * (SEGMENT_BYTES + 4096) + ahead) + 4096)
    cleaner = kept.cleaner({"CHANNEL_2_MAX_GB": own, "CHANNEL_3_RETENTION_DAYS": "1"}, channels=3)
    kept.clock.advance((DAY + FIVE_MINUTES) / US_PER_S)
    cleaner.look()
    left = {channel: [row.number for row in kept.catalog.segments(channel)] for channel in (1, 2, 3)}
    assert left == {1: [0, 1, 2, 3], 2: [2, 3], 3: [1, 2, 3]}


def test_space_is_kept_free(kept: KeptFootage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others take of the volume makes room for itself."""
    kept.fill(5)
    total = 1 << 30
    others = total - 100 * MB

    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(total, others + kept.used(), total - others - kept.used()))
    cleaner = kept.cleaner({"MIN_FREE_GB": gb(60 * MB), "CLEANUP_INTERVAL": "3600"})
    wait_s = cleaner.look()
    assert wait_s <= 2
    assert total - others - kept.used() >= 60 * MB
    assert len(kept.files()) == 3
    assert kept.catalog.gaps(1)[0].detail == "space to be kept free"
    others += 25 * MB
    cleaner.look()
    assert len(kept.files()) == 1


def test_growing_files_count_with_what_they_have_on_the_disk(kept: KeptFootage) -> None:
    """The catalog knows of a growing file what was synced, and of a fresh one nothing."""
    kept.fill(4)
    growing = kept.put(4, size_bytes=MB, sealed=False)
    with kept.path(growing.path).open("ab") as file:
        file.truncate(2 * SEGMENT_BYTES)
    kept.write(facts(T0 + 6 * FIVE_MINUTES, channel=2), 2 * SEGMENT_BYTES)
    assert kept.used() == 80 * MB
    kept.cleaner({"MAX_STORAGE_GB": gb(93 * MB)}, channels=2).look()  # 16 MB are kept ahead of the unknown channel 2
    assert numbers(kept) == [1, 2, 3, 4]


def test_protected_footage_alone_above_the_limit_is_an_alarm_and_no_deletion(kept: KeptFootage) -> None:
    rows = kept.fill(5)
    kept.catalog.protect([row.id for row in rows], protected=True)
    cleaner = kept.cleaner(limit_for(kept, 2))
    for _ in range(3):
        cleaner.look()
    assert len(kept.files()) == 5
    ((alarm, over),) = kept.told
    assert (alarm.kind, over) == (AlarmKind.PROTECTED_FILLS_LIMIT, False)
    assert "end the protection" in alarm.message
    assert "50.0 MB" in alarm.message
    kept.catalog.protect([row.id for row in rows[:4]], protected=False)
    cleaner.look()
    cleaner.look()
    assert [over for _, over in kept.told] == [False, True]
    assert len(kept.files()) == 2


def test_a_limit_below_what_grows_is_an_alarm(kept: KeptFootage) -> None:
    kept.put(0, sealed=False)
    kept.cleaner({"MAX_STORAGE_GB": gb(MB)}).look()
    assert [alarm.kind for alarm in kept.alarms.current()] == [AlarmKind.LIMIT_UNREACHABLE]


def test_a_limit_above_the_volume_is_an_alarm(kept: KeptFootage) -> None:
    kept.cleaner({"MAX_STORAGE_GB": "1000000"}).look()
    ((alarm, _),) = kept.told
    assert alarm.kind is AlarmKind.LIMIT_ABOVE_VOLUME
    assert "MIN_FREE_GB" in alarm.message


class TestTheVolume:
    def test_nothing_goes_from_another_volume(self, kept: KeptFootage) -> None:
        kept.fill(5)
        (kept.record_dir / IDENTITY_FILE).write_text('{"volume_id": "00000000-0000-0000-0000-000000000000"}')
        cleaner = kept.cleaner(limit_for(kept, 1))
        assert cleaner.look() == RETRY_S
        assert len(kept.files()) == 5
        assert numbers(kept) == [0, 1, 2, 3, 4]
        assert [alarm.kind for alarm in kept.alarms.current()] == [AlarmKind.VOLUME]

    def test_a_missing_mount_costs_no_row_and_the_alarm_ends_with_it(self, kept: KeptFootage) -> None:
        kept.fill(5)
        kept.record_dir.rename(kept.root / "unmounted")
        kept.record_dir.mkdir()
        cleaner = kept.cleaner(limit_for(kept, 3))
        cleaner.look()
        assert numbers(kept) == [0, 1, 2, 3, 4]
        kept.record_dir.rmdir()
        (kept.root / "unmounted").rename(kept.record_dir)
        cleaner.look()
        assert [over for _, over in kept.told] == [False, True]
        assert numbers(kept) == [2, 3, 4]

    def test_before_the_first_recording_there_is_nothing_to_do(self, kept: KeptFootage) -> None:
        (kept.data_dir / "volume-id").unlink()
        kept.fill(2)
        assert kept.cleaner(limit_for(kept, 1)).look() == RETRY_S
        assert len(kept.files()) == 2
        assert not kept.told

    def test_while_the_catalog_is_being_rebuilt_nothing_goes(self, kept: KeptFootage) -> None:
        with kept.catalog.database.write() as connection:
            connection.exec_driver_sql("INSERT INTO meta VALUES ('rescan_due', '')")
        kept.fill(3)
        cleaner = kept.cleaner(limit_for(kept, 1))
        cleaner.look()
        assert len(kept.files()) == 3
        with pytest.raises(CatalogError, match="does not know yet"):
            cleaner.plan_all()

    def test_a_rebuild_that_lasts_is_an_alarm_until_it_is_done(self, kept: KeptFootage) -> None:
        with kept.catalog.database.write() as connection:
            connection.exec_driver_sql("INSERT INTO meta VALUES ('rescan_due', '')")
        kept.fill(3)
        cleaner = kept.cleaner(limit_for(kept, 1))
        for _ in range(60):
            assert cleaner.look() == RETRY_S
            kept.clock.advance(1)
        assert kept.alarms.current() == []
        cleaner.look()
        (alarm,) = kept.alarms.current()
        assert alarm.kind is AlarmKind.REBUILD
        assert "needs room in DATA_DIR" in alarm.message
        with kept.catalog.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM meta WHERE key = 'rescan_due'")
        cleaner.look()
        assert kept.alarms.current() == []
        assert len(kept.files()) == 1


class _Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("last", ["marked", "unlinked", "synced", "dropped"])
@pytest.mark.parametrize("healer", ["the next look", "the recorder's start"])
def test_i4_a_kill_at_any_step_heals(kept: KeptFootage, last: str, healer: str) -> None:
    kept.fill(5)

    def die(step: str) -> None:
        if step == last:
            raise _Killed

    with pytest.raises(_Killed):
        kept.cleaner(limit_for(kept, 3), on_step=die).look()
    if healer == "the recorder's start":
        repair(kept.catalog, kept.record_dir, kept.clock.utc_us())
    cleaner = kept.cleaner(limit_for(kept, 3))
    for _ in range(3):
        cleaner.look()
        kept.clock.advance(6)
    assert numbers(kept) == [2, 3, 4]
    assert kept.files() == [str(row.path) for row in kept.catalog.segments(1)]
    assert [(gap.start_utc_us, gap.end_utc_us, gap.cause) for gap in kept.catalog.gaps(1)] == [
        (T0, T0 + 2 * FIVE_MINUTES, GapCause.DELETED)
    ]


def test_a_deletion_of_somebody_else_is_theirs_at_first(kept: KeptFootage) -> None:
    rows = kept.fill(2)
    cleaner = kept.cleaner(limit_for(kept, 10))
    cleaner.look()
    kept.catalog.mark_deleting([rows[0].id])
    cleaner.look()
    kept.clock.advance(4)
    cleaner.look()
    assert len(kept.files()) == 2
    kept.clock.advance(2)
    cleaner.look()
    assert numbers(kept) == [1]
    assert kept.deleted[0].reason is None


def refuse_unlink(monkeypatch: pytest.MonkeyPatch, name: str) -> Callable[[], None]:
    """The disk keeps one file, until the result is called."""
    unlink = os.unlink

    def refuse(path: str, *, dir_fd: int) -> None:
        if path == name:
            raise OSError(errno.EIO, "Input/output error", path)
        unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", refuse)
    return lambda: monkeypatch.setattr(os, "unlink", unlink)


def test_a_file_that_the_disk_keeps_is_an_alarm_and_the_next_one_goes(kept: KeptFootage, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = kept.fill(5)
    recover = refuse_unlink(monkeypatch, rows[0].path.name)
    cleaner = kept.cleaner(limit_for(kept, 3))
    waits = []
    for _ in range(4):
        waits.append(cleaner.look())
        kept.clock.advance(6)
    assert waits[0] == RETRY_S
    assert kept.files() == [str(rows[number].path) for number in (0, 3, 4)]
    assert [alarm.kind for alarm in kept.alarms.current()] == [AlarmKind.DELETION_REFUSED]
    assert kept.catalog.segments(state=SegmentState.DELETING)[0].id == rows[0].id
    recover()
    cleaner.look()
    assert kept.alarms.current() == []
    assert numbers(kept) == [3, 4]


def test_a_catalog_that_cannot_be_written_is_an_alarm(kept: KeptFootage, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.fill(3)

    def locked(ids: object, at: object) -> None:
        raise CatalogError("database is locked")

    monkeypatch.setattr(kept.catalog, "mark_deleting", locked)
    cleaner = kept.cleaner(limit_for(kept, 1))
    with pytest.raises(CatalogError):
        cleaner.look()
    assert [alarm.kind for alarm in kept.alarms.current()] == [AlarmKind.CATALOG]
    monkeypatch.undo()
    cleaner.look()
    assert kept.alarms.current() == []


def test_room_for_others_is_made_before_it_is_granted(kept: KeptFootage) -> None:
    kept.fill(6)
    cleaner = kept.cleaner(limit_for(kept, 6))
    with kept.rooms.reserve(2 * SEGMENT_BYTES) as room:
        assert not room.granted
        cleaner.look()
        assert room.granted
        assert numbers(kept) == [2, 3, 4, 5]
        kept.put(6)
        cleaner.look()
        assert numbers(kept) == [3, 4, 5, 6]
    kept.put(7)
    kept.put(8)
    cleaner.look()
    assert numbers(kept) == [3, 4, 5, 6, 7, 8]


def test_without_a_limit_room_is_granted_at_once(kept: KeptFootage) -> None:
    with kept.rooms.reserve(1 << 50) as room:
        kept.cleaner({}).look()
        assert room.wait(0)


def test_room_that_nothing_can_make_is_not_granted(kept: KeptFootage) -> None:
    kept.put(0, sealed=False)
    with kept.rooms.reserve(SEGMENT_BYTES) as room:
        kept.cleaner({"MAX_STORAGE_GB": gb(MB)}).look()
        assert not room.granted


def test_a_channel_above_its_own_limit_takes_no_room_from_the_others(kept: KeptFootage) -> None:
    """Its protected footage alone passes that; the footage of all channels is far from theirs."""
    kept.catalog.protect([row.id for row in kept.fill(2, channels=2)], protected=True)
    with kept.rooms.reserve(SEGMENT_BYTES) as room:
        kept.cleaner({"CHANNEL_2_MAX_GB": gb(MB), "MAX_STORAGE_GB": gb(200 * MB)}, channels=2).look()
        assert [alarm.kind for alarm in kept.alarms.current()] == [AlarmKind.PROTECTED_FILLS_LIMIT]
        assert room.granted


def test_room_in_a_channel_is_made_within_its_own_limit(kept: KeptFootage) -> None:
    kept.fill(6, channels=2)
    ahead = 1.5 * 30 * SEGMENT_BYTES / 300 + 300 * 1024
    own = {"CHANNEL_2_MAX_GB": gb(int(6 * (SEGMENT_BYTES + 4096) + ahead) + 4096)} | LARGE_INTERVAL
    with kept.rooms.reserve(2 * SEGMENT_BYTES, channel=2) as room:
        kept.cleaner(own, channels=2).look()
        assert room.granted
    assert [len(kept.catalog.segments(channel)) for channel in (1, 2)] == [6, 4]


@pytest.mark.parametrize("limit", ["MAX_STORAGE_GB", "CHANNEL_1_MAX_GB"])
def test_i6_room_that_cannot_be_made_ahead_is_not_granted(kept: KeptFootage, limit: str) -> None:
    """Nothing is passed yet, but would be by what is to be written."""
    kept.catalog.protect([row.id for row in kept.fill(4)], protected=True)
    with kept.rooms.reserve(2 * SEGMENT_BYTES, channel=1) as room, kept.rooms.reserve(1, channel=2) as other:
        kept.cleaner({limit: gb(5 * SEGMENT_BYTES)}).look()
        assert not room.granted
        assert other.granted is (limit == "CHANNEL_1_MAX_GB")
    assert kept.told == []
    assert len(kept.files()) == 4


def test_empty_days_go_with_their_last_file_but_for_today_s(kept: KeptFootage) -> None:
    kept.fill(2)
    tomorrow = kept.put(24 * 12)
    cleaner = kept.cleaner({"RETENTION_DAYS": "0.0001", "CLEANUP_INTERVAL": "60"})
    kept.clock.advance((24 * 60 * MINUTE + 2 * FIVE_MINUTES) / US_PER_S)
    cleaner.look()
    days = sorted(path.name for path in (kept.record_dir / "ch1").iterdir())
    assert days == ["2026-03-02"]
    assert kept.files() == []
    assert str(tomorrow.path).startswith("ch1/2026-03-02/")
    kept.clock.advance(12 * 3600)
    cleaner.look()
    assert list((kept.record_dir / "ch1").iterdir()) == []


def test_a_damaged_file_goes_when_its_turn_comes(kept: KeptFootage) -> None:
    rows = kept.fill(3)
    kept.catalog.mark_damaged([rows[0].id])
    kept.cleaner(limit_for(kept, 2)).look()
    assert numbers(kept) == [1, 2]


def test_what_is_planned_is_what_is_done(kept: KeptFootage) -> None:
    """The dry run of `mini-nvr cleanup`."""
    kept.fill(MOST_A_BATCH + 8)
    cleaner = kept.cleaner(limit_for(kept, 4))
    found, space = cleaner.plan_all()
    assert len(kept.files()) == MOST_A_BATCH + 8
    assert space.used_bytes == (MOST_A_BATCH + 8) * (SEGMENT_BYTES + 4096)
    assert cleaner.carry_out(found) == 0
    assert numbers(kept) == list(range(MOST_A_BATCH + 4, MOST_A_BATCH + 8))
    assert cleaner.plan_all()[0].deletions == ()


def test_after_cleanup_the_catalog_is_what_a_repair_would_make_of_the_files(kept: KeptFootage) -> None:
    kept.fill(5, channels=2)
    kept.cleaner(limit_for(kept, 4, channels=2), channels=2).look()
    report = repair(kept.catalog, kept.record_dir, kept.clock.utc_us(), recover=FakeFolder(kept.record_dir).recover)
    assert not (report.adopted or report.dropped or report.deleted)
    assert {str(row.path) for row in kept.catalog.segments()} == set(kept.files())
    assert path_of(facts(T0)) not in {row.path for row in kept.catalog.segments()}
