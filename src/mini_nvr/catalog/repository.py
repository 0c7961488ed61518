"""The catalog: every question about what was recorded, and every change to it, each one transaction.

Calls block on the disk, so they belong on a thread (the recorder's sync thread, a pool of the web service), never on the event
loop. A `Catalog` may be shared between threads, and any number of processes may have one open.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, delete, select, update

from mini_nvr.catalog import changes, queries
from mini_nvr.catalog.database import FILE_NAME, open_database
from mini_nvr.catalog.engine import BUSY_TIMEOUT_S, Database, UnopenedDatabase
from mini_nvr.catalog.model import (
    ChannelRow,
    GapChange,
    GapRow,
    RunChange,
    RunRow,
    SegmentChange,
    SegmentRow,
    SegmentState,
)
from mini_nvr.catalog.rows import channel_row, gap_row, run_row, segment_entry, segment_row
from mini_nvr.catalog.schema import channels, meta, segments
from mini_nvr.catalog.timeline import Span, Stretch, covered
from mini_nvr.clock import Clock, SystemClock
from mini_nvr.errors import CatalogError, GapCause

_IDS_A_STATEMENT = 500
_DELETABLE_A_FETCH = 32


class Catalog:
    """DATA_DIR/catalog.db, open.

    All methods raise `CatalogError` (its child `CatalogDamaged` when the file's bytes are wrong: the next `open` sets it aside).
    """

    def __init__(self, data_dir: Path, database: Database) -> None:
        self.data_dir = data_dir
        self.database = database

    @classmethod
    def open(cls, data_dir: Path, *, clock: Clock | None = None, durable: bool = True) -> Self:
        """Open the catalog of a data folder; make, migrate or set it aside first when it needs that.

        A damaged file is set aside only when no other process records into it: a process that records holds `DataDirLock` and calls
        this after it took the lock.

        durable: off for a catalog that is thrown away after a crash; nothing is synced then.

        Raises:
            CatalogTooNew: a newer program made it; nothing was touched.
        """
        return cls(data_dir, open_database(data_dir, clock or SystemClock(), durable=durable))

    @classmethod
    def unopened(cls, data_dir: Path, reason: CatalogError) -> Self:
        """The catalog of a data folder where `open` has just failed: everything but `reopen` and `close` fails for that reason."""
        return cls(data_dir, UnopenedDatabase(data_dir / FILE_NAME, str(reason)))

    @property
    def is_open(self) -> bool:
        """False for one that is `unopened`, until `reopen` succeeds."""
        return not isinstance(self.database, UnopenedDatabase)

    def reopen(self, *, clock: Clock | None = None) -> None:
        """After `CatalogDamaged`: check the whole file, set it aside when it is damaged indeed, and go on with a new one.

        Of one that is `unopened`: open it.

        The caller holds `DataDirLock`, and fills the new one by a rescan (`was_rebuilt`). Other processes follow by themselves.

        Raises:
            CatalogError: it cannot be made; this one stays closed until a later call succeeds.
        """
        self.database.close()
        self.database = open_database(self.data_dir, clock or SystemClock())

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def was_rebuilt(self) -> bool:
        """The database was made new (first start, lost, damaged and set aside) and no rescan has filled it since."""
        with self.database.read() as connection:
            return connection.scalar(select(meta.c["value"]).where(meta.c.key == changes.RESCAN_DUE)) is not None

    # What was recorded: changes

    def register_channels(self, named: Iterable[tuple[int, str]], now_utc_us: int) -> None:
        """Make (number, name) known, or known by a new name."""
        with self.database.write() as connection:
            changes.name_channels(connection, named, now_utc_us)

    def commit(
        self,
        segments: Sequence[SegmentChange],
        gaps: Sequence[GapChange] = (),
        runs: Sequence[RunChange] = (),
        *,
        now_utc_us: int | None = None,
        patience_s: float = BUSY_TIMEOUT_S,
    ) -> None:
        """A checkpoint of all channels: what `segments` claim must be synced already (storage I3). All of it, or none.

        now_utc_us: until when the recorder was surely alive; tells, after a crash, when the silence began.
        patience_s: how long to wait for others who write.
        """
        entries = [segment_entry(change) for change in segments]
        found = {change.facts.header.channel: change.facts.header.camera_name for change in segments}
        unnamed = ({gap.channel for gap in gaps} | {run.channel for run in runs}) - set(found)
        first = min((change.facts.header.start_utc_us for change in segments), default=now_utc_us or 0)
        with self.database.write(patience_s) as connection:
            changes.add_channels(connection, [(n, name, first) for n, name in found.items()] + [(n, "", first) for n in unnamed])
            changes.put_segments(connection, entries)
            changes.put_runs(connection, runs)
            for gap in gaps:
                changes.put_gap(connection, gap)
            if now_utc_us is not None:
                changes.raise_meta(connection, changes.LAST_CHECKPOINT, now_utc_us)

    def protect(self, ids: Iterable[int], *, protected: bool) -> None:
        """Keep segments from being cleaned up (storage I8), or stop doing so."""
        self._update(ids, {"protected": int(protected)})

    def mark_damaged(self, ids: Iterable[int]) -> None:
        """Their files cannot be read; rows and files are kept (storage I11)."""
        self._update(ids, {"state": SegmentState.DAMAGED.value})

    def mark_deleting(self, ids: Iterable[int], *, at: Collection[PurePosixPath] | None = None) -> list[SegmentRow]:
        """First step of storage I4; returns the rows that may now be unlinked: never one that is growing or protected (I8).

        at: only rows of these files. Ids that were read a while ago may be of a catalog that has been replaced since.
        """
        allowed = segments.c.state.in_([SegmentState.SEALED.value, SegmentState.DAMAGED.value]) & (segments.c.protected == 0)
        marked: list[SegmentRow] = []
        with self.database.write() as connection:
            for some in _chunks(ids):
                named = segments.c.id.in_(_of_files(connection, some, at))
                connection.execute(update(segments).where(named, allowed).values(state=SegmentState.DELETING.value))
                query = select(segments).where(named, segments.c.state == SegmentState.DELETING.value)
                marked += map(segment_row, connection.execute(query))
        return marked

    def forget(
        self,
        ids: Iterable[int],
        cause: GapCause = GapCause.DELETED,
        detail: str = "",
        *,
        at: Collection[PurePosixPath] | None = None,
    ) -> None:
        """Last step of storage I4: drop the rows; the time that they covered becomes a gap, joined with its like before it.

        at: see `mark_deleting`.
        """
        with self.database.write() as connection:
            rows: list[SegmentRow] = []
            for some in _chunks(ids):
                named = segments.c.id.in_(_of_files(connection, some, at))
                rows += map(segment_row, connection.execute(select(segments).where(named)))
                connection.execute(delete(segments).where(named))
            for channel in {row.channel for row in rows}:
                lost = sorted((row for row in rows if row.channel == channel), key=lambda row: row.start_utc_us)
                for start, end in covered(Stretch(row.start_utc_us, row.end_utc_us, row.run_id, row.number) for row in lost):
                    taken = _taken(connection, channel, start, end)
                    changes.fill_with_gap(connection, GapChange(channel, start, end, cause, detail), taken)

    def _update(self, ids: Iterable[int], values: dict[str, object]) -> None:
        with self.database.write() as connection:
            for some in _chunks(ids):
                connection.execute(update(segments).where(segments.c.id.in_(some)).values(values))

    # What was recorded: questions

    def channels(self) -> list[ChannelRow]:
        """All channels that were ever known, by number."""
        with self.database.read() as connection:
            return [channel_row(row) for row in connection.execute(select(channels).order_by(channels.c.number))]

    def segments(
        self,
        channel: int | None = None,
        start_utc_us: int | None = None,
        end_utc_us: int | None = None,
        state: SegmentState | None = None,
    ) -> list[SegmentRow]:
        """Segments with footage inside [start, end), of one channel or all, in order of their start."""
        with self.database.read() as connection:
            query = queries.segments_between(channel, start_utc_us, end_utc_us, state)
            return [segment_row(row) for row in connection.execute(query)]

    def growing(self) -> list[SegmentRow]:
        """Segments that are being written, or were when a crash came."""
        return self.segments(state=SegmentState.GROWING)

    def deletable(self, channel: int, behind: SegmentRow | None = None) -> Iterator[SegmentRow]:
        """A channel's sealed or damaged, unprotected segments, oldest first; fetched as they are asked for, none twice.

        behind: begin after this one.
        """
        while True:
            after = (-1, -1) if behind is None else (behind.start_utc_us, behind.id)
            with self.database.read() as connection:
                page = [segment_row(row) for row in connection.execute(queries.deletable(channel, after, _DELETABLE_A_FETCH))]
            yield from page
            if len(page) < _DELETABLE_A_FETCH:
                return
            behind = page[-1]

    def segment_at(self, path: PurePosixPath) -> SegmentRow | None:
        """The row of a file, by its path relative to RECORD_DIR."""
        with self.database.read() as connection:
            row = connection.execute(select(segments).where(segments.c.path == str(path))).first()
            return segment_row(row) if row is not None else None

    def segments_in(self, folder: PurePosixPath) -> list[SegmentRow]:
        """The segments below one folder, by path."""
        with self.database.read() as connection:
            return [segment_row(row) for row in connection.execute(queries.segments_below(folder))]

    def paths_newest_first(self) -> Iterator[PurePosixPath]:
        """The paths of all segments that are not being deleted; a transaction is open until the iterator ends or is dropped."""
        with self.database.read() as connection:
            query = queries.paths_newest_first()
            for path in connection.execution_options(yield_per=queries.ROWS_A_FETCH).execute(query).scalars():
                yield PurePosixPath(path)

    def gaps(self, channel: int, start_utc_us: int | None = None, end_utc_us: int | None = None) -> list[GapRow]:
        """Gaps inside [start, end), in order; they never overlap each other."""
        with self.database.read() as connection:
            return [gap_row(row) for row in connection.execute(queries.gaps_between(channel, start_utc_us, end_utc_us))]

    def last_gap(self, channel: int) -> GapRow | None:
        """The gap that began last; open when its end is None."""
        with self.database.read() as connection:
            row = connection.execute(queries.last_gap(channel)).first()
            return gap_row(row) if row is not None else None

    def runs(self, channel: int) -> list[RunRow]:
        """A channel's runs in order."""
        with self.database.read() as connection:
            return [run_row(row) for row in connection.execute(queries.runs_of(channel))]

    def open_runs(self) -> list[tuple[RunRow, int]]:
        """Runs that were never ended, each with the end of its footage (its start when it has none)."""
        with self.database.read() as connection:
            rows = [run_row(row) for row in connection.execute(queries.open_runs())]
            ends = [connection.scalar(queries.run_end(row.run_id, row.channel, row.start_utc_us)) for row in rows]
            return [(row, max(row.start_utc_us, end or 0)) for row, end in zip(rows, ends, strict=True)]

    def footage_end(self, channel: int) -> int | None:
        """UTC microseconds where the channel's last footage ends; None when there is none."""
        with self.database.read() as connection:
            end: int | None = connection.scalar(queries.footage_end(channel))
            return end

    def footage_start_after(self, channel: int, utc_us: int) -> int | None:
        """Where the first segment begins that starts at or after an instant."""
        with self.database.read() as connection:
            start: int | None = connection.scalar(queries.footage_start_after(channel, utc_us))
            return start

    def last_checkpoint_utc_us(self) -> int | None:
        """When the recorder was last known to be alive: its last commit, or the end of any channel's footage if that is later."""
        with self.database.read() as connection:
            numbers = connection.scalars(select(channels.c.number)).all()
            ends = [connection.scalar(queries.footage_end(number)) for number in numbers]
            stated = connection.scalar(select(queries.meta_number(changes.LAST_CHECKPOINT)))
        return max((moment for moment in (*ends, stated) if moment), default=None)


def _taken(connection: Connection, channel: int, start: int, end: int) -> list[Span]:
    """What lies in [start, end) of a channel: footage and gaps, in order."""
    footage = [segment_row(row) for row in connection.execute(queries.segments_between(channel, start, end, None))]
    holes = [gap_row(row) for row in connection.execute(queries.gaps_between(channel, start, end))]
    spans = [(row.start_utc_us, row.end_utc_us) for row in footage]
    return sorted(spans + [(row.start_utc_us, end if row.end_utc_us is None else row.end_utc_us) for row in holes])


def _of_files(connection: Connection, ids: list[int], at: Collection[PurePosixPath] | None) -> list[int]:
    """The ids whose row is of one of these files; all of them when it may be of any."""
    if at is None:
        return ids
    rows = connection.execute(select(segments.c.id, segments.c.path).where(segments.c.id.in_(ids)))
    return [row.id for row in rows if PurePosixPath(row.path) in at]


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    some = list(ids)
    for first in range(0, len(some), _IDS_A_STATEMENT):
        yield some[first : first + _IDS_A_STATEMENT]
