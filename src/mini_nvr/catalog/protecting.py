"""Protected segments are never cleaned up (storage I8): marking them, one by one or all of a stretch of time.

Each change is one transaction, as is `Catalog.mark_deleting`: a segment is either protected or being deleted, never both.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

from sqlalchemy import ColumnElement, select, update

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.queries import segments_between
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import segment_row
from mini_nvr.catalog.schema import segments

_IDS_A_STATEMENT = 500


def protect_file(catalog: Catalog, path: PurePosixPath, *, protected: bool) -> SegmentRow | None:
    """Protect one segment, growing or not, or end that; its row as it is now, None when there is none or it is being deleted."""
    exactly = segments.c.path == str(path), segments.c.state != SegmentState.DELETING.value
    with catalog.database.write() as connection:
        connection.execute(update(segments).where(*exactly).values(protected=int(protected)))
        row = connection.execute(select(segments).where(*exactly)).first()
        return segment_row(row) if row is not None else None


def protect_range(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int, *, protected: bool) -> list[SegmentRow]:
    """Do so with every segment of a channel that holds footage of [start, end); all of these rows as they are now, in order."""
    with catalog.database.write() as connection:
        found = [segment_row(row) for row in connection.execute(segments_between(channel, start_utc_us, end_utc_us, None))]
        ids = [row.id for row in found if row.state is not SegmentState.DELETING]
        for chunk in _chunks(ids):
            connection.execute(update(segments).where(_among(chunk)).values(protected=int(protected)))
        now = [segment_row(row) for chunk in _chunks(ids) for row in connection.execute(select(segments).where(_among(chunk)))]
    return sorted(now, key=lambda row: (row.start_utc_us, row.id))


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[first : first + _IDS_A_STATEMENT] for first in range(0, len(ids), _IDS_A_STATEMENT)]


def _among(ids: Sequence[int]) -> ColumnElement[bool]:
    return segments.c.id.in_(ids)
