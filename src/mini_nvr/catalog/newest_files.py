"""What a new catalog must know before recording begins: where each channel's footage ends.

Reading all files takes up to a minute for 100,000, and goes on beside the recording (`rescan`). Only the files that the recorder
was writing when it died cannot wait, since nobody may seal a file once others grow beside it. The newest sealed files come with
them: they say since when nothing was recorded, and which channels have footage.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import Final

from mini_nvr.catalog.footage import day_folders, files_in, remove
from mini_nvr.catalog.model import RunChange, SegmentChange
from mini_nvr.catalog.recovery import RepairReport
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import ImplausibleFacts, require_plausible
from mini_nvr.errors import GapCause, SegmentError
from mini_nvr.segment import scan as files
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.names import parse_segment_name

_NEWEST_DAYS: Final = 2
"""Of each channel, by name, and as many by when they changed: a clock that was ahead made folders of days to come."""
_SEALED_A_DAY: Final = 2
"""Files are sealed in their order: behind so many sealed ones, newest first, no growing one is looked for."""

log = logging.getLogger(__name__)


def take_in_newest(
    catalog: Catalog,
    record_dir: Path,
    *,
    scan: Callable[[Path], SegmentFacts] = files.scan,
    recover: Callable[[Path], SegmentFacts] = files.recover,
) -> RepairReport:
    """Seal what a crash left growing in the newest folders, and give that and the newest sealed files their rows.

    The caller holds `DataDirLock`, has verified the volume, and records nothing yet. A file that is not among the newest and grows
    is left to the next start's `repair`: it plays as it is. Twice does it once.

    Raises:
        CatalogError: the catalog cannot be written, or there is no recording folder.
    """
    work = _Newest(record_dir, scan, recover)
    found = [change for days in work.newest_days() for day in days for change in work.newest_in(day)]
    catalog.commit(found, runs=list(_ended_runs(found)))
    return work.report


class _Newest:
    """One pass over the newest folders; what it did is in `report`."""

    def __init__(self, record_dir: Path, scan: Callable[[Path], SegmentFacts], recover: Callable[[Path], SegmentFacts]) -> None:
        self._record_dir = record_dir
        self._scan = scan
        self._recover = recover
        self.report = RepairReport()

    def newest_days(self) -> Iterator[list[PurePosixPath]]:
        """The folders to look into, of each channel."""
        for _, of_channel in groupby(day_folders(self._record_dir, self._note), key=attrgetter("parent")):
            by_name = list(of_channel)
            by_change = sorted(by_name, key=self._changed_ns)
            yield sorted({*by_name[-_NEWEST_DAYS:], *by_change[-_NEWEST_DAYS:]})

    def newest_in(self, day: PurePosixPath) -> Iterator[SegmentChange]:
        """From the newest file back to the second that is sealed."""
        try:
            paths, temporary = files_in(self._record_dir, day)
        except OSError as exc:
            self._note(day, exc)
            return
        self.report.removed += [path for path in temporary if self._is_removed(path)]
        sealed = 0
        for path in sorted(paths, key=_newest_first):
            change = self._take_in(path)
            if change is None:
                continue
            yield change
            sealed += path not in self.report.sealed
            if sealed == _SEALED_A_DAY:
                return

    def _take_in(self, path: PurePosixPath) -> SegmentChange | None:
        self.report.looked_at += 1
        try:
            facts = self._scan(self._record_dir / path)
            if not facts.sealed:
                facts = self._recover(self._record_dir / path)
                self.report.sealed.append(path)
            require_plausible(facts)
        except EmptySegment:
            if self._is_removed(path):
                self.report.removed.append(path)
        except (SegmentError, ImplausibleFacts, OSError) as exc:
            self._note(path, exc)
        else:
            return SegmentChange(path, facts)
        return None

    def _is_removed(self, path: PurePosixPath) -> bool:
        try:
            remove(self._record_dir, path)
        except OSError as exc:
            self._note(path, exc)
            return False
        return True

    def _changed_ns(self, day: PurePosixPath) -> int:
        with suppress(OSError):
            return (self._record_dir / day).stat().st_mtime_ns
        return 0

    def _note(self, path: PurePosixPath, reason: Exception) -> None:
        self.report.damaged.append((path, str(reason)))
        log.warning("recording %s cannot be read or removed and is kept as it is: %s", path, reason)


def _newest_first(path: PurePosixPath) -> tuple[int, int]:
    name = parse_segment_name(path)
    return (0, 0) if name is None else (-name.start_utc_us, -name.collision)


def _ended_runs(found: Iterable[SegmentChange]) -> Iterator[RunChange]:
    """No run outlives its recorder; the rescan knows better when it began."""
    headers = sorted(found, key=lambda change: change.facts.header.run_id)
    for run_id, of_run in groupby(headers, key=lambda change: change.facts.header.run_id):
        facts = [change.facts for change in of_run]
        start = min(item.header.start_utc_us for item in facts)
        end = max(item.header.start_utc_us + item.duration_us for item in facts)
        yield RunChange(run_id, facts[0].header.channel, start, end, GapCause.RECORDER_DOWN.value)
