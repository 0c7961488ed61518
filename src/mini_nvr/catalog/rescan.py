"""Rebuilds the catalog from the files (storage I5).

The slow part, reading every file, fills a catalog of its own in a folder beside the real one; memory stays that of one batch. The
quick part exchanges the rows in one transaction (`exchange.py`), so readers see the old catalog or the new one. What the files
cannot say survives: ids, protection, deletions under way, and the gaps for which no file has an explanation. So do the rows of
footage of other products that is still there: the storage service, which took it over, knows how to read it.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection

from mini_nvr.catalog.conversions import foreign_paths
from mini_nvr.catalog.damaged_files import stage_damaged
from mini_nvr.catalog.exchange import exchange, newest_id
from mini_nvr.catalog.footage import day_folders, files_in, is_there
from mini_nvr.catalog.lock import DataDirLock
from mini_nvr.catalog.model import GapChange, SegmentChange
from mini_nvr.catalog.protection_list import restore_protection
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import ImplausibleFacts, require_plausible
from mini_nvr.errors import CatalogError, SegmentError
from mini_nvr.segment import scan as files
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.volume import read_volume_id

Scan = Callable[[Path], SegmentFacts]

_FILES_A_BATCH = 256
_STAGING = "rescan.tmp"
_UNREADABLE_LISTED = 1000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RescanReport:
    """What a rescan found.

    files: that were read. recovered: of these, were growing and are sealed now. dropped: rows whose file is gone.
    unreadable: (path, reason), at most a thousand of `unreadable_count`; kept on the disk, and in the catalog as damaged.
    empty: files without any whole part; kept on the disk too.
    """

    files: int = 0
    recovered: int = 0
    empty: list[PurePosixPath] = field(default_factory=list)
    unreadable: list[tuple[PurePosixPath, str]] = field(default_factory=list)
    unreadable_count: int = 0
    dropped: int = 0


def rescan(
    catalog: Catalog,
    record_dir: Path,
    *,
    recover_growing: bool = False,
    lock: DataDirLock | None = None,
    scan: Scan = files.scan,
    recover: Scan = files.recover,
    progress: Callable[[int], None] | None = None,
) -> RescanReport:
    """Make the catalog say what the files say.

    recover_growing: seal the files that a crash left growing; never while something records.
    lock: a held lock of the caller's. The recorder passes its own to rescan while it records: rows that it adds meanwhile, and rows
        that grow, are left to it. Without one, the lock is taken for the time of the rescan.
    progress: called with the number of files read so far, after each batch.

    Raises:
        DataDirBusy: a recorder is running.
        CatalogError: the folder is missing, or was exchanged for another meanwhile, or a catalog cannot be written; the catalog is
            as it was.
    """
    staging_dir = catalog.data_dir / _STAGING
    reader = _Reader(catalog, record_dir, scan, recover if recover_growing else None)
    volume = _volume_id(record_dir)
    with ExitStack() as stack:
        if lock is None or not lock.held:
            stack.enter_context(DataDirLock(catalog.data_dir))
        _discard(staging_dir)
        stack.callback(_discard, staging_dir)
        newest = newest_id(catalog)
        with Catalog.open(staging_dir, durable=False) as staged:
            for changes in reader.batches():
                staged.commit(changes, [gap for change in changes for gap in _stated_gaps(change)])
                if progress is not None:
                    progress(reader.report.files)
            stage_damaged(staged, record_dir, [path for path in reader.unreadable_paths if catalog.segment_at(path) is None])
        kept = [path for path in foreign_paths(catalog) if is_there(record_dir, path)]
        finish = partial(_finish, record_dir=record_dir, volume=volume, is_new=catalog.was_rebuilt)
        reader.report.dropped = exchange(catalog, staging_dir, newest, reader.unreadable_paths, kept, finish)
    return reader.report


def _finish(connection: Connection, record_dir: Path, volume: str | None, *, is_new: bool) -> None:
    """In the transaction that exchanges the rows. A catalog that was there knows itself what is protected.

    Raises:
        CatalogError: what was read is not what is there now (storage I7).
    """
    if _volume_id(record_dir) != volume:
        raise CatalogError(f"{record_dir} is not the volume any more that was read; see that its disk is mounted, and rescan again")
    if is_new:
        restore_protection(connection, record_dir)


def _volume_id(record_dir: Path) -> str | None:
    """
    Raises:
        CatalogError: the identity cannot be read.
    """
    try:
        return read_volume_id(record_dir)
    except SegmentError as exc:
        raise CatalogError(str(exc)) from exc


class _Reader:
    """Walks the recording folder in order and reads file after file; what cannot be read is noted and passed over (storage I11)."""

    def __init__(self, catalog: Catalog, record_dir: Path, scan: Scan, recover: Scan | None) -> None:
        self._catalog = catalog
        self._record_dir = record_dir
        self._scan = scan
        self._recover = recover
        self.report = RescanReport()
        self.unreadable_paths: list[PurePosixPath] = []

    def batches(self) -> Iterator[list[SegmentChange]]:
        """The readable files, a few hundred at a time."""
        batch: list[SegmentChange] = []
        for folder in day_folders(self._record_dir, self._note_unreadable_folder):
            for path in self._segments_in(folder):
                if (change := self._read(path)) is None:
                    continue
                batch.append(change)
                if len(batch) == _FILES_A_BATCH:
                    yield batch
                    batch = []
        yield batch

    def _segments_in(self, folder: PurePosixPath) -> list[PurePosixPath]:
        try:
            return files_in(self._record_dir, folder)[0]
        except OSError as exc:
            self._note_unreadable_folder(folder, exc)
            return []

    def _note_unreadable_folder(self, folder: PurePosixPath, reason: OSError) -> None:
        """What is known to be in it is unreadable, not gone."""
        for row in self._catalog.segments_in(folder):
            self._note_unreadable(row.path, reason)

    def _read(self, path: PurePosixPath) -> SegmentChange | None:
        try:
            facts = self._scan(self._record_dir / path)
            if not facts.sealed and self._recover is not None:
                facts = self._recover(self._record_dir / path)
                self.report.recovered += 1
            require_plausible(facts)
        except EmptySegment:
            self.report.empty.append(path)
            return None
        except (SegmentError, ImplausibleFacts, OSError) as exc:
            self._note_unreadable(path, exc)
            return None
        self.report.files += 1
        return SegmentChange(path, facts)

    def _note_unreadable(self, path: PurePosixPath, reason: Exception) -> None:
        self.unreadable_paths.append(path)
        self.report.unreadable_count += 1
        if len(self.report.unreadable) < _UNREADABLE_LISTED:
            self.report.unreadable.append((path, str(reason)))
        log.warning("recording %s cannot be read and is kept as it is: %s", path, reason)


def _stated_gaps(change: SegmentChange) -> Iterator[GapChange]:
    header = change.facts.header
    for note in header.gaps_before:
        yield GapChange(header.channel, note.start_utc_us, note.end_utc_us, note.cause)


def _discard(staging_dir: Path) -> None:
    shutil.rmtree(staging_dir, ignore_errors=True)
