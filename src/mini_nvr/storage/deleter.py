"""Deletes segments in the order of storage I4, many in one go: mark the rows, unlink, sync the folders, drop the rows.

A crash between any two steps leaves rows that are marked; `finish` takes them up, here or at the recorder's next start. The time
that they covered becomes a gap "deleted by retention", with the limit that asked for it as its detail (storage I10).

A disk may go, and a catalog be replaced, at any moment. So the folder is verified before files are unlinked, and once more before
a file that is not there counts as gone (storage I7); and a row is known by its file as well as by its id, which a new catalog gives
to other footage.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import CatalogError, GapCause
from mini_nvr.storage.policy import Deletion
from mini_nvr.storage.unlink import unlink_all
from mini_nvr.storage.volume import require_known_volume

Step = Callable[[str], None]
"""Told each step that is done: `marked`, `unlinked`, `synced`, `dropped`; for tests that kill the process there."""


class CatalogBeingFilled(CatalogError):
    """The catalog is new, and the recorder reads all footage into it: nobody knows yet what there is, and what is protected."""


@dataclass(slots=True)
class Outcome:
    """deleted: segments that are gone, each with its reason. refused: files that the disk keeps, and why."""

    deleted: list[Deletion] = field(default_factory=list)
    refused: list[tuple[PurePosixPath, OSError]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return sum(deletion.segment.size_bytes for deletion in self.deleted)


class Deleter:
    """Blocks on the disk. The folder has to be the volume that the recorder uses with the catalog's DATA_DIR (storage I7)."""

    def __init__(self, catalog: Catalog, record_dir: Path, on_step: Step = lambda step: None, *, asked: str = "") -> None:
        """asked: the detail of the gap where no limit asked for the deletion."""
        self._catalog = catalog
        self._record_dir = record_dir
        self._on_step = on_step
        self._asked = asked

    def delete(self, deletions: Sequence[Deletion]) -> Outcome:
        """Carry decisions out; one that was overtaken (protected or deleted meanwhile) is left out.

        Raises:
            NotRecordedYet, SegmentError: the folder is not the known volume; whatever is marked by then is finished when it is.
            CatalogBeingFilled: nothing was done.
            CatalogError: the catalog cannot be written; whatever is marked by then is finished later.
        """
        self._verify()
        if self._catalog.was_rebuilt:
            raise CatalogBeingFilled("the catalog is being made anew from the recordings; nothing is deleted until that is done")
        files = {one.segment.path for one in deletions}
        marked = {row.path: row for row in self._catalog.mark_deleting([one.segment.id for one in deletions], at=files)}
        self._on_step("marked")
        return self._remove([Deletion(marked[one.segment.path], one.reason) for one in deletions if one.segment.path in marked])

    def finish(self, rows: Sequence[SegmentRow]) -> Outcome:
        """Go on with rows that were marked by somebody who did not get to the end. Raises as `delete`."""
        return self._remove([Deletion(row, None) for row in rows])

    def _verify(self) -> None:
        require_known_volume(self._record_dir, self._catalog.data_dir)

    def _remove(self, deletions: Sequence[Deletion]) -> Outcome:
        self._verify()
        result = unlink_all(self._record_dir, [one.segment.path for one in deletions], self._on_step)
        if result.missing:
            self._verify()
        gone = set(result.gone)
        deleted = [one for one in deletions if one.segment.path in gone]
        for reason in dict.fromkeys(one.reason for one in deleted):
            ids = [one.segment.id for one in deleted if one.reason is reason]
            self._catalog.forget(ids, GapCause.DELETED, self._asked if reason is None else str(reason), at=gone)
        self._on_step("dropped")
        return Outcome(deleted, result.kept)
