"""A recording folder with real footage files, and the catalog that knows them."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from mini_nvr.catalog.model import SegmentChange, SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from mini_nvr.segment.names import segment_name
from tests.support.catalog import run_id
from tests.support.footage import Clip, cut_into_parts


class Archive:
    """`record` writes a file as the recorder does, part by part, and commits it."""

    def __init__(self, root: Path) -> None:
        self.record_dir = root / "recordings"
        self.record_dir.mkdir()
        self.catalog = Catalog.open(root / "data")

    def record(
        self, start_utc_us: int, clips: Sequence[Clip], *, channel: int = 1, run: int = 1, number: int = 0, seal: bool = True
    ) -> SegmentRow:
        """One file; its row. Not sealed: it stays as a checkpoint left it."""
        path = segment_name(channel, start_utc_us, UTC, "mp4")
        header = SegmentHeader(channel, f"Camera {channel}", start_utc_us, run_id(run), number, "arrival")
        writer = HybridWriter(self.record_dir / path, header, [clip.format for clip in clips])
        for part in cut_into_parts(clips):
            writer.append(part)
        facts = writer.seal() if seal else writer.checkpoint()
        writer.abandon()
        self.catalog.commit([SegmentChange(path, facts)])
        row = self.catalog.segment_at(path)
        assert row is not None
        return row

    def run(self, start_utc_us: int, clips: Sequence[Clip], files: int, *, channel: int = 1, run: int = 1) -> list[SegmentRow]:
        """Files of one run, each beginning where the one before ends."""
        rows: list[SegmentRow] = []
        for number in range(files):
            rows.append(self.record(start_utc_us, clips, channel=channel, run=run, number=number))
            start_utc_us = rows[-1].end_utc_us
        return rows

    def path(self, row: SegmentRow) -> Path:
        return self.record_dir / row.path
