"""Which footage is protected, written beside it: a catalog that is lost with its file must not lose what cleanup may never delete.

RECORD_DIR/.mini-nvr-protected holds the path of each protected segment, one a line, and is written whole after each change. It is
read when a new catalog is filled by a rescan, and never otherwise: while there is a catalog, that is what holds.
"""

import logging
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select, text, update

from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.schema import segments
from mini_nvr.errors import SegmentError
from mini_nvr.segment.disk import write_whole
from mini_nvr.segment.volume import VolumeMissing, read_volume_id

FILE_NAME: Final = ".mini-nvr-protected"
_PATHS_A_STATEMENT: Final = 500
_MOST_BYTES: Final = 64 << 20

_log = logging.getLogger(__name__)


def write_protection_list(catalog: Catalog, record_dir: Path) -> bool:
    """Write down what is protected now, unless the folder is no volume of ours (storage I7).

    False, with a line in the log, when it was not written: the catalog holds all the same.
    """
    with catalog.database.read() as connection:
        query = select(segments.c.path).where(text("protected = 1"))  # the partial index's own words
        paths = sorted(connection.scalars(query))
    try:
        if read_volume_id(record_dir) is None:
            raise VolumeMissing(f"{record_dir} is no recording volume; is its disk mounted?")
        write_whole(record_dir / FILE_NAME, "".join(f"{path}\n" for path in paths).encode())
    except (OSError, SegmentError) as exc:
        _log.error("%s is not written: %s; a lost catalog would lose the protection", FILE_NAME, exc)  # noqa: TRY400  the cause says it all
        return False
    return True


def restore_protection(connection: Connection, record_dir: Path) -> None:
    """Protect what the list names, as far as the catalog has it; in the transaction that fills a new catalog."""
    names = _read_list(record_dir)
    restored = 0
    for first in range(0, len(names), _PATHS_A_STATEMENT):
        named = segments.c.path.in_(names[first : first + _PATHS_A_STATEMENT])
        restored += connection.execute(update(segments).where(named).values(protected=1)).rowcount
    if restored:
        _log.warning("%d segments are protected again, as %s says", restored, FILE_NAME)


def _read_list(record_dir: Path) -> list[str]:
    try:
        with (record_dir / FILE_NAME).open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        pass
    except OSError as exc:
        _log.error("%s cannot be read: %s; nothing is protected", FILE_NAME, exc.strerror)  # noqa: TRY400  the cause says it all
    return []
