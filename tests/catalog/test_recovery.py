import errno
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.catalog import footage, recovery
from mini_nvr.catalog.conversions import exchange_file
from mini_nvr.catalog.model import GapChange, RunChange, SegmentState
from mini_nvr.catalog.recovery import FootageMissing, RepairReport, recorder_down, repair
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import Snapshot, snapshot
from mini_nvr.errors import CatalogError, GapCause
from mini_nvr.segment.model import GapNote, SegmentFacts
from tests.support.catalog import DAY, FIVE_MINUTES, MINUTE, T0, FakeFolder, FileState, change, facts, path_of, run_id

NOW = T0 + 60 * MINUTE


def _repair(catalog: Catalog, folder: FakeFolder, now: int = NOW) -> RepairReport:
    return repair(catalog, folder.root, now, recover=folder.recover)


def _states(catalog: Catalog) -> dict[PurePosixPath, str]:
    return {row.path: row.state.value for row in catalog.segments()}


def _gaps(catalog: Catalog, channel: int = 1) -> list[tuple[int, int | None, GapCause]]:
    return [
        ((row.start_utc_us - T0) // MINUTE, None if row.end_utc_us is None else (row.end_utc_us - T0) // MINUTE, row.cause)
        for row in catalog.gaps(channel)
    ]


def test_a_clean_stop_leaves_nothing_to_do(catalog: Catalog, folder: FakeFolder) -> None:
    catalog.commit([folder.put(facts())], runs=[RunChange(run_id(1), 1, T0, T0 + FIVE_MINUTES, "stopped")])
    found = _repair(catalog, folder)
    assert (found, found.looked_at) == (RepairReport(), 1)
    assert folder.recovered == []


def test_nothing_at_all_needs_no_repair(catalog: Catalog, folder: FakeFolder) -> None:
    assert _repair(catalog, folder) == RepairReport()


def test_a_growing_file_is_sealed_from_what_the_last_checkpoint_synced(catalog: Catalog, folder: FakeFolder) -> None:
    of = facts(sealed=False)
    catalog.commit([replace(folder.put(of), facts=replace(of, duration_us=MINUTE, size_bytes=77))])
    assert _repair(catalog, folder) == RepairReport(sealed=[path_of(of)], runs_ended=1)
    assert folder.recovered == [(path_of(of), 77)]
    (row,) = catalog.segments()
    assert (row.state, row.duration_us, row.size_bytes) == (SegmentState.SEALED, FIVE_MINUTES, 1_000_000)


def test_a_file_of_a_recorder_that_never_came_to_a_checkpoint_is_found_days_later(catalog: Catalog, folder: FakeFolder) -> None:
    of = facts(sealed=False)
    folder.put(of)
    assert _repair(catalog, folder, T0 + 5 * DAY).adopted == [path_of(of)]


def test_a_file_sealed_just_before_the_crash_gets_its_row(catalog: Catalog, folder: FakeFolder) -> None:
    of = facts(sealed=False)
    folder.put(of, "sealed")
    catalog.commit([change(of)])
    assert _repair(catalog, folder).sealed == [path_of(of)]
    assert catalog.growing() == []


def test_a_file_without_a_whole_part_goes_and_its_time_is_a_gap(catalog: Catalog, folder: FakeFolder) -> None:
    kept, lost = facts(), facts(T0 + FIVE_MINUTES, number=1, duration_us=MINUTE, sealed=False)
    folder.put(lost, "empty")
    catalog.commit([folder.put(kept), change(lost)])
    assert _repair(catalog, folder).removed == [path_of(lost)]
    assert folder.files() == {path_of(kept)}
    assert _gaps(catalog) == [(5, 6, GapCause.UNKNOWN)]


@pytest.mark.parametrize("state", ["growing", "sealed"])
def test_a_file_that_never_met_a_checkpoint_is_adopted_with_the_gaps_that_it_states(
    catalog: Catalog, folder: FakeFolder, state: FileState
) -> None:
    note = GapNote(T0 + 5 * MINUTE, T0 + 7 * MINUTE, GapCause.CAMERA_OFFLINE)
    then = GapNote(T0 + 7 * MINUTE, T0 + 8 * MINUTE, GapCause.NO_KEY_FRAME)
    of = facts(T0 + 8 * MINUTE, run=2, gaps_before=(note, then))
    catalog.commit([folder.put(facts())], [GapChange(1, note.start_utc_us, None, note.cause, "no route to host")])
    folder.put(of, state)
    assert _repair(catalog, folder).adopted == [path_of(of)]
    assert _gaps(catalog) == [(5, 7, GapCause.CAMERA_OFFLINE), (7, 8, GapCause.NO_KEY_FRAME)]
    assert catalog.gaps(1)[0].detail == "no route to host"
    assert catalog.footage_end(1) == T0 + 13 * MINUTE


def test_an_empty_file_without_a_row_is_removed(catalog: Catalog, folder: FakeFolder) -> None:
    of = facts()
    folder.put(of, "empty")
    assert _repair(catalog, folder, T0).removed == [path_of(of)]
    assert (folder.files(), catalog.segments(), catalog.gaps(1)) == (set(), [], [])


def test_only_folders_that_may_hold_fresh_files_are_looked_at(catalog: Catalog, folder: FakeFolder) -> None:
    """From the day before the last checkpoint on, and wherever a growing row is; the rest is a rescan's work."""
    last = facts(T0 + 10 * DAY)
    stuck = facts(T0 + 2 * DAY, channel=2, run=2, sealed=False)
    catalog.commit([folder.put(last), folder.put(stuck)])
    beside_stuck = facts(T0 + 2 * DAY + FIVE_MINUTES, channel=2, run=2, number=1)
    fresh = [facts(T0 + days * DAY + FIVE_MINUTES, run=3, number=days) for days in (9, 10, 11, 400)]
    stale = [facts(T0 + days * DAY, channel=channel, run=4) for days, channel in ((0, 1), (8, 1), (3, 2))]
    for of in (beside_stuck, *fresh, *stale):
        folder.put(of)
    report = _repair(catalog, folder, T0 + 11 * DAY)
    assert set(report.adopted) == {path_of(of) for of in (beside_stuck, *fresh)}


def test_a_file_that_is_gone_loses_its_row_and_its_time_is_a_gap(catalog: Catalog, folder: FakeFolder) -> None:
    catalog.commit([folder.put(facts()), change(facts(T0 + FIVE_MINUTES, number=1))])
    catalog.commit([change(facts(T0 + 2 * FIVE_MINUTES, number=2, sealed=False))])
    assert len(_repair(catalog, folder).dropped) == 2
    assert _gaps(catalog) == [(5, 15, GapCause.UNKNOWN)]
    assert _states(catalog) == {path_of(facts()): "sealed"}


@pytest.mark.parametrize("sealed", [True, False])
def test_an_empty_folder_is_no_reason_to_forget_everything(catalog: Catalog, folder: FakeFolder, sealed: bool) -> None:
    catalog.commit([change(facts()), change(facts(T0 + FIVE_MINUTES, number=1, sealed=sealed))])
    before = _states(catalog)
    with pytest.raises(FootageMissing, match="mount the right volume, or run `mini-nvr rescan`"):
        _repair(catalog, folder)
    assert _states(catalog) == before


def test_nor_to_finish_deleting(catalog: Catalog, folder: FakeFolder) -> None:
    catalog.commit([change(facts()), change(facts(T0 + FIVE_MINUTES, number=1))])
    catalog.mark_deleting([catalog.segments()[0].id])
    with pytest.raises(FootageMissing):
        _repair(catalog, folder)
    assert len(catalog.segments()) == 2


def test_a_missing_folder_is_named(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="recording folder .*nowhere is missing: mount it, or correct RECORD_DIR"):
        repair(catalog, tmp_path / "nowhere", NOW)


@pytest.mark.parametrize("unlinked", [False, True])
def test_deleting_is_finished_wherever_it_stopped(catalog: Catalog, folder: FakeFolder, unlinked: bool) -> None:
    kept, going = facts(T0 + FIVE_MINUTES, number=1), facts()
    catalog.commit([folder.put(kept), folder.put(going)])
    (row,) = catalog.mark_deleting([row.id for row in catalog.segments() if row.path == path_of(going)])
    if unlinked:
        (folder.root / row.path).unlink()
    assert _repair(catalog, folder).deleted == [path_of(going)]
    assert folder.files() == {path_of(kept)}
    assert _gaps(catalog) == [(0, 5, GapCause.DELETED)]


def test_a_file_that_cannot_be_read_is_kept_and_costs_nobody_else(
    catalog: Catalog, folder: FakeFolder, caplog: pytest.LogCaptureFixture
) -> None:
    broken, good, stray = facts(sealed=False), facts(channel=2, run=2, sealed=False), facts(channel=3, run=3)
    folder.put(broken, "broken")
    folder.put(stray, "broken")
    catalog.commit([change(broken), folder.put(good)])
    with caplog.at_level(logging.WARNING):
        report = _repair(catalog, folder)
    assert report.sealed == [path_of(good)]
    assert [path for path, _ in report.damaged] == [path_of(broken), path_of(stray)]
    assert _states(catalog) == {path_of(broken): "damaged", path_of(good): "sealed", path_of(stray): "damaged"}
    assert [row.size_bytes for row in catalog.segments(3)] == [len("broken")]
    assert folder.files() == {path_of(of) for of in (broken, good, stray)}
    assert sum("ch1/2026-03-01/133000+0000.mp4 cannot be read or removed and is kept" in line for line in caplog.messages) == 1
    caplog.clear()
    _repair(catalog, folder)
    assert not caplog.messages  # a damaged row is not read again


def test_a_full_disk_does_not_make_a_file_damaged(catalog: Catalog, folder: FakeFolder) -> None:
    of = facts(sealed=False)
    folder.put(of, "no space")
    catalog.commit([change(of)])
    assert [path for path, _ in _repair(catalog, folder).damaged] == [path_of(of)]
    assert _states(catalog) == {path_of(of): "growing"}
    (folder.root / path_of(of)).write_text("growing")
    assert _repair(catalog, folder).sealed == [path_of(of)]


def test_a_forged_header_is_one_unreadable_file(catalog: Catalog, folder: FakeFolder) -> None:
    folder.put(facts(duration_us=1 << 61))
    good = facts(T0 + FIVE_MINUTES)
    folder.put(good)
    report = _repair(catalog, folder, T0)
    assert report.adopted == [path_of(good)]
    assert "its duration is" in report.damaged[0][1]


def test_leftovers_of_a_repair_go_and_foreign_files_stay(catalog: Catalog, folder: FakeFolder) -> None:
    of = facts()
    catalog.commit([folder.put(of)])
    day = folder.root / path_of(of).parent
    (day / "133000+0000.mkv.part").write_text("half")
    (day / "notes.txt").write_text("mine")
    (day / "holiday.mp4").write_text("mine")
    (folder.root / "chair").mkdir()
    (day / "link.mp4.part").symlink_to(day / "notes.txt")
    assert _repair(catalog, folder).removed == [PurePosixPath("ch1/2026-03-01/133000+0000.mkv.part")]
    assert {path.name for path in day.iterdir()} == {"133000+0000.mp4", "notes.txt", "holiday.mp4", "link.mp4.part"}


def test_a_row_that_leads_out_of_the_folder_is_not_followed(catalog: Catalog, folder: FakeFolder, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    catalog.commit([folder.put(facts())])
    with catalog.database.write() as connection:
        connection.exec_driver_sql("UPDATE segments SET path = '../precious', state = 'deleting'")
    with pytest.raises(CatalogError, match="outside the recording folder"):
        _repair(catalog, folder)
    assert (tmp_path / "precious").exists()


def test_a_folder_that_cannot_be_read_loses_no_row_and_costs_nobody_else(
    catalog: Catalog, folder: FakeFolder, unreadable: Callable[[str], None]
) -> None:
    known, other = facts(), facts(channel=2, run=2, sealed=False)
    catalog.commit([folder.put(known), folder.put(other)])
    unreadable("ch1/2026-03-01")
    report = _repair(catalog, folder)
    assert report.sealed == [path_of(other)]
    assert [path for path, _ in report.damaged] == [PurePosixPath("ch1/2026-03-01")]
    assert _states(catalog) == {path_of(known): "sealed", path_of(other): "sealed"}


def test_a_file_that_cannot_be_removed_is_tried_again(
    catalog: Catalog, folder: FakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, going = facts(T0 + FIVE_MINUTES, number=1), facts()
    catalog.commit([folder.put(kept), folder.put(going)])
    catalog.mark_deleting([row.id for row in catalog.segments() if row.path == path_of(going)])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _refuse)
        assert [path for path, _ in _repair(catalog, folder).damaged] == [path_of(going)]
    assert _states(catalog)[path_of(going)] == "deleting"
    assert _repair(catalog, folder).deleted == [path_of(going)]


def test_what_is_converted_while_a_folder_is_looked_at_keeps_its_row(
    catalog: Catalog, folder: FakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The storage service runs beside it: a file that was not there yet when the folder was listed may have a row by then."""
    old, new = facts(container="mkv", index=()), facts()
    catalog.commit([folder.put(old)])
    files_in = footage.files_in

    def list_then_convert(root: Path, name: PurePosixPath) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
        found = files_in(root, name)
        assert exchange_file(catalog, path_of(old), folder.put(new))
        return found

    monkeypatch.setattr(recovery, "files_in", list_then_convert)
    before = catalog.segments()[0].id
    assert _repair(catalog, folder).dropped == []
    (row,) = [row for row in catalog.segments() if row.path == path_of(new)]
    assert row.id == before
    assert catalog.gaps(1) == []


def test_a_disk_that_goes_in_the_middle_costs_no_row(
    catalog: Catalog, folder: FakeFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = facts()
    catalog.commit([folder.put(lost), *(folder.put(facts(T0 + n * FIVE_MINUTES, channel=n, run=n)) for n in (2, 3, 4))])
    (folder.root / path_of(lost)).unlink()
    files_in = footage.files_in

    def unmount_behind(root: Path, name: PurePosixPath) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
        if name.parts[0] == "ch3":
            folder.root.rename(tmp_path / "unplugged")
            folder.root.mkdir()
        return files_in(root, name)

    monkeypatch.setattr(recovery, "files_in", unmount_behind)
    with pytest.raises(FootageMissing):
        _repair(catalog, folder)
    assert [row.channel for row in catalog.segments()] == [2, 3, 4]


def _refuse(_path: Path, *, missing_ok: bool) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_open_runs_end_where_their_footage_ends(catalog: Catalog, folder: FakeFolder) -> None:
    catalog.commit([folder.put(facts(run=1, sealed=False))], runs=[RunChange(run_id(2), 2, T0)])
    assert _repair(catalog, folder).runs_ended == 2
    assert [(run.end_utc_us, run.end_cause) for run in catalog.runs(1)] == [(T0 + FIVE_MINUTES, "recorder down")]
    assert [(run.end_utc_us, run.end_cause) for run in catalog.runs(2)] == [(T0, "recorder down")]


def test_open_gaps_stay_open_unless_footage_followed(catalog: Catalog, folder: FakeFolder) -> None:
    catalog.commit([folder.put(facts())], [GapChange(1, T0 + FIVE_MINUTES, None, GapCause.CAMERA_OFFLINE)])
    catalog.commit([], [GapChange(2, T0, None, GapCause.STREAM_STALLED)])
    folder.put(facts(T0 + FIVE_MINUTES, channel=2, run=2))
    _repair(catalog, folder)
    assert _gaps(catalog, 1) == [(5, None, GapCause.CAMERA_OFFLINE)]
    assert _gaps(catalog, 2) == [(0, 5, GapCause.STREAM_STALLED)]


def test_the_time_since_is_booked_as_recorder_down(catalog: Catalog, folder: FakeFolder) -> None:
    catalog.commit([folder.put(facts(sealed=False))], [GapChange(2, T0, None, GapCause.WRONG_PASSWORD)], now_utc_us=T0 + 6 * MINUTE)
    catalog.register_channels([(3, "new")], NOW)
    _repair(catalog, folder)
    catalog.commit([], recorder_down(catalog, NOW))
    assert _gaps(catalog, 1) == [(5, 60, GapCause.RECORDER_DOWN)]
    assert _gaps(catalog, 2) == [(0, 6, GapCause.WRONG_PASSWORD), (6, 60, GapCause.RECORDER_DOWN)]
    assert _gaps(catalog, 3) == []


files_by_row: dict[str, list[str]] = {
    "growing": ["growing", "sealed", "empty", "gone"],
    "no row": ["growing", "sealed", "empty"],
    "sealed": ["sealed", "gone"],
    "deleting": ["sealed", "gone"],
    "damaged": ["sealed", "gone"],
}
crashed = st.lists(
    st.tuples(st.sampled_from([(row, file) for row, files in files_by_row.items() for file in files]), st.integers(1, 2)),
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=crashed)
def test_wherever_the_crash_struck_repair_heals_it_once_and_a_rescan_agrees(
    tmp_path: Path, empty_catalog: Path, cases: list[tuple[tuple[str, str], int]]
) -> None:
    shutil.rmtree(tmp_path / "recordings", ignore_errors=True)
    shutil.copyfile(empty_catalog, tmp_path / "catalog.db")
    folder = FakeFolder(tmp_path / "recordings")
    with Catalog.open(tmp_path) as catalog:
        catalog.commit([folder.put(facts(T0 - FIVE_MINUTES, channel=3, run=99))])  # the volume is the right one
        for n, ((row, file), channel) in enumerate(cases):
            _leave(catalog, folder, facts(T0 + n * FIVE_MINUTES, channel=channel, run=channel, number=n), row, file)
        _repair(catalog, folder)
        healed = _everything(catalog)
        assert _repair(catalog, folder) == RepairReport()
        assert _everything(catalog) == healed
        assert folder.files() == {path for path in _states(catalog)}
        assert set(_states(catalog).values()) <= {"sealed", "damaged"}
        if "damaged" not in _states(catalog).values():
            before = snapshot(catalog)
            rescan(catalog, folder.root, scan=folder.scan, recover=folder.recover)
            assert snapshot(catalog) == before


def _leave(catalog: Catalog, folder: FakeFolder, of: SegmentFacts, row: str, file: str) -> None:
    """One file and its row, as a crash may leave them."""
    if file != "gone":
        folder.put(of, file)
    if row == "no row":
        return
    catalog.commit([change(replace(of, sealed=row != "growing"))])
    ids = [segment.id for segment in catalog.segments() if segment.path == path_of(of)]
    if row == "deleting":
        catalog.mark_deleting(ids)
    if row == "damaged":
        catalog.mark_damaged(ids)


def _everything(catalog: Catalog) -> tuple[Snapshot, list[list[tuple[int, int | None, GapCause]]], dict[PurePosixPath, str]]:
    return snapshot(catalog), [_gaps(catalog, channel) for channel in (1, 2, 3)], _states(catalog)
