import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.catalog.lock import DataDirBusy, DataDirLock
from mini_nvr.catalog.model import GapChange, RunChange, SegmentRow, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import RescanReport, rescan
from mini_nvr.catalog.snapshot import snapshot
from mini_nvr.errors import CatalogError, GapCause
from mini_nvr.segment.model import GapNote, SegmentFacts
from mini_nvr.segment.volume import IDENTITY_FILE, create_volume
from tests.support.catalog import FIVE_MINUTES, G711, INDEX, MINUTE, T0, VIDEO, FakeFolder, change, facts, index_of, path_of, run_id


def _rescan(catalog: Catalog, folder: FakeFolder, *, recover_growing: bool = False) -> RescanReport:
    return rescan(catalog, folder.root, recover_growing=recover_growing, scan=folder.scan, recover=folder.recover)


def _gaps(catalog: Catalog, channel: int = 1) -> list[tuple[int, int | None, GapCause]]:
    return [
        ((row.start_utc_us - T0) // MINUTE, None if row.end_utc_us is None else (row.end_utc_us - T0) // MINUTE, row.cause)
        for row in catalog.gaps(channel)
    ]


def _row(catalog: Catalog, of: SegmentFacts) -> SegmentRow:
    return next(row for row in catalog.segments() if row.path == path_of(of))


@pytest.fixture
def fresh(tmp_path: Path) -> Catalog:
    """A second, empty catalog, as after the loss of the first."""
    return Catalog.open(tmp_path / "fresh")


def test_an_empty_folder_settles_that_there_is_nothing(catalog: Catalog, folder: FakeFolder) -> None:
    assert catalog.was_rebuilt
    assert _rescan(catalog, folder) == RescanReport()
    assert not catalog.was_rebuilt
    assert {path.name for path in catalog.data_dir.iterdir()} >= {"catalog.db"}
    assert not (catalog.data_dir / "rescan.tmp").exists()


def test_a_lost_catalog_comes_back_from_the_files(catalog: Catalog, fresh: Catalog, folder: FakeFolder) -> None:
    notes = (
        GapNote(T0 + 10 * MINUTE, T0 + 12 * MINUTE, GapCause.CAMERA_OFFLINE),
        GapNote(T0 + 12 * MINUTE, T0 + 20 * MINUTE, GapCause.WRONG_PASSWORD),
    )
    files = [
        facts(T0),
        facts(T0 + FIVE_MINUTES, number=1, formats=(VIDEO, G711)),
        facts(T0 + 20 * MINUTE, run=2, gaps_before=notes),
        facts(T0, channel=2, run=3, container="mkv", index=()),
        facts(T0 + FIVE_MINUTES, channel=2, run=3, number=1, sealed=False),
    ]
    gaps = [GapChange(1, note.start_utc_us, note.end_utc_us, note.cause, "said the camera") for note in notes]
    catalog.commit([folder.put(of) for of in files], gaps, [RunChange(run_id(1), 1, T0, T0 + 10 * MINUTE, "camera offline")])
    assert _rescan(fresh, folder) == RescanReport(files=5)
    assert snapshot(fresh) == snapshot(catalog)
    assert [(run.run_id, run.start_utc_us, run.end_utc_us) for run in fresh.runs(1)] == [
        (run_id(1), T0, T0 + 10 * MINUTE),
        (run_id(2), T0 + 20 * MINUTE, T0 + 25 * MINUTE),
    ]
    assert [run.end_utc_us for run in fresh.runs(2)] == [None]
    assert [channel.name for channel in fresh.channels()] == ["Camera 1", "Camera 2"]
    assert fresh.segments(1, T0 + 24 * MINUTE, T0 + 25 * MINUTE) != []  # the longest duration came along
    before = snapshot(catalog)
    _rescan(catalog, folder)
    assert snapshot(catalog) == before
    assert [row.detail for row in catalog.gaps(1)] == ["said the camera"] * 2


@pytest.mark.parametrize("then", [None, "another", "broken"])
def test_i7_a_volume_that_is_exchanged_meanwhile_changes_nothing(catalog: Catalog, folder: FakeFolder, then: str | None) -> None:
    create_volume(folder.root)
    catalog.commit([folder.put(facts()), change(facts(T0 + FIVE_MINUTES, number=1))])
    before = snapshot(catalog)

    def exchange_it(files: int) -> None:
        (folder.root / IDENTITY_FILE).unlink()
        if then == "another":
            create_volume(folder.root)
        if then == "broken":
            (folder.root / IDENTITY_FILE).mkdir()

    with pytest.raises(CatalogError, match="mounted" if then != "broken" else "disk"):
        rescan(catalog, folder.root, scan=folder.scan, recover=folder.recover, progress=exchange_it)
    assert snapshot(catalog) == before
    assert catalog.was_rebuilt


def test_what_files_cannot_say_survives(catalog: Catalog, folder: FakeFolder) -> None:
    kept, precious, going = facts(T0 + 10 * MINUTE), facts(T0 + 20 * MINUTE, run=2), facts(T0 + 30 * MINUTE, run=3)
    catalog.register_channels([(1, "Renamed since")], T0)
    catalog.commit(
        [folder.put(of) for of in (kept, precious, going)],
        [
            GapChange(1, T0, T0 + 10 * MINUTE, GapCause.DELETED),
            GapChange(1, T0 + 15 * MINUTE, T0 + 20 * MINUTE, GapCause.DISABLED, "by Ann"),
            GapChange(1, T0 + 40 * MINUTE, None, GapCause.CAMERA_OFFLINE),
        ],
        [RunChange(run_id(1), 1, T0 + 10 * MINUTE, T0 + 15 * MINUTE, "disabled"), RunChange(run_id(4), 1, T0 + 50 * MINUTE)],
    )
    catalog.protect([_row(catalog, precious).id], protected=True)
    catalog.mark_deleting([_row(catalog, going).id])
    before = catalog.segments()
    _rescan(catalog, folder)
    assert catalog.segments() == before
    assert _gaps(catalog) == [
        (0, 10, GapCause.DELETED),
        (15, 20, GapCause.DISABLED),
        (25, 40, GapCause.UNKNOWN),
        (40, None, GapCause.CAMERA_OFFLINE),
    ]
    assert [run.end_cause for run in catalog.runs(1)] == ["disabled", None, None, None]
    assert catalog.channels()[0].name == "Renamed since"


def test_rows_without_a_file_go_and_a_hole_within_a_run_is_a_gap(catalog: Catalog, folder: FakeFolder) -> None:
    catalog.commit([folder.put(facts()), change(facts(T0 + 5 * MINUTE, number=1)), folder.put(facts(T0 + 10 * MINUTE, number=2))])
    catalog.commit([change(facts(T0 + 60 * MINUTE, run=9))], runs=[RunChange(run_id(9), 1, T0 + 60 * MINUTE, T0 + 65 * MINUTE)])
    assert _rescan(catalog, folder).dropped == 2
    assert _gaps(catalog) == [(5, 10, GapCause.UNKNOWN)]
    assert [run.run_id for run in catalog.runs(1)] == [run_id(1)]


def test_all_files_may_be_gone(catalog: Catalog, folder: FakeFolder) -> None:
    """Asked for by hand, on a verified volume, it is the truth."""
    catalog.commit([change(facts())])
    assert _rescan(catalog, folder).dropped == 1
    assert catalog.segments() == []


def test_unreadable_files_are_reported_and_kept(catalog: Catalog, folder: FakeFolder, caplog: pytest.LogCaptureFixture) -> None:
    known, unknown, empty, forged = (facts(T0 + n * FIVE_MINUTES, number=n) for n in range(4))
    catalog.commit([change(known)])
    folder.put(known, "broken")
    folder.put(unknown, "broken")
    folder.put(empty, "empty")
    folder.put(replace(forged, size_bytes=1 << 70))
    with caplog.at_level(logging.WARNING):
        report = _rescan(catalog, folder)
    assert [path for path, _ in report.unreadable] == [path_of(of) for of in (known, unknown, forged)]
    assert (report.unreadable_count, report.empty, report.files, report.dropped) == (3, [path_of(empty)], 0, 0)
    assert {row.path: (row.state, row.duration_us) for row in catalog.segments(1)} == {
        path_of(known): (SegmentState.DAMAGED, FIVE_MINUTES),
        path_of(unknown): (SegmentState.DAMAGED, 0),
        path_of(forged): (SegmentState.DAMAGED, 0),
    }
    sizes = {row.path: row.size_bytes for row in catalog.deletable(1)}  # cleanup counts them, and they go when they are the oldest
    assert sizes[path_of(unknown)] == len("broken")
    assert len(folder.files()) == 4
    (folder.root / path_of(known)).write_text("sealed")  # copied back from a backup
    _rescan(catalog, folder)
    assert _row(catalog, known).state is SegmentState.SEALED


@pytest.mark.parametrize("name", ["ch1/2026-03-01", "ch1"])
def test_a_folder_that_cannot_be_read_loses_no_row(
    catalog: Catalog, folder: FakeFolder, unreadable: Callable[[str], None], name: str
) -> None:
    known, other = facts(), facts(channel=2, run=2)
    catalog.commit([folder.put(known), folder.put(other)])
    unreadable(name)
    report = _rescan(catalog, folder)
    assert (report.dropped, [path for path, _ in report.unreadable]) == (0, [path_of(known)])
    assert [row.state.value for row in catalog.segments()] == ["damaged", "sealed"]


def test_growing_files_are_sealed_when_asked(catalog: Catalog, folder: FakeFolder) -> None:
    of = facts(sealed=False)
    catalog.commit([folder.put(of)])
    assert _rescan(catalog, folder).recovered == 0
    assert _row(catalog, of).state is SegmentState.GROWING
    assert _rescan(catalog, folder, recover_growing=True).recovered == 1
    assert _row(catalog, of).state is SegmentState.SEALED


def test_a_growing_row_keeps_its_synced_size(catalog: Catalog, folder: FakeFolder) -> None:
    """What is on the disk beyond the last checkpoint is not yet known to be sound (storage I3)."""
    of = facts(sealed=False)
    catalog.commit([replace(folder.put(of), facts=replace(of, size_bytes=77))])
    _rescan(catalog, folder)
    assert _row(catalog, of).size_bytes == 77


def test_an_index_that_the_file_contradicts_is_replaced(catalog: Catalog, folder: FakeFolder) -> None:
    wrong, missing, needless = (facts(T0 + n * FIVE_MINUTES, number=n) for n in range(3))
    catalog.commit([change(replace(wrong, index=INDEX[:1])), change(replace(missing, index=())), change(needless)])
    for of in (wrong, missing, replace(needless, index=())):
        folder.put(of)
    _rescan(catalog, folder)
    assert [index_of(catalog, row.id) for row in catalog.segments()] == [INDEX, INDEX, ()]


def test_refused_while_a_recorder_runs(catalog: Catalog, folder: FakeFolder) -> None:
    with DataDirLock(catalog.data_dir) as lock:
        with pytest.raises(DataDirBusy, match="stop the recorder first"):
            _rescan(catalog, folder)
        rescan(catalog, folder.root, lock=lock, scan=folder.scan)
        assert lock.held
    _rescan(catalog, folder)
    DataDirLock(catalog.data_dir).acquire().release()


def test_a_recorder_may_rescan_while_it_records(catalog: Catalog, folder: FakeFolder) -> None:
    """The walk has passed the folder, or read the file too early, when the recorder goes on."""
    old, current, next_one = (
        facts(),
        facts(T0 + 5 * MINUTE, number=1, sealed=False),
        facts(T0 + 10 * MINUTE, number=2, sealed=False),
    )
    catalog.commit([folder.put(old), replace(folder.put(current), facts=replace(current, duration_us=MINUTE))])

    def record(_files: int) -> None:
        gap = GapChange(1, T0 + 11 * MINUTE, None, GapCause.CAMERA_OFFLINE)
        later = change(replace(next_one, duration_us=MINUTE, sealed=True))
        catalog.commit([change(replace(current, sealed=True)), later], [gap])

    with DataDirLock(catalog.data_dir) as lock:
        rescan(catalog, folder.root, lock=lock, scan=folder.scan, progress=record)
    assert [row.state.value for row in catalog.segments()] == ["sealed"] * 3
    assert [row.duration_us // MINUTE for row in catalog.segments()] == [5, 5, 1]
    assert _gaps(catalog) == [(11, None, GapCause.CAMERA_OFFLINE)]


def test_readers_see_the_old_catalog_until_the_new_one_is_whole(catalog: Catalog, folder: FakeFolder) -> None:
    seen: list[int] = []
    catalog.commit([change(facts(T0 - FIVE_MINUTES, run=9))])
    for n in range(300):
        folder.put(facts(T0 + n * MINUTE, number=n, duration_us=MINUTE))
    rescan(catalog, folder.root, scan=folder.scan, progress=lambda _files: seen.append(len(catalog.segments())))
    assert seen == [1, 1]
    assert len(catalog.segments()) == 300


def test_a_rescan_that_fails_leaves_the_catalog_as_it_was(catalog: Catalog, folder: FakeFolder) -> None:
    catalog.commit([change(facts(T0 - FIVE_MINUTES, run=9))])
    folder.put(facts())
    before = snapshot(catalog)

    def interrupt(_files: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rescan(catalog, folder.root, scan=folder.scan, progress=interrupt)
    assert snapshot(catalog) == before
    assert not (catalog.data_dir / "rescan.tmp").exists()
    (catalog.data_dir / "rescan.tmp").mkdir()
    (catalog.data_dir / "rescan.tmp" / "catalog.db").write_text("half a staging catalog, left by a power cut")
    assert _rescan(catalog, folder).files == 1


def test_a_crash_in_the_exchange_leaves_the_catalog_as_it_was(
    catalog: Catalog, folder: FakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.commit([change(facts(T0 - FIVE_MINUTES, run=9))])
    folder.put(facts())
    before = snapshot(catalog)
    with monkeypatch.context() as patch:
        patch.setattr("mini_nvr.catalog.exchange._EXCHANGE_RUNS", ("SELECT * FROM nowhere",))
        with pytest.raises(CatalogError, match="no such table"):
            _rescan(catalog, folder)
    assert snapshot(catalog) == before
    assert _rescan(catalog, folder).files == 1


def test_foreign_files_and_folders_are_passed_over(catalog: Catalog, folder: FakeFolder) -> None:
    of = facts()
    folder.put(of)
    for odd in ("ch1/2026-03-01/holiday.mp4", "ch1/2026-99-01/133000+0000.mp4", "channel/2026-03-01/133000+0000.mp4", "ch01/x/y"):
        (folder.root / odd).parent.mkdir(parents=True, exist_ok=True)
        (folder.root / odd).write_text("sealed")
    (folder.root / "ch7").symlink_to(folder.root / "ch1")
    assert _rescan(catalog, folder) == RescanReport(files=1)
    assert list(catalog.paths_newest_first()) == [path_of(of)]


def test_a_missing_folder_is_named(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is missing"):
        rescan(catalog, tmp_path / "nowhere")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(
        st.tuples(
            st.integers(1, 2),  # channel
            st.integers(1, 3),  # segments in the run
            st.lists(st.tuples(st.integers(1, 4), st.sampled_from(list(GapCause)[:4])), max_size=3),  # gaps before it
        ),
        max_size=5,
    )
)
def test_whatever_a_recorder_committed_a_rescan_from_nothing_says_the_same(
    tmp_path: Path, runs: list[tuple[int, int, list[tuple[int, GapCause]]]]
) -> None:
    attempt = len(list(tmp_path.iterdir()))
    folder = FakeFolder(tmp_path / f"recordings{attempt}")
    with Catalog.open(tmp_path / f"old{attempt}") as old, Catalog.open(tmp_path / f"new{attempt}") as new:
        position = {1: T0, 2: T0}
        for run, (channel, segments, pauses) in enumerate(runs):
            notes = []
            for minutes, cause in pauses:
                notes.append(GapNote(position[channel], position[channel] + minutes * MINUTE, cause))
                position[channel] = notes[-1].end_utc_us
            for number in range(segments):
                of = facts(
                    position[channel],
                    channel=channel,
                    run=run,
                    number=number,
                    duration_us=MINUTE,
                    gaps_before=tuple(notes) if number == 0 else (),
                )
                gaps = [GapChange(channel, note.start_utc_us, note.end_utc_us, note.cause) for note in notes if number == 0]
                old.commit([folder.put(of)], gaps)
                position[channel] += MINUTE + 20_000  # rounding and drift
        rescan(new, folder.root, scan=folder.scan)
        assert snapshot(new) == snapshot(old)
        assert {path for path in new.paths_newest_first()} == {PurePosixPath(path) for path in snapshot(old).segments}
