"""The catalog as the files could tell it: equal before and after a rescan, whatever happened to the catalog in between."""

from dataclasses import dataclass

from sqlalchemy import select

from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.queries import gaps_between, read_stretches
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import gap_row
from mini_nvr.catalog.schema import channels, segment_indexes, segments
from mini_nvr.catalog.timeline import Gap, explain

_NOT_IN_FILES = {"id", "protected"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Comparable, and readable in a failed assertion.

    segments: every column but id and protection, and the key-frame index as stored, by path.
    runs: (id, channel) of the runs that have footage.
    gaps: by channel, those between its first and its last footage, without details; elsewhere files say nothing.
    """

    segments: dict[str, dict[str, object]]
    runs: set[tuple[str, int]]
    gaps: dict[int, list[Gap]]


def snapshot(catalog: Catalog) -> Snapshot:
    """One consistent view of the whole catalog; for tests and checks, as it holds every row in memory."""
    columns = [column for column in segments.columns if column.name not in _NOT_IN_FILES]
    footage = (
        select(*columns, segment_indexes.c.entries)
        .outerjoin(segment_indexes, segment_indexes.c.segment_id == segments.c.id)
        .where(segments.c.state != SegmentState.DELETING.value)
    )
    with catalog.database.read() as connection:
        rows = {row["path"]: dict(row) for row in connection.execute(footage).mappings()}
        runs = {(str(row["run_id"]), int(row["channel"])) for row in rows.values()}
        gaps: dict[int, list[Gap]] = {}
        for channel in connection.scalars(select(channels.c.number)).all():
            stretches = list(read_stretches(connection, channel))
            if not stretches:
                continue
            first, last = stretches[0].start_utc_us, max(stretch.end_utc_us for stretch in stretches)
            known = [gap_row(row) for row in connection.execute(gaps_between(channel, None, None))]
            bare = [Gap(row.start_utc_us, row.end_utc_us, row.cause) for row in known]
            gaps[channel] = [gap for gap in explain(stretches, bare, ()) if first <= gap.start_utc_us < last]
    return Snapshot(rows, runs, gaps)
