"""Conversions that are cut short, disturbed or refused: whatever happens, the footage is there once, with its row."""

import asyncio
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from mini_nvr.catalog.conversions import count_failed, failed_conversions
from mini_nvr.catalog.model import SegmentChange, SegmentState
from mini_nvr.catalog.recovery import repair
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import snapshot
from mini_nvr.segment.scan import scan
from mini_nvr.storage import converter as converter_module
from mini_nvr.storage import converter_round
from mini_nvr.storage.alarms import AlarmBoard
from mini_nvr.storage.converter import FULL_WALK_S, Converter
from mini_nvr.storage.converter_round import FIRST_RETRY_US
from mini_nvr.storage.converter_steps import Step
from mini_nvr.storage.rooms import RoomBook
from tests.support.clock import FakeClock
from tests.support.conversion import NOW_UTC_US, OWN, Archive, granting_rooms, record_own, rows
from tests.support.foreign_files import make, pictures
from tests.support.waiting import until

STEPS: tuple[Step, ...] = ("written", "verified", "renamed", "exchanged", "removed")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path)
    yield made
    made.catalog.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW_UTC_US)


@pytest.mark.parametrize(
    ("kind", "step", "repaired"),
    [
        *((kind, step, False) for kind in ("own", "foreign") for step in STEPS),
        *((kind, step, True) for kind in ("own", "foreign") for step in ("renamed", "exchanged")),
        ("own", "verified", True),
    ],
)
def test_a_kill_at_any_step_loses_nothing(tmp_path: Path, clock: FakeClock, kind: str, step: Step, *, repaired: bool) -> None:
    folder = tmp_path / "nvr"
    archive = Archive(folder)
    path = record_own(archive) if kind == "own" else make(archive.record_dir / "ch1/2023-11-14/120000.mkv")
    before = pictures(path)
    archive.catalog.close()
    killed = subprocess.run([sys.executable, "-m", "tests.support.conversion", str(folder), step], check=False, timeout=60)
    assert killed.returncode == 9
    archive = Archive(folder)
    try:
        if repaired:
            repair(archive.catalog, archive.record_dir, NOW_UTC_US)
        archive.converter(clock).look()
        assert archive.files() == [OWN.replace(".mkv", ".mp4")]
        assert rows(archive) == [(OWN.replace(".mkv", ".mp4"), "sealed")]
        assert pictures(archive.record_dir / archive.files()[0]) == before
        assert count_failed(archive.catalog) == 0
        then = snapshot(archive.catalog)
        rescan(archive.catalog, archive.record_dir)
        assert snapshot(archive.catalog) == then
    finally:
        archive.catalog.close()


def test_what_is_deleted_during_its_conversion_does_not_come_back(archive: Archive, clock: FakeClock) -> None:
    record_own(archive)

    def delete(step: Step) -> None:
        if step == "renamed":
            ids = [row.id for row in archive.catalog.mark_deleting(row.id for row in archive.catalog.segments())]
            (archive.record_dir / OWN).unlink()
            archive.catalog.forget(ids)

    archive.converter(clock, delete).look()
    assert archive.files() == []
    assert rows(archive) == []


@pytest.mark.parametrize("step", ["written", "verified"])
def test_what_is_written_to_during_its_conversion_is_kept(archive: Archive, clock: FakeClock, step: Step) -> None:
    path = make(archive.record_dir / "ch1/2023-11-14/100000.mkv")

    def append(done: Step) -> None:
        if done == step:
            with path.open("ab") as file:
                file.write(b"more")

    archive.converter(clock, append).look()
    assert archive.files() == ["ch1/2023-11-14/100000.mkv"]
    assert "was written to" in failed_conversions(archive.catalog)[0].error


def test_a_recorder_that_starts_during_a_conversion_does_not_disturb_it(archive: Archive, clock: FakeClock) -> None:
    record_own(archive)

    def repair_then(step: Step) -> None:
        if step != "removed":
            repair(archive.catalog, archive.record_dir, NOW_UTC_US)

    archive.converter(clock, repair_then).look()
    assert rows(archive) == [(OWN.replace(".mkv", ".mp4"), "sealed")]
    assert archive.files() == [OWN.replace(".mkv", ".mp4")]
    assert count_failed(archive.catalog) == 0


@pytest.mark.parametrize("call", ["pwritev", "fdatasync"])
def test_a_disk_that_refuses_costs_nothing(archive: Archive, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = record_own(archive)
    real, calls = getattr(os, call), 0

    def refuse(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise OSError(errno.ENOSPC if call == "pwritev" else errno.EIO, "refused")
        return real(*arguments)

    converter = archive.converter(clock)
    if call == "fdatasync":
        calls = 1  # sealing syncs twice
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        converter.look()
    assert archive.files() == [OWN]
    assert rows(archive) == [(OWN, "sealed")]
    assert count_failed(archive.catalog) == 1
    before = pictures(path)
    clock.advance(FIRST_RETRY_US / 1e6 + FULL_WALK_S)
    converter.look()
    assert archive.files() == [OWN.replace(".mkv", ".mp4")]
    assert pictures(archive.record_dir / archive.files()[0]) == before


def test_without_room_the_original_stays(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hurrying(FakeClock):
        """Every look at it takes a minute."""

        def monotonic_ns(self) -> int:
            self.advance(60)
            return super().monotonic_ns()

    record_own(archive)
    monkeypatch.setattr(converter_round, "_ROOM_LOOK_S", 0.001)
    clock, rooms = Hurrying(NOW_UTC_US), RoomBook()
    Converter(archive.settings, clock, AlarmBoard(clock), rooms, busy=lambda: False).look()
    assert archive.files() == [OWN]
    assert rooms.wanted() == []
    assert "no room" in failed_conversions(archive.catalog)[0].error


def test_a_row_that_somebody_made_for_the_result_is_merged(archive: Archive, clock: FakeClock) -> None:
    """A recorder that starts between rename and exchange adopts the result; whoever protects it then has it protected."""
    record_own(archive)
    result = PurePosixPath(OWN.replace(".mkv", ".mp4"))

    def adopt_result(step: Step) -> None:
        if step == "renamed":
            archive.catalog.commit([SegmentChange(result, scan(archive.record_dir / result))])
            new = archive.catalog.segment_at(result)
            assert new is not None
            archive.catalog.protect([new.id], protected=True)

    old = archive.catalog.segments(1)[0]
    archive.converter(clock, adopt_result).look()
    (row,) = archive.catalog.segments(1)
    assert (row.id, row.protected, row.state) == (old.id, True, SegmentState.SEALED)


def test_another_volume_is_not_touched(archive: Archive, clock: FakeClock) -> None:
    make(archive.record_dir / "ch1/2023-11-14/100000.mkv")
    (archive.record_dir / ".mini-nvr-volume").unlink()
    archive.converter(clock).look()
    assert rows(archive) == []
    assert archive.files() == ["ch1/2023-11-14/100000.mkv"]


def test_it_waits_while_the_disk_is_wanted_and_until_it_is_stopped(
    archive: Archive, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converter_module, "_BUSY_WAIT_S", 0.001)
    monkeypatch.setattr(converter_module, "_LONGEST_REST_S", 0.001)
    asked = 0

    def busy() -> bool:
        nonlocal asked
        asked += 1
        return asked % 4 != 0

    converter = Converter(archive.settings, clock, AlarmBoard(clock), granting_rooms(), busy=busy)
    converter.pace(1 << 20)
    assert asked == 0
    converter.pace(8 << 20)
    assert asked == 4


async def test_it_runs_until_it_is_cancelled(archive: Archive, clock: FakeClock) -> None:
    make(archive.record_dir / "ch1/2023-11-14/100000.mkv")
    converter = archive.converter(clock)
    task = asyncio.create_task(converter.run())
    await until(lambda: clock.sleepers == 1)
    assert converter.report().converted == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("function", ["look_at", "scan_matroska"])
def test_one_strange_file_does_not_keep_the_others(
    archive: Archive, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    record_own(archive)
    make(archive.record_dir / "ch1/2023-11-14/100000.mkv")
    real, calls = getattr(converter_round, function), 0

    def strange_once(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("strange")
        return real(*arguments)

    monkeypatch.setattr(converter_round, function, strange_once)
    archive.converter(clock).look()
    assert count_failed(archive.catalog) == 1
    assert len([path for path in archive.files() if path.endswith(".mp4")]) == 1
