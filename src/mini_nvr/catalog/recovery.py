"""What the recorder does before it records: bring rows and files back together after a crash, wherever it struck.

| what is found | what it was | what is done |
|---|---|---|
| growing row, file there | the recorder died | cut at the last whole part, seal, row says so |
| growing row, file without a whole part | it died before the first part | file removed, row dropped, gap |
| file without a row | it died before the first checkpoint, or between file and row | sealed, adopted |
| row, file gone | removed by hand, or lost with the disk's cache | row dropped, gap of unknown cause |
| row being deleted | deletion cut short (storage I4) | unlinked, row dropped, gap "deleted by retention" |
| temporary file | a repair cut short | removed |
| file that cannot be read | a bad sector, a flipped bit | row "damaged", file kept, the rest goes on (storage I11) |
| open run | the recorder died | ended where its footage ends |

Looked at are the rows that were growing or being deleted, and, of the day folders, those of the growing rows and those since the
day before the last checkpoint: nothing older was being written. Before the first checkpoint ever, that is all of them. A walk of
everything is `rescan`. Doing it twice changes nothing.
"""

import errno
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from itertools import chain
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.damaged_files import take_in_damaged
from mini_nvr.catalog.footage import day_folders, files_in, first_fresh_day, is_there, remove, require_inside
from mini_nvr.catalog.model import GapChange, RunChange, SegmentChange, SegmentRow, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import ImplausibleFacts
from mini_nvr.catalog.timeline import Gap, recorder_down_gaps
from mini_nvr.clock import to_utc_us
from mini_nvr.errors import CatalogError, GapCause, SegmentError
from mini_nvr.segment import scan
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.model import SegmentFacts

Recover = Callable[[Path, int], SegmentFacts]
"""(file, how much of it is known to be synced) -> its facts, sealed; raises EmptySegment or SegmentError."""

log = logging.getLogger(__name__)


class FootageMissing(CatalogError):
    """Not one of the files that the catalog knows is there: more likely a wrong or empty volume than lost footage (storage I7)."""


@dataclass(slots=True)
class RepairReport:
    """What a repair did, by path; all empty after a clean stop. looked_at: how many files and rows."""

    sealed: list[PurePosixPath] = field(default_factory=list)
    adopted: list[PurePosixPath] = field(default_factory=list)
    removed: list[PurePosixPath] = field(default_factory=list)
    dropped: list[PurePosixPath] = field(default_factory=list)
    deleted: list[PurePosixPath] = field(default_factory=list)
    damaged: list[tuple[PurePosixPath, str]] = field(default_factory=list)
    runs_ended: int = 0
    looked_at: int = field(default=0, compare=False)


def repair(catalog: Catalog, record_dir: Path, now_utc_us: int, *, recover: Recover = scan.recover) -> RepairReport:
    """Bring rows and files together; the caller holds `DataDirLock`, has verified the volume, and records nothing yet.

    Raises:
        FootageMissing: no file of any row is there; nothing was dropped.
        CatalogError: the catalog cannot be used, or there is no recording folder.
    """
    work = _Repair(catalog, record_dir, recover)
    folders = work.fresh_folders(now_utc_us)
    for row in catalog.growing():
        work.finish_growing(row)
    work.finish_deleting(catalog.segments(state=SegmentState.DELETING))
    for folder in folders:
        work.reconcile(folder)
    work.end_runs()
    work.end_gaps_before_footage()
    return work.report


def recorder_down(catalog: Catalog, now_utc_us: int) -> list[GapChange]:
    """The gaps from where each channel's time line ends to now; to be committed after `repair`, before recording."""
    numbers = [channel.number for channel in catalog.channels()]
    last = {number: row for number in numbers if (row := catalog.last_gap(number)) is not None}
    ends = {number: end for number in numbers if (end := catalog.footage_end(number)) is not None}
    return recorder_down_gaps(
        numbers,
        ends,
        {number: Gap(row.start_utc_us, row.end_utc_us, row.cause, row.detail) for number, row in last.items()},
        alive_until_utc_us=catalog.last_checkpoint_utc_us() or 0,
        now_utc_us=now_utc_us,
    )


class _Repair:
    """One pass; every step is durable by itself, so that a crash in between leaves less to do, never something else."""

    def __init__(self, catalog: Catalog, record_dir: Path, recover: Recover) -> None:
        self._catalog = catalog
        self._record_dir = record_dir
        self._recover = recover
        self._witness: PurePosixPath | None = None
        self.report = RepairReport()

    def fresh_folders(self, now_utc_us: int) -> list[PurePosixPath]:
        """Day folders that may hold files or rows which a crash left apart; to be asked before the growing rows are settled."""
        last = self._catalog.last_checkpoint_utc_us()
        if last is None:  # nothing was ever committed: whatever there is was begun by a start that did not live for a checkpoint
            return list(day_folders(self._record_dir, self._report_damaged))
        since = first_fresh_day(min(now_utc_us, last))
        midnight = to_utc_us(datetime.combine(since, time(), UTC))
        rows = self._catalog.growing() + self._catalog.segments(start_utc_us=midnight)
        of_rows = {require_inside(row.path).parent for row in rows}
        return sorted(of_rows | set(day_folders(self._record_dir, self._report_damaged, since)))

    def finish_growing(self, row: SegmentRow) -> None:
        """Seal what the recorder left growing."""
        if not is_there(self._record_dir, row.path):
            self._drop([row])
            return
        try:
            facts = self._recover(self._record_dir / row.path, row.size_bytes)
            self._catalog.commit([SegmentChange(row.path, facts)])
        except EmptySegment:
            if self._remove(row.path):
                self._catalog.forget([row.id], GapCause.UNKNOWN, "file empty after a crash")
                self.report.removed.append(row.path)
        except (SegmentError, ImplausibleFacts, OSError) as exc:
            if not _may_pass(exc):
                self._catalog.mark_damaged([row.id])
            self._report_damaged(row.path, exc)
        else:
            self.report.sealed.append(row.path)

    def finish_deleting(self, rows: list[SegmentRow]) -> None:
        """Take up storage I4 where it stopped."""
        if not rows:
            return
        self._require_known_volume()
        gone = [row for row in rows if self._remove(row.path)]
        self._require_known_volume()
        self._forget(gone, GapCause.DELETED)
        self.report.deleted += [row.path for row in gone]

    def reconcile(self, folder: PurePosixPath) -> None:
        """One folder: temporary files go, files without a row come in, rows without a file go."""
        try:
            present, leftovers = files_in(self._record_dir, folder)
        except FileNotFoundError:
            present, leftovers = [], []
        except OSError as exc:
            self._report_damaged(folder, exc)
            return
        self.report.removed += [path for path in leftovers if self._remove(path)]
        rows = {row.path: row for row in self._catalog.segments_in(folder)}
        self.report.looked_at += len(leftovers) + len(rows.keys() | set(present))
        for path in present:
            if path not in rows:
                self._adopt(path)
        listed = set(present)
        self._drop([row for path, row in rows.items() if path not in listed and not is_there(self._record_dir, path)])

    def _adopt(self, path: PurePosixPath) -> None:
        try:
            facts = self._recover(self._record_dir / path, 0)
            notes = [
                GapChange(facts.header.channel, note.start_utc_us, note.end_utc_us, note.cause) for note in facts.header.gaps_before
            ]
            self._catalog.commit([SegmentChange(path, facts)], notes)
        except EmptySegment:
            if self._remove(path):
                self.report.removed.append(path)
        except (SegmentError, ImplausibleFacts, OSError) as exc:
            if not _may_pass(exc):
                take_in_damaged(self._catalog, self._record_dir, path)
            self._report_damaged(path, exc)
        else:
            self.report.adopted.append(path)

    def _drop(self, rows: list[SegmentRow]) -> None:
        """Forget rows whose files are gone, unless all files are."""
        if not rows:
            return
        self._require_known_volume()
        self._forget(rows, GapCause.UNKNOWN, "file missing")
        self.report.dropped += [row.path for row in rows]

    def _forget(self, rows: list[SegmentRow], cause: GapCause, detail: str = "") -> None:
        """Unless a row has become that of another file: the storage service may be converting."""
        self._catalog.forget((row.id for row in rows), cause, detail, at={row.path for row in rows})

    def _require_known_volume(self) -> None:
        """Before rows are dropped: at least one row's file must be there, so one `stat` on a healthy volume."""
        if self._witness is not None and is_there(self._record_dir, self._witness):
            return
        paths = self._catalog.paths_newest_first()
        first = next(paths, None)
        if first is None:
            return
        self._witness = next((path for path in chain((first,), paths) if is_there(self._record_dir, path)), None)
        if self._witness is None:
            raise FootageMissing(
                f"none of the recordings in the catalog is in {self._record_dir}: mount the right volume, "
                f"or run `mini-nvr rescan` if they are gone for good"
            )

    def _remove(self, path: PurePosixPath) -> bool:
        """Whether the file is gone now; if not, the next start tries again."""
        try:
            remove(self._record_dir, path)
        except OSError as exc:
            self._report_damaged(path, exc)
            return False
        return True

    def _report_damaged(self, path: PurePosixPath, reason: Exception) -> None:
        self.report.damaged.append((path, str(reason)))
        log.warning("recording %s cannot be read or removed and is kept as it is: %s", path, reason)

    def end_runs(self) -> None:
        """No run outlives its recorder."""
        ended = [
            RunChange(run.run_id, run.channel, run.start_utc_us, end, GapCause.RECORDER_DOWN.value)
            for run, end in self._catalog.open_runs()
        ]
        self._catalog.commit([], runs=ended)
        self.report.runs_ended = len(ended)

    def end_gaps_before_footage(self) -> None:
        """An open gap after which footage was found ended there: the checkpoint that would have said so never came."""
        self._catalog.commit([], [change for channel in self._catalog.channels() for change in self._ended_gap(channel.number)])

    def _ended_gap(self, channel: int) -> Iterable[GapChange]:
        gap = self._catalog.last_gap(channel)
        if gap is None or gap.end_utc_us is not None:
            return
        footage = self._catalog.footage_start_after(channel, gap.start_utc_us)
        if footage is not None:
            yield GapChange(channel, gap.start_utc_us, footage, gap.cause, gap.detail)


def _may_pass(error: Exception) -> bool:
    """A full disk or a missing permission says nothing about the file: its row stays growing, and the next start tries again."""
    cause = error if isinstance(error, OSError) else error.__cause__
    return isinstance(cause, OSError) and cause.errno not in {errno.EIO, errno.ENODATA, errno.EUCLEAN}
