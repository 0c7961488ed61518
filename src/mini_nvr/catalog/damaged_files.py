"""A row for a file of ours that nobody can read: it takes space, and cleanup deletes nothing but what has a row (storage I6, I11).

Its name says channel and start, the disk its size. A rescan that can read it again puts the truth in its place.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.conversions import adopt
from mini_nvr.catalog.model import SegmentChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.segment.model import SegmentFacts, SegmentHeader
from mini_nvr.segment.names import parse_segment_name


def take_in_damaged(catalog: Catalog, record_dir: Path, path: PurePosixPath) -> None:
    """Give the file a row that says "damaged", in one transaction; nothing when it is gone.

    Raises:
        CatalogError: the catalog cannot be written.
    """
    adopt(catalog, list(_changes(record_dir, [path])), [path])


def stage_damaged(staged: Catalog, record_dir: Path, paths: Iterable[PurePosixPath]) -> None:
    """The same in a catalog that nobody reads yet, without a word about the time around them.

    Raises:
        CatalogError: the catalog cannot be written.
    """
    changes = list(_changes(record_dir, paths))
    staged.commit(changes)
    rows = [staged.segment_at(change.path) for change in changes]
    staged.mark_damaged(row.id for row in rows if row is not None)


def _changes(record_dir: Path, paths: Iterable[PurePosixPath]) -> Iterable[SegmentChange]:
    for path in paths:
        name = parse_segment_name(path)
        if name is None:
            continue
        with suppress(OSError):
            size = (record_dir / path).lstat().st_size
            run_id = hashlib.blake2s(f"damaged {path}".encode(), digest_size=16).hexdigest()
            header = SegmentHeader(name.channel, "", name.start_utc_us, run_id, 0, "file name")
            yield SegmentChange(path, SegmentFacts(header, name.container, (), 0, 0, size, 0, 0, (), sealed=True))
