"""Each violation of a storage invariant is found by what it is, and a healthy archive has none."""

from collections.abc import Callable
from datetime import UTC
from pathlib import Path, PurePosixPath

import pytest
from sqlalchemy import text

from mini_nvr.catalog.model import GapChange, SegmentChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.segment.scan import scan
from mini_nvr.segment.volume import IDENTITY_FILE, create_volume
from mini_nvr.storage.fsck import Finding, check
from mini_nvr.storage.limits import ChannelLimits, Limits
from mini_nvr.storage.volume import NOTE
from tests.support.catalog import T0
from tests.support.past import offline, write_run

GAP = (T0 + 4 * US_PER_S, T0 + 9 * US_PER_S)


class Archive:
    """Two files that join, a gap of five seconds, and a third file; all known to the catalog."""

    def __init__(self, folder: Path) -> None:
        self.records = folder / "recordings"
        create_volume(self.records)
        joined = write_run(self.records, 1, T0, [2, 2], UTC)
        self.files = joined + write_run(self.records, 1, GAP[1], [2], UTC, gap=offline(*GAP))
        self.catalog = Catalog.open(folder / "data")
        rescan(self.catalog, self.records)
        self.waited: list[float] = []

    def violations(self, meanwhile: Callable[[], None] = lambda: None, *, thorough: bool = False) -> dict[str, Finding]:
        """What is found, by invariant; `meanwhile`: what happens while it waits for a second look."""

        def wait(seconds: float) -> None:
            self.waited.append(seconds)
            meanwhile()

        return {one.says: one for one in check(self.catalog, self.records, thorough=thorough, wait=wait) if one.violations}

    def execute(self, statement: str) -> None:
        with self.catalog.database.write() as connection:
            connection.execute(text(statement))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def one_violation(archive: Archive, says: str, example: str) -> None:
    found = archive.violations()
    assert [name for name in found if says in name] == list(found), found
    (finding,) = found.values()
    assert finding.violations == 1
    assert example in finding.examples[0]


def test_a_healthy_archive_has_no_violation(archive: Archive) -> None:
    assert archive.violations() == {}
    assert archive.waited == []


def test_a_file_that_nobody_knows(archive: Archive) -> None:
    write_run(archive.records, 1, T0 + 60 * US_PER_S, [1], UTC)
    one_violation(archive, "has a row", "does not know it")


def test_a_row_whose_file_is_gone(archive: Archive) -> None:
    archive.files[1].unlink()
    one_violation(archive, "has a row", "the file is gone")


def test_a_file_that_was_cut_short(archive: Archive) -> None:
    data = archive.files[0].read_bytes()
    archive.files[0].write_bytes(data[: len(data) // 2])
    found = archive.violations()
    assert "each file plays, up to its last whole part" in found


def test_damage_between_the_ends_of_a_file_is_found_by_a_thorough_check(archive: Archive) -> None:
    data = bytearray(archive.files[0].read_bytes())
    last_part = data.rindex(b"moof")
    data[last_part : last_part + 4] = b"free"
    archive.files[0].write_bytes(data)
    assert archive.violations() == {}
    found = archive.violations(thorough=True)
    assert list(found) == ["each file plays, up to its last whole part"]


def test_a_growing_row_that_claims_more_than_is_there(archive: Archive) -> None:
    archive.execute("UPDATE segments SET state = 'growing', size_bytes = size_bytes + 1000 WHERE number = 1")
    one_violation(archive, "claims no byte", "bytes are claimed")


def test_a_row_that_says_something_else_than_its_file(archive: Archive) -> None:
    archive.execute("UPDATE segments SET video_frames = video_frames + 1 WHERE number = 1")
    one_violation(archive, "says what the files say", "20 frames")


def test_a_deletion_that_was_left_half_done(archive: Archive) -> None:
    archive.execute("UPDATE segments SET state = 'deleting' WHERE number = 1")
    one_violation(archive, "half done", "marked to be deleted")


def test_a_protected_file_that_is_being_deleted(archive: Archive) -> None:
    archive.execute("UPDATE segments SET state = 'deleting', protected = 1 WHERE number = 1")
    found = archive.violations()
    assert {one.invariant: one.violations for one in found.values()} == {"I4": 1, "I8": 1}
    assert "protected, and marked" in found["nothing that is protected is being deleted"].examples[0]


def test_a_temporary_file(archive: Archive) -> None:
    archive.files[0].with_suffix(".part").write_bytes(b"x")
    one_violation(archive, "temporary", "left behind")


def test_footage_above_its_limits(archive: Archive) -> None:
    taken = sum(path.stat().st_size for path in archive.files)
    for limits, above in (
        (Limits(max_bytes=taken), 1),  # each file takes a block more
        (Limits(max_bytes=1 << 40), 0),
        (Limits(channels={1: ChannelLimits(max_bytes=taken), 2: ChannelLimits(max_bytes=1)}), 1),
        (Limits(keep_us=1), 0),
    ):
        (finding,) = (
            one for one in check(archive.catalog, archive.records, limits=limits, wait=lambda _: None) if one.invariant == "I6"
        )
        assert finding.violations == above
    assert archive.violations() == {}


def test_another_volume_than_the_recorder_s(archive: Archive) -> None:
    (archive.catalog.data_dir / NOTE).write_text("00000000-0000-0000-0000-000000000000\n")
    one_violation(archive, "the volume that it should be", "is another volume")


def test_a_second_that_nothing_explains(archive: Archive) -> None:
    archive.execute("DELETE FROM gaps WHERE cause = 'camera offline'")
    one_violation(archive, "each second", "5.0 s")


def test_a_gap_that_explains_only_a_part(archive: Archive) -> None:
    archive.catalog.commit([], [GapChange(1, GAP[0], GAP[1] - 2 * US_PER_S, GapCause.CAMERA_OFFLINE)])
    one_violation(archive, "each second", "unexplained")


def test_a_folder_without_identity(archive: Archive) -> None:
    (archive.records / IDENTITY_FILE).unlink()
    one_violation(archive, "volume", "no identity file")


def test_a_wrong_counter(archive: Archive) -> None:
    archive.execute("UPDATE footage_days SET size_bytes = size_bytes + 1")
    one_violation(archive, "space counted", "channels [1]")


def test_what_is_right_at_the_second_look_is_no_violation(archive: Archive) -> None:
    """The recorder had made the file, and its row came with the next checkpoint."""
    (path,) = write_run(archive.records, 1, T0 + 11 * US_PER_S, [1], UTC)

    def checkpoint() -> None:
        archive.catalog.commit([SegmentChange(PurePosixPath(path.relative_to(archive.records)), scan(path))])

    assert archive.violations(checkpoint) == {}
    assert archive.waited == [6.0]
