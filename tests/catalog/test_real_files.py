"""Repair and rescan on files that our own writer made, growing, torn and sealed."""

from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.catalog.model import SegmentChange, SegmentState
from mini_nvr.catalog.recovery import repair
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import snapshot
from mini_nvr.clock import US_PER_S
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from tests.support.catalog import T0, index_of, run_id
from tests.support.footage import cut_into_parts, video_clip


def _writer(record_dir: Path, path: PurePosixPath, number: int) -> HybridWriter:
    header = SegmentHeader(1, "Door", T0 + number * 4 * US_PER_S, run_id(1), number, "arrival")
    return HybridWriter(record_dir / path, header, [video_clip().format])


@pytest.mark.parametrize("torn_bytes", [0, 1, 5_000])
def test_a_crash_is_repaired_and_a_rescan_agrees(catalog: Catalog, tmp_path: Path, torn_bytes: int) -> None:
    record_dir = tmp_path / "recordings"
    paths = [PurePosixPath(f"ch1/2026-03-01/13300{second}+0000.mp4") for second in (0, 4, 8)]
    parts = cut_into_parts([video_clip()])
    sealed = _writer(record_dir, paths[0], 0)
    for part in parts:
        sealed.append(part)
    first = sealed.seal()
    growing = _writer(record_dir, paths[1], 1)
    growing.append(parts[0])
    second = growing.checkpoint()
    for part in parts[1:]:
        growing.append(part)
    growing.abandon()
    unborn = _writer(record_dir, paths[2], 2)
    unborn.abandon()
    catalog.commit([SegmentChange(paths[0], first), SegmentChange(paths[1], second)])
    with (record_dir / paths[1]).open("r+b") as file:
        file.truncate((record_dir / paths[1]).stat().st_size - torn_bytes)

    report = repair(catalog, record_dir, T0)

    assert (report.sealed, report.removed, report.damaged) == ([paths[1]], [paths[2]], [])
    rows = catalog.segments()
    assert [row.state for row in rows] == [SegmentState.SEALED] * 2
    assert [row.video_frames for row in rows] == [100, 100 if not torn_bytes else 75]
    assert [row.size_bytes for row in rows] == [(record_dir / row.path).stat().st_size for row in rows]
    assert len(index_of(catalog, rows[1].id)) == (4 if not torn_bytes else 3)
    before = snapshot(catalog)
    rescan(catalog, record_dir)
    assert snapshot(catalog) == before
    with Catalog.open(tmp_path / "from nothing") as fresh:
        rescan(fresh, record_dir)
        assert snapshot(fresh) == before
