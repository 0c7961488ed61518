"""One conversion from the original to the row, in the one order that a crash at any point survives.

| step | on the disk | in the catalog |
|---|---|---|
| written | original, unfinished `X.mp4.converting` | original |
| verified | original, durable `X.mp4.converting`, read back | original |
| renamed | original, `X.mp4` | original (a repair may add `X.mp4`) |
| exchanged | original, durable `X.mp4` | `X.mp4`, under the original's id |
| removed | `X.mp4` | `X.mp4` |

Before "renamed" the next start removes the temporary file and begins again. From "renamed" on it finds a file that says, by its run
and number, that it is the result: it is compared with the original once more, then the last two steps are done. Its name is made
durable before the row speaks of it, in either case: a kill may have come between the rename and the sync of the folder.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from mini_nvr.catalog.conversions import drop_original, exchange_file
from mini_nvr.catalog.model import SegmentChange, SegmentState
from mini_nvr.catalog.protection_list import were_protected, write_protection_list
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import SegmentError
from mini_nvr.segment.disk import fsync_below
from mini_nvr.segment.hybrid_reader import scan_hybrid
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.names import parse_segment_name, segment_name
from mini_nvr.storage.converter_errors import ConversionError
from mini_nvr.storage.converter_file import Original, Pace, convert_file, fingerprint_of, verify_file
from mini_nvr.storage.foreign import TEMPORARY_SUFFIX
from mini_nvr.storage.unlink import unlink_all
from mini_nvr.storage.volume import require_known_volume

Version = tuple[int, int, int]
"""Inode, size and time of the last change: another one is another file."""
Step = Literal["written", "verified", "renamed", "exchanged", "removed"]
_MOST_COLLISIONS: Final = 100


@dataclass(frozen=True, slots=True)
class Job:
    """A file to convert; `path` relative to the recording folder. known: it has a row."""

    path: PurePosixPath
    original: Original
    known: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where the result belongs; `taken`: it is there already."""

    path: PurePosixPath
    taken: bool


class Conversion:
    """The steps, on the converter's thread. on_step: called after each, for tests that stop there."""

    def __init__(
        self, catalog: Catalog, record_dir: Path, zone: tzinfo, pace: Pace, on_step: Callable[[Step], None] = lambda step: None
    ) -> None:
        self._catalog = catalog
        self._record_dir = record_dir
        self._zone = zone
        self._pace = pace
        self._on_step = on_step

    def place(self, job: Job) -> Place:
        """The first name of the original's second that is free, or that holds the result already.

        Raises:
            ConversionError: there is none.
        """
        own = parse_segment_name(job.path)
        header = job.original.header
        first = own.collision if own is not None else 0
        for collision in range(first, first + _MOST_COLLISIONS):
            path = segment_name(header.channel, header.start_utc_us, self._zone, "mp4", collision)
            if own is not None:
                path = PurePosixPath(job.path.parent, path.name) if collision > first else job.path.with_suffix(".mp4")
            if not os.path.lexists(self._record_dir / path):
                return Place(path, taken=False)
            if self._is_result(path, job):
                return Place(path, taken=True)
        raise ConversionError(f"{job.path}: {_MOST_COLLISIONS} files start in this second")

    def run(self, job: Job, place: Place) -> SegmentChange | None:
        """Convert, or finish what was begun; None when the original was deleted meanwhile.

        Raises:
            Unconvertible, ConversionError, ConversionStopped: with the reason; the original is as it was.
        """
        try:
            before = _version(job.original.path)
            facts = self._compared(job, place, before) if place.taken else self._converted(job, place, before)
            if facts is None:
                return None
            fsync_below(self._record_dir, place.path)  # also a result whose maker was killed before it came to that
            change = SegmentChange(place.path, facts)
            listed = not job.known and bool(were_protected(self._record_dir, [job.path]))  # by a catalog that was lost
            if not exchange_file(self._catalog, job.path, change, known=job.known, protected=listed):
                self._unlink(place.path)
                return None
            self._on_step("exchanged")
            self._write_down(place.path)
            self._unlink(job.path)
            drop_original(self._catalog, job.path)
            self._on_step("removed")
        except OSError as exc:
            raise ConversionError(f"{job.path}: the disk refuses: {exc.strerror}") from exc
        return change

    def _converted(self, job: Job, place: Place, before: Version) -> SegmentFacts | None:
        target = self._record_dir / place.path
        temporary = target.with_name(target.name + TEMPORARY_SUFFIX)
        temporary.unlink(missing_ok=True)
        written = convert_file(job.original, temporary, self._pace)
        try:
            self._on_step("written")
            facts = verify_file(job.original, written, temporary, self._pace)
            self._on_step("verified")
            if self._is_being_deleted(job):
                temporary.unlink(missing_ok=True)
                return None
            _require_unchanged(job, before)
            _require_free(target)
            temporary.rename(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        self._on_step("renamed")
        return facts

    def _compared(self, job: Job, place: Place, before: Version) -> SegmentFacts:
        written = fingerprint_of(job.original, self._pace)
        facts = verify_file(job.original, written, self._record_dir / place.path, self._pace)
        _require_unchanged(job, before)
        return facts

    def _write_down(self, path: PurePosixPath) -> None:
        """The list of what is protected names the original still; a catalog that is lost would not find it.

        Raises:
            ConversionError: the list cannot be written; the next attempt goes on here.
        """
        row = self._catalog.segment_at(path)
        if row is None or not row.protected:
            return
        verify = partial(require_known_volume, self._record_dir, self._catalog.data_dir)
        if not write_protection_list(self._catalog, self._record_dir, verify):
            raise ConversionError(f"{path}: that it is protected cannot be written down")

    def _is_result(self, path: PurePosixPath, job: Job) -> bool:
        try:
            return scan_hybrid(self._record_dir / path).header == job.original.header
        except SegmentError:
            return False

    def _is_being_deleted(self, job: Job) -> bool:
        row = self._catalog.segment_at(job.path)
        return job.known if row is None else row.state is not SegmentState.SEALED

    def _unlink(self, path: PurePosixPath) -> None:
        """Remove a file, durably. Raises OSError."""
        for _, error in unlink_all(self._record_dir, [path]).kept:
            raise error


def _version(path: Path) -> Version:
    found = path.lstat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _require_unchanged(job: Job, before: Version) -> None:
    """Somebody may go on writing to a file that was at rest for long."""
    if _version(job.original.path) != before:
        raise ConversionError(f"{job.path}: was written to while it was being converted")


def _require_free(target: Path) -> None:
    """A rename replaces silently what somebody may have put there meanwhile."""
    if os.path.lexists(target):
        raise ConversionError(f"{target.name}: somebody made this file meanwhile")
