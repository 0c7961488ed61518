"""What the catalog is told, and when: never before the bytes are synced, never lost, never in the way of recording."""

import errno
import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.catalog.model import GapChange, RunChange, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import CatalogError, GapCause, SegmentError
from mini_nvr.recorder.checkpoint import Checkpointer
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from tests.support.clock import FakeClock
from tests.support.footage import cut_into_parts, video_clip

PATH = PurePosixPath("ch1/2026-03-01/120000+0000.mp4")
START_US = 1_772_366_400_000_000
HEADER = SegmentHeader(1, "Door", START_US, "ab" * 16, 0, "arrival")


class Scene:
    """A real file and a real catalog, steps called by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.records = folder / "recordings"
        self.catalog = Catalog.open(folder / "data")
        self.checkpointer = Checkpointer(self.catalog, self.records, 5, self.clock)
        clip = video_clip(frames=75)
        self.parts = cut_into_parts([clip])
        self.segment = GrowingSegment(HEADER, (clip.format,), lambda *_: None)
        self.segment.path = PATH
        self.writer = HybridWriter(self.records / PATH, HEADER, (clip.format,))
        self.segment.writer = self.writer

    def rows(self) -> list[tuple[SegmentState, int]]:
        return [(row.state, row.video_frames) for row in self.catalog.segments()]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "data").mkdir()
    return Scene(tmp_path)


def test_growing_then_sealed(scene: Scene) -> None:
    scene.checkpointer.add(scene.segment)
    scene.writer.append(scene.parts[0])
    scene.writer.append(scene.parts[1])
    assert scene.rows() == []
    scene.checkpointer.checkpoint()
    scene.checkpointer.write_down()
    synced = sum(len(part.tracks[0].payloads) for part in scene.parts[:2])
    assert scene.rows() == [(SegmentState.GROWING, synced)]
    for part in scene.parts[2:]:
        scene.writer.append(part)
    scene.checkpointer.finish(scene.segment)
    scene.checkpointer.seal_finished()
    scene.checkpointer.write_down()
    assert scene.rows() == [(SegmentState.SEALED, 75)]
    assert scene.catalog.segments()[0].size_bytes == (scene.records / PATH).stat().st_size


def test_how_long_files_are_being_synced(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.checkpointer.add(scene.segment)
    scene.writer.append(scene.parts[0])
    seen = []
    really = os.fdatasync

    def slowly(fd: int) -> None:
        scene.clock.advance(6)
        seen.append(scene.checkpointer.behind_s)
        really(fd)

    monkeypatch.setattr(os, "fdatasync", slowly)
    scene.checkpointer.start()
    assert scene.checkpointer.stop(30)
    assert seen == [6]
    assert scene.checkpointer.behind_s == 0


def test_a_file_without_a_part_leaves_no_trace(scene: Scene) -> None:
    scene.checkpointer.add(scene.segment)
    scene.checkpointer.checkpoint()
    scene.checkpointer.finish(scene.segment)
    scene.checkpointer.seal_finished()
    scene.checkpointer.write_down()
    assert scene.rows() == []
    assert not (scene.records / PATH).exists()


def test_a_seal_that_fails_is_tried_again_at_each_checkpoint(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.checkpointer.add(scene.segment)
    scene.writer.append(scene.parts[0])
    scene.checkpointer.finish(scene.segment)

    def refuse() -> None:
        raise SegmentError("no space left") from OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(scene.writer, "seal", refuse)
    scene.checkpointer.seal_finished()
    scene.checkpointer.write_down()
    assert scene.rows() == []
    scene.checkpointer.checkpoint()
    scene.checkpointer.write_down()
    assert scene.rows() == [(SegmentState.SEALED, len(scene.parts[0].tracks[0].payloads))]


def test_a_catalog_that_fails_is_caught_up_with_the_newest_state(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    working = scene.catalog.commit

    def locked(*_: object, **__: object) -> None:
        raise CatalogError("database is locked")

    monkeypatch.setattr(scene.catalog, "commit", locked)
    gap = GapChange(1, START_US - 10, None, GapCause.CAMERA_OFFLINE)
    scene.checkpointer.note_gap(gap)
    scene.checkpointer.note_run(RunChange("ab" * 16, 1, START_US))
    scene.checkpointer.write_down()
    scene.checkpointer.write_down()
    scene.checkpointer.note_gap(replace(gap, end_utc_us=START_US))
    monkeypatch.setattr(scene.catalog, "commit", working)
    scene.checkpointer.write_down()
    assert [(row.start_utc_us, row.end_utc_us) for row in scene.catalog.gaps(1)] == [(START_US - 10, START_US)]
    assert [run.run_id for run in scene.catalog.runs(1)] == ["ab" * 16]
    assert caplog.text.count("database is locked") == 1
    assert "nothing was lost" in caplog.text


def test_a_damaged_catalog_is_replaced_and_takes_what_waits(scene: Scene) -> None:
    replaced: list[bool] = []

    def replace_it() -> None:
        scene.catalog.reopen()
        replaced.append(scene.catalog.was_rebuilt)

    checkpointer = Checkpointer(scene.catalog, scene.records, 5, scene.clock, damaged=replace_it)
    checkpointer.add(scene.segment)
    scene.writer.append(scene.parts[0])
    checkpointer.checkpoint()
    scene.catalog.close()
    for file in scene.catalog.data_dir.glob("catalog.db*"):
        file.write_bytes(b"x" * 9000)
    checkpointer.write_down()
    assert replaced == [True]
    checkpointer.write_down()
    assert [state for state, _ in scene.rows()] == [SegmentState.GROWING]
    assert list(scene.catalog.data_dir.glob("catalog.db.damaged-*"))


def test_the_thread_seals_and_writes_down_before_it_ends(scene: Scene) -> None:
    scene.checkpointer.start()
    scene.checkpointer.add(scene.segment)
    for part in scene.parts:
        scene.writer.append(part)
    scene.checkpointer.finish(scene.segment)
    assert scene.checkpointer.stop(10)
    assert scene.rows() == [(SegmentState.SEALED, 75)]
