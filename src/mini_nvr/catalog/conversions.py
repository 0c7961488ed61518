"""Files that become other files: footage taken over from other products, rows that change their file, attempts that failed.

A row keeps its id, its protection and its place on the time line when its file is exchanged.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from mini_nvr.catalog import changes, queries
from mini_nvr.catalog.model import SegmentChange, SegmentRow, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import gap_row, segment_entry, segment_row
from mini_nvr.catalog.schema import conversions, gaps, segments
from mini_nvr.catalog.timeline import Gap, Stretch, explain
from mini_nvr.segment.names import parse_foreign_name

_ERROR_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class FailedConversion:
    """A file that could not be converted. attempts: how many failed so far; next_utc_us: not before then."""

    path: PurePosixPath
    attempts: int
    next_utc_us: int
    error: str


_NOT_ASKED = conversions.c.next_utc_us > 0  # `ask_again` makes it 0


def adopt(
    catalog: Catalog,
    found: Sequence[SegmentChange],
    damaged: Collection[PurePosixPath] = (),
    protected: Collection[PurePosixPath] = (),
) -> None:
    """Take footage of other products into the catalog; the gaps around it are what it leaves. One transaction.

    damaged: the paths among them that cannot be read. protected: those that a catalog which was lost protected.
    """
    if not found:
        return
    entries = [segment_entry(change) for change in found]
    with catalog.database.write() as connection:
        _put(connection, found, entries)
        if damaged:
            statement = update(segments).where(segments.c.path == bindparam("of_path")).values(state=SegmentState.DAMAGED.value)
            connection.execute(statement, [{"of_path": str(path)} for path in damaged])
        if protected:
            statement = update(segments).where(segments.c.path == bindparam("of_path")).values(protected=1)
            connection.execute(statement, [{"of_path": str(path)} for path in protected])
        _explain_around(connection, found)


def exchange_file(
    catalog: Catalog, original: PurePosixPath, change: SegmentChange, *, known: bool = True, protected: bool = False
) -> bool:
    """The row of `original` now speaks of the file in `change`, which is on the disk; one transaction.

    Both files may have one: a repair makes rows for files without. The older one stays, whose id is known to viewers, with the
    protection of both. False, and nothing changed, when the original is being deleted, or was: it had a row (`known`) and has none
    now, nor has the new file. protected: the new file is, whatever the rows say.
    """
    entry = segment_entry(change)
    with catalog.database.write() as connection:
        old = _row_at(connection, original)
        new = _row_at(connection, change.path)
        if old.state is not SegmentState.SEALED if old is not None else known and new is None:
            return False
        if old is not None:
            rows = [old] if new is None else [old, new]
            oldest, *younger = sorted(row.id for row in rows)
            connection.execute(delete(segments).where(segments.c.id.in_(younger)))
            values = {"path": str(change.path), "protected": int(any(row.protected for row in rows))}
            connection.execute(update(segments).where(segments.c.id == oldest).values(values))
        _put(connection, [change], [entry])
        if protected:
            connection.execute(update(segments).where(segments.c.path == str(change.path)).values(protected=1))
        _explain_around(connection, [change])
        return True


def drop_original(catalog: Catalog, original: PurePosixPath) -> None:
    """Nothing is left of a file that was exchanged, not even a row that a repair made for it before it was removed."""
    with catalog.database.write() as connection:
        connection.execute(delete(segments).where(segments.c.path == str(original)))
        connection.execute(delete(conversions).where(conversions.c.path == str(original)))


def note_failure(catalog: Catalog, failed: FailedConversion) -> None:
    """Remember that a conversion failed, and when to try again."""
    statement = insert(conversions).values(
        path=str(failed.path),
        attempts=failed.attempts,
        next_utc_us=failed.next_utc_us,
        error=failed.error[:_ERROR_CHARACTERS].encode("utf-8", "replace").decode(),
    )
    fields = ("attempts", "next_utc_us", "error")
    statement = statement.on_conflict_do_update(index_elements=["path"], set_={name: statement.excluded[name] for name in fields})
    with catalog.database.write() as connection:
        connection.execute(statement)


def ask_again(catalog: Catalog, said: str, wish: str) -> int:
    """Let the failed conversions whose error holds `said` be due now, with `wish` in its place; how many they are."""
    wanted = conversions.c.error.contains(said, autoescape=True)
    with catalog.database.write() as connection:
        return connection.execute(update(conversions).where(wanted).values(next_utc_us=0, error=wish)).rowcount


def failure_of(catalog: Catalog, path: PurePosixPath) -> FailedConversion | None:
    """What is remembered of a file's last failed conversion."""
    with catalog.database.read() as connection:
        row = connection.execute(select(conversions).where(conversions.c.path == str(path))).first()
        return _failed(row) if row is not None else None


def failed_conversions(catalog: Catalog, limit: int = 100, *, asked: bool = True) -> list[FailedConversion]:
    """The files that could not be converted, by path; asked: those too that `ask_again` was called for since."""
    query = select(conversions) if asked else select(conversions).where(_NOT_ASKED)
    with catalog.database.read() as connection:
        return [_failed(row) for row in connection.execute(query.order_by(conversions.c.path).limit(limit))]


def count_failed(catalog: Catalog) -> int:
    """How many files could not be converted, and nobody has asked for since."""
    with catalog.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(conversions).where(_NOT_ASKED)) or 0


def forget_failures(catalog: Catalog, paths: Collection[PurePosixPath]) -> None:
    """Files that are gone need no further attempt."""
    if paths:
        with catalog.database.write() as connection:
            statement = delete(conversions).where(conversions.c.path == bindparam("of_path"))
            connection.execute(statement, [{"of_path": str(path)} for path in paths])


def foreign_paths(catalog: Catalog) -> list[PurePosixPath]:
    """The rows whose file another product made and that is not converted yet; reads every row."""
    with catalog.database.read() as connection:
        paths = connection.scalars(select(segments.c.path).where(segments.c.init_size_bytes == 0)).all()
    return [path for path in map(PurePosixPath, paths) if parse_foreign_name(path) is not None]


def _put(connection: Connection, found: Sequence[SegmentChange], entries: Sequence[tuple[dict[str, Any], bytes]]) -> None:
    headers = [change.facts.header for change in found]
    changes.add_channels(connection, [(item.channel, item.camera_name, item.start_utc_us) for item in headers])
    changes.put_segments(connection, entries)


def _row_at(connection: Connection, path: PurePosixPath) -> SegmentRow | None:
    row = connection.execute(select(segments).where(segments.c.path == str(path))).first()
    return segment_row(row) if row is not None else None


def _failed(row: Any) -> FailedConversion:
    return FailedConversion(PurePosixPath(row.path), row.attempts, row.next_utc_us, row.error)


def _explain_around(connection: Connection, found: Sequence[SegmentChange]) -> None:
    """Make the gaps of each channel agree with its footage again, from the neighbour before the new files to the one behind."""
    for channel in {change.facts.header.channel for change in found}:
        own = [change.facts for change in found if change.facts.header.channel == channel]
        start = min(item.header.start_utc_us for item in own)
        end = max(item.header.start_utc_us + item.duration_us for item in own)
        _explain_between(connection, channel, _neighbour_before(connection, channel, start), end)


def _neighbour_before(connection: Connection, channel: int, start_utc_us: int) -> int:
    of = segments.c
    before = select(func.max(of.start_utc_us)).where(of.channel == channel, of.start_utc_us < start_utc_us)
    found: int | None = connection.scalar(before)
    return start_utc_us if found is None else found


def _explain_between(connection: Connection, channel: int, start: int, end: int) -> None:
    following: int | None = connection.scalar(queries.footage_start_after(channel, end))
    end = (end if following is None else following) + 1
    rows = [segment_row(row) for row in connection.execute(queries.segments_between(channel, start, end, None))]
    footage = [
        Stretch(row.start_utc_us, row.end_utc_us, row.run_id, row.number) for row in rows if row.state is not SegmentState.DELETING
    ]
    known = [gap_row(row) for row in connection.execute(queries.gaps_between(channel, start, end))]
    before = [Gap(row.start_utc_us, row.end_utc_us, row.cause, row.detail) for row in known]
    after = explain(footage, (), before)
    if after == before:
        return
    connection.execute(delete(gaps).where(gaps.c.id.in_([row.id for row in known])))
    values = [
        {
            "channel": channel,
            "start_utc_us": gap.start_utc_us,
            "end_utc_us": gap.end_utc_us,
            "cause": gap.cause.value,
            "detail": gap.detail,
        }
        for gap in after
    ]
    if values:
        connection.execute(insert(gaps), values)
