"""Which footage is protected, written beside it: a catalog that is lost with its file must not lose what cleanup may never delete.

RECORD_DIR/.mini-nvr-protected holds the path of each protected segment, one a line, and is written whole after each change. It is
read when a new catalog is filled by a rescan. While there is a catalog, that is what holds. While a new one is being filled, which
knows next to nothing, a change is made to what the list said before.
"""

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

from sqlalchemy import Connection, select, text, update

from mini_nvr.catalog.footage import is_there
from mini_nvr.catalog.lock import exclusive
from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.schema import segments
from mini_nvr.errors import MiniNvrError
from mini_nvr.segment.disk import write_whole
from mini_nvr.segment.names import parse_foreign_name

FILE_NAME: Final = ".mini-nvr-protected"
_LOCK_NAME: Final = "protection.lock"
_PATHS_A_STATEMENT: Final = 500
_MOST_BYTES: Final = 64 << 20

_log = logging.getLogger(__name__)


def write_protection_list(
    catalog: Catalog, record_dir: Path, verify: Callable[[], None], *, ended: Collection[PurePosixPath] = ()
) -> bool:
    """Write down what is protected now. One writer at a time, of all threads and processes: the last one has seen every change.

    verify: raises unless the folder is the known volume (storage I7). ended: whose protection was just ended.

    False, with a line in the log, when it was not written: the catalog holds all the same.
    """
    try:
        with exclusive(catalog.data_dir / _LOCK_NAME):
            names = _names_now(catalog, record_dir, ended)
            verify()
            write_whole(record_dir / FILE_NAME, "".join(f"{name}\n" for name in names).encode())
    except (OSError, MiniNvrError) as exc:
        _log.error("%s is not written: %s; a lost catalog would lose the protection", FILE_NAME, exc)  # noqa: TRY400  the cause says it all
        return False
    return True


def remove_drafts(catalog: Catalog, record_dir: Path) -> None:
    """What a crash left of a list that was being written; the list itself is as it was before.

    Raises:
        OSError: the disk refuses.
    """
    with exclusive(catalog.data_dir / _LOCK_NAME):
        for draft in record_dir.glob(f"{FILE_NAME}.*"):
            draft.unlink(missing_ok=True)


def restore_protection(connection: Connection, record_dir: Path) -> None:
    """Protect what the list names, as far as the catalog has it; in the transaction that fills a new catalog.

    Everything, when the list is there and cannot be read: what must not be deleted is among it, and its owner can tell it apart.
    """
    try:
        names = _read_list(record_dir)
    except OSError as exc:
        sealed = segments.c.state == SegmentState.SEALED.value
        everything = connection.execute(update(segments).where(sealed).values(protected=1)).rowcount
        _log.error(  # noqa: TRY400  the cause says it all
            "%s cannot be read: %s; all %d recordings are protected now: end the protection of what may be deleted",
            FILE_NAME,
            exc.strerror,
            everything,
        )
        return
    restored = 0
    for first in range(0, len(names), _PATHS_A_STATEMENT):
        named = segments.c.path.in_(names[first : first + _PATHS_A_STATEMENT])
        restored += connection.execute(update(segments).where(named).values(protected=1)).rowcount
    if restored:
        _log.warning("%d segments are protected again, as %s says", restored, FILE_NAME)


def were_protected(record_dir: Path, found: Collection[PurePosixPath]) -> list[PurePosixPath]:
    """Which of these files, which have no row any more, the list names; all of them when it cannot be read."""
    try:
        names = set(_read_list(record_dir))
    except OSError as exc:
        _log.error("%s cannot be read: %s; %d files are protected now", FILE_NAME, exc.strerror, len(found))  # noqa: TRY400  as above
        return list(found)
    return [path for path in found if str(path) in names]


def _names_now(catalog: Catalog, record_dir: Path, ended: Collection[PurePosixPath]) -> list[str]:
    with catalog.database.view():
        being_filled = catalog.was_rebuilt
        with catalog.database.read() as connection:
            query = select(segments.c.path).where(text("protected = 1"))  # the partial index's own words
            names = set(connection.scalars(query))
    if being_filled:
        names |= set(_read_list(record_dir)) - set(map(str, ended))
    else:
        with suppress(OSError):
            names |= {name for name in _read_list(record_dir) if _waits_for_its_row(catalog, record_dir, PurePosixPath(name))}
    return sorted(names)


def _waits_for_its_row(catalog: Catalog, record_dir: Path, path: PurePosixPath) -> bool:
    """Footage of another product: not the rescan gives it a row, but the storage service, afterwards."""
    return parse_foreign_name(path) is not None and is_there(record_dir, path) and catalog.segment_at(path) is None


def _read_list(record_dir: Path) -> list[str]:
    """The names in the list, none when nothing was ever protected. Raises OSError."""
    try:
        with (record_dir / FILE_NAME).open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
