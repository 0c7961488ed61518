"""Puts the rows that a rescan staged in place of the catalog's own, in one transaction.

Rows that the recorder added since the rescan began (`id` above `newest`), and rows that the rescan saw growing, stay its own.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, delete, func, insert, select, text

from mini_nvr.catalog.changes import LONGEST_SEGMENT, RESCAN_DUE, raise_meta
from mini_nvr.catalog.database import FILE_NAME
from mini_nvr.catalog.queries import gaps_between, read_stretches
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import gap_row
from mini_nvr.catalog.schema import channels, gaps, meta, segments
from mini_nvr.catalog.timeline import Gap, explain
from mini_nvr.errors import GapCause

_FROM_FILES = [name for name in segments.columns.keys() if name not in {"id", "protected"}]  # noqa: SIM118  columns, not their names
_COLUMNS = ", ".join(_FROM_FILES)
_UPDATES = ", ".join(f"{name} = excluded.{name}" for name in _FROM_FILES if name not in {"path", "state"})

_EXCHANGE_SEGMENTS = (
    """
    DELETE FROM staged.segments WHERE state = 'growing' AND path IN (SELECT path FROM main.segments)
    """,
    """
    INSERT INTO main.channels (number, name, first_seen_utc_us)
    SELECT number, name, first_seen_utc_us FROM staged.channels WHERE true ON CONFLICT DO NOTHING
    """,
    f"""
    INSERT INTO main.segments ({_COLUMNS}) SELECT {_COLUMNS} FROM staged.segments WHERE true
    ON CONFLICT (path) DO UPDATE SET {_UPDATES},
    state = CASE segments.state WHEN 'deleting' THEN 'deleting' ELSE excluded.state END
    """,  # noqa: S608  names from the schema, no values
    """
    DELETE FROM main.segment_indexes WHERE segment_id IN
    (SELECT known.id FROM staged.segments AS found
    JOIN main.segments AS known ON known.path = found.path
    JOIN main.segment_indexes AS old ON old.segment_id = known.id
    LEFT JOIN staged.segment_indexes AS new ON new.segment_id = found.id WHERE old.entries IS NOT new.entries)
    """,
    """
    INSERT INTO main.segment_indexes (segment_id, entries)
    SELECT known.id, new.entries FROM staged.segments AS found
    JOIN main.segments AS known ON known.path = found.path
    JOIN staged.segment_indexes AS new ON new.segment_id = found.id WHERE true ON CONFLICT DO NOTHING
    """,
    """
    UPDATE main.segments SET state = 'damaged' WHERE state = 'sealed' AND path IN (SELECT path FROM staged.unreadable)
    """,
)
_DROP_MISSING = """
    DELETE FROM main.segments WHERE id <= :newest
    AND NOT EXISTS (SELECT 1 FROM staged.known WHERE known.path = segments.path)
"""
_EXCHANGE_RUNS = (
    """
    DELETE FROM main.runs WHERE end_utc_us IS NOT NULL AND id NOT IN (SELECT run_id FROM main.segments)
    """,
    """
    INSERT INTO main.runs (id, channel, start_utc_us, end_utc_us)
    SELECT run_id, min(channel), min(start_utc_us), CASE max(state = 'growing') WHEN 0 THEN max(start_utc_us + duration_us) END
    FROM main.segments WHERE true GROUP BY run_id
    ON CONFLICT (id) DO UPDATE SET start_utc_us = min(start_utc_us, excluded.start_utc_us)
    """,
)


def newest_id(catalog: Catalog) -> int:
    """The highest segment id so far; ids are never used again, so a higher one is a later row."""
    with catalog.database.read() as connection:
        return connection.scalar(select(func.max(segments.c.id))) or 0


def exchange(
    catalog: Catalog,
    staging_dir: Path,
    newest: int,
    unreadable: Sequence[PurePosixPath],
    kept: Sequence[PurePosixPath] = (),
    finish: Callable[[Connection], None] = lambda connection: None,
) -> int:
    """Make the staged rows the catalog's; returns how many rows were dropped because their file is gone.

    kept: paths whose rows stay as they are. finish: what else belongs into the transaction, once the rows are there.
    """
    with _attached(catalog, staging_dir / FILE_NAME) as connection, connection.begin():
        _list_files_on_disk(connection, unreadable, kept)
        dropped = connection.execute(text(_DROP_MISSING), {"newest": newest}).rowcount
        for statement in _EXCHANGE_SEGMENTS:
            connection.execute(text(statement))
        for statement in _EXCHANGE_RUNS:
            connection.execute(text(statement))
        longest = connection.scalar(text("SELECT max(duration_us) FROM staged.segments"))
        raise_meta(connection, LONGEST_SEGMENT, longest or 0)
        for channel in connection.scalars(select(channels.c.number)).all():
            _explain_gaps(connection, channel)
        finish(connection)
        connection.execute(delete(meta).where(meta.c.key == RESCAN_DUE))
    return dropped


@contextmanager
def _attached(catalog: Catalog, path: Path) -> Iterator[Connection]:
    """A connection that sees the staged catalog as `staged`; SQLite attaches only outside a transaction."""
    with catalog.database.connection() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101  narrows the driver-neutral type
        driver.execute("ATTACH ? AS staged", (str(path),)).close()
        try:
            yield connection
        finally:
            connection.rollback()  # ends what an error left open; nothing after a commit
            driver.execute("DETACH staged").close()


def _list_files_on_disk(connection: Connection, unreadable: Sequence[PurePosixPath], kept: Sequence[PurePosixPath]) -> None:
    """Every path that the rescan met, readable or not, and those that are none of its business."""
    for statement in (
        "CREATE TABLE staged.unreadable (path TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE staged.known (path TEXT PRIMARY KEY) WITHOUT ROWID",
    ):
        connection.execute(text(statement))
    if unreadable:
        connection.execute(text("INSERT INTO staged.unreadable VALUES (:path)"), [{"path": str(path)} for path in unreadable])
    connection.execute(text("INSERT INTO staged.known SELECT path FROM staged.segments UNION SELECT path FROM staged.unreadable"))
    if kept:
        connection.execute(text("INSERT OR IGNORE INTO staged.known VALUES (:path)"), [{"path": str(path)} for path in kept])


def _explain_gaps(connection: Connection, channel: int) -> None:
    known = [gap_row(row) for row in connection.execute(gaps_between(channel, None, None))]
    before = [Gap(row.start_utc_us, row.end_utc_us, row.cause, row.detail) for row in known]
    stated = connection.execute(
        text("SELECT start_utc_us, end_utc_us, cause, detail FROM staged.gaps WHERE channel = :channel ORDER BY start_utc_us"),
        {"channel": channel},
    )
    said = [Gap(start, end, GapCause(cause), detail) for start, end, cause, detail in stated]
    after = explain(read_stretches(connection, channel), said, before)
    if after == before:
        return
    connection.execute(delete(gaps).where(gaps.c.channel == channel))
    if after:
        connection.execute(
            insert(gaps),
            [
                {
                    "channel": channel,
                    "start_utc_us": gap.start_utc_us,
                    "end_utc_us": gap.end_utc_us,
                    "cause": gap.cause.value,
                    "detail": gap.detail,
                }
                for gap in after
            ],
        )
