"""Deletes segments in the order of storage I4, many in one go: mark the rows, unlink, sync the folders, drop the rows.

A crash between any two steps leaves rows that are marked; `finish` takes them up, here or at the recorder's next start. The time
that they covered becomes a gap "deleted by retention", with the limit that asked for it as its detail (storage I10).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import GapCause
from mini_nvr.storage.policy import Deletion
from mini_nvr.storage.unlink import unlink_all

Step = Callable[[str], None]
"""Told each step that is done: `marked`, `unlinked`, `synced`, `dropped`; for tests that kill the process there."""


@dataclass(slots=True)
class Outcome:
    """deleted: segments that are gone, each with its reason. refused: files that the disk keeps, and why."""

    deleted: list[Deletion] = field(default_factory=list)
    refused: list[tuple[PurePosixPath, OSError]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return sum(deletion.segment.size_bytes for deletion in self.deleted)


class Deleter:
    """Blocks on the disk; the caller has made sure that the folder is the known volume."""

    def __init__(self, catalog: Catalog, record_dir: Path, on_step: Step = lambda step: None, *, asked: str = "") -> None:
        """asked: the detail of the gap where no limit asked for the deletion."""
        self._catalog = catalog
        self._record_dir = record_dir
        self._on_step = on_step
        self._asked = asked

    def delete(self, deletions: Sequence[Deletion]) -> Outcome:
        """Carry decisions out; one that was overtaken (protected or deleted meanwhile) is left out.

        Raises:
            CatalogError: the catalog cannot be written; whatever is marked by then is finished later.
        """
        marked = {row.id: row for row in self._catalog.mark_deleting([deletion.segment.id for deletion in deletions])}
        self._on_step("marked")
        return self._remove([Deletion(marked[one.segment.id], one.reason) for one in deletions if one.segment.id in marked])

    def finish(self, rows: Sequence[SegmentRow]) -> Outcome:
        """Go on with rows that were marked by somebody who did not get to the end."""
        return self._remove([Deletion(row, None) for row in rows])

    def _remove(self, deletions: Sequence[Deletion]) -> Outcome:
        result = unlink_all(self._record_dir, [one.segment.path for one in deletions], self._on_step)
        gone = set(result.gone)
        deleted = [one for one in deletions if one.segment.path in gone]
        for reason in dict.fromkeys(one.reason for one in deleted):
            ids = [one.segment.id for one in deleted if one.reason is reason]
            self._catalog.forget(ids, GapCause.DELETED, self._asked if reason is None else str(reason))
        self._on_step("dropped")
        return Outcome(deleted, result.kept)
