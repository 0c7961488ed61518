"""A catalog that another program locks: files are synced meanwhile, and its owner is told when it lasts."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import SystemClock
from mini_nvr.errors import GapCause
from mini_nvr.recorder.checkpoint import LOCKED_TOLD_S, Checkpointer
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from tests.e2e.recorder_process import wait_until
from tests.support.clock import FakeClock
from tests.support.footage import cut_into_parts, video_clip

START_US = 1_772_366_400_000_000
GAP = GapChange(1, START_US, None, GapCause.CAMERA_OFFLINE)
WELL_BELOW_THE_USUAL_PATIENCE_S = 45


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    (tmp_path / "data").mkdir()
    with Catalog.open(tmp_path / "data") as catalog:
        yield catalog


@pytest.fixture
def other(catalog: Catalog) -> Iterator[sqlite3.Connection]:
    """Another program's connection."""
    with closing(sqlite3.connect(catalog.data_dir / "catalog.db", isolation_level=None, check_same_thread=False)) as connection:
        yield connection


def test_files_are_synced_while_the_catalog_is_locked(
    catalog: Catalog, other: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut then costs SYNC_INTERVAL and a second, as ever."""
    checkpointer = Checkpointer(catalog, tmp_path, 0.1, SystemClock())
    header = SegmentHeader(1, "Door", START_US, "ab" * 16, 0, "arrival")
    clip = video_clip(frames=25)
    segment = GrowingSegment(header, (clip.format,), lambda *_: None)
    segment.path = PurePosixPath("ch1/2026-03-01/120000+0000.mp4")
    segment.writer = HybridWriter(tmp_path / segment.path, header, (clip.format,))
    segment.writer.append(cut_into_parts([clip])[0])
    synced, really = [], os.fdatasync

    def noted(fd: int) -> None:
        synced.append(fd)
        really(fd)

    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(os, "fdatasync", noted)
    checkpointer.add(segment)
    checkpointer.start()
    try:
        wait_until(lambda: len(synced) >= 3, "three checkpoints", WELL_BELOW_THE_USUAL_PATIENCE_S)
        assert catalog.segments() == []
        other.execute("ROLLBACK")
        wait_until(lambda: len(catalog.segments()) == 1, "the row", 60)
    finally:
        assert checkpointer.stop(60)


def test_a_lock_that_lasts_is_told_once_and_so_is_its_end(
    catalog: Catalog, other: sqlite3.Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    clock, told = FakeClock(), list[str | None]()
    checkpointer = Checkpointer(catalog, tmp_path, 5, clock, told=told.append)
    checkpointer.note_gap(GAP)
    other.execute("BEGIN IMMEDIATE")
    checkpointer.write_down()
    assert told == []
    clock.advance(LOCKED_TOLD_S)
    checkpointer.write_down()
    checkpointer.write_down()
    other.execute("ROLLBACK")
    checkpointer.write_down()
    (begun, ended) = told
    assert begun is not None
    assert begun.endswith(
        "is locked; a rescan lets it go by itself, any other program has to be ended; recording goes on, its changes wait"
    )
    assert ended is None
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert len(catalog.gaps(1)) == 1


def test_a_lock_that_passes_is_not_told(
    catalog: Catalog, other: sqlite3.Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As that of a rescan, when it exchanges the rows."""
    clock, told = FakeClock(), list[str | None]()
    checkpointer = Checkpointer(catalog, tmp_path, 5, clock, told=told.append)
    checkpointer.note_gap(GAP)
    for _ in range(2):
        other.execute("BEGIN IMMEDIATE")
        checkpointer.write_down()
        clock.advance(LOCKED_TOLD_S - 1)
        other.execute("ROLLBACK")
        checkpointer.write_down()
    assert told == []
    assert caplog.records == []


def test_damage_is_told_at_once(catalog: Catalog, tmp_path: Path) -> None:
    told = list[str | None]()
    checkpointer = Checkpointer(catalog, tmp_path, 5, FakeClock(), damaged=catalog.reopen, told=told.append)
    checkpointer.note_gap(GAP)
    catalog.close()
    for file in catalog.data_dir.glob("catalog.db*"):
        file.write_bytes(b"x" * 9_000)
    checkpointer.write_down()
    checkpointer.write_down()
    (begun, ended) = told
    assert begun is not None
    assert "is damaged" in begun
    assert ended is None
