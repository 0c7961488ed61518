"""Brings DATA_DIR/catalog.db to the version of this program: made when missing, migrated when old, set aside when damaged.

The usual case, a sound file of our version, costs one read of the header and one row. Alembic is imported for a migration only.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from mini_nvr.catalog.engine import BUSY_TIMEOUT_S, PRIMARY_CODE, CatalogDamaged, Database, is_damage, suspect_marker
from mini_nvr.catalog.lock import DataDirBusy, DataDirLock, exclusive, held_by_this_process
from mini_nvr.catalog.schema import APPLICATION_ID, HEAD, metadata
from mini_nvr.clock import Clock, to_datetime
from mini_nvr.errors import CatalogError

FILE_NAME = "catalog.db"
_LOCK_NAME = "catalog.lock"
_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = (  # as Alembic makes it
    "CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )"
)
_COMPANIONS = ("", "-wal", "-shm")

log = logging.getLogger(__name__)


class CatalogTooNew(CatalogError):
    """A newer Mini-NVR made this catalog; it is left as it is."""


def open_database(data_dir: Path, clock: Clock, *, durable: bool = True) -> Database:
    """The catalog of `data_dir` at version HEAD; the folder (0700) and the file (0600) are made when missing.

    Raises:
        CatalogTooNew: made by a newer program; nothing was touched.
        CatalogError: the folder or the file is out of reach, or the file is damaged and in use by another process.
    """
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _version_unless_damaged(path) != HEAD:
            with exclusive(data_dir / _LOCK_NAME):  # makes, migrates or sets aside; the others find the work done
                _bring_up(path, clock)
    except OSError as exc:
        raise CatalogError(f"cannot prepare {path}: {exc.strerror}; DATA_DIR must be a folder that Mini-NVR may write to") from exc
    return Database(path, durable=durable)


def _version_unless_damaged(path: Path) -> str | None:
    if suspect_marker(path).exists():
        return None
    try:
        return found_version(path)
    except CatalogDamaged:
        return None


def _bring_up(path: Path, clock: Clock) -> None:
    """What remains to be done once nobody else does it; another process may have been quicker."""
    marker = suspect_marker(path)
    try:
        version = found_version(path, thorough=marker.exists())
    except CatalogDamaged as exc:
        _set_aside(path, clock, exc)
        version = None
    marker.unlink(missing_ok=True)
    if version == HEAD:
        return
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = Database(path, foreign_keys=False)
    try:
        if version is None:
            _make(database)
        else:
            _migrate(database)
    finally:
        database.close()
    _sync_folder(path.parent)
    if version:
        log.info("catalog %s: migrated from version %s to %s", path, version, HEAD)
    else:
        log.debug("catalog %s: made", path)


def found_version(path: Path, *, thorough: bool = False) -> str | None:
    """The revision of the catalog in `path`; None when there is no database yet. Reads only.

    thorough: check every page and index, which takes seconds a gigabyte.

    Raises:
        CatalogDamaged: not a database, not ours, or its bytes contradict each other.
        CatalogTooNew: made by a newer program.
        CatalogError: the file cannot be opened.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        try:
            return _read_with(path, "ro", thorough)
        except sqlite3.OperationalError as exc:
            if getattr(exc, "sqlite_errorcode", 0) & PRIMARY_CODE != sqlite3.SQLITE_READONLY:
                raise
            return _read_with(path, "rw", thorough)  # a crash at its making left a journal, which only a writer may roll back
    except sqlite3.Error as exc:
        if is_damage(exc):
            raise CatalogDamaged(str(exc)) from exc
        raise CatalogError(f"cannot open {path}: {exc}; see that the disk has room and that the file is ours to write") from exc


def _read_with(path: Path, mode: str, thorough: bool) -> str | None:
    with closing(
        sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S)
    ) as connection:
        return _read_version(connection, path, thorough)


def _read_version(connection: sqlite3.Connection, path: Path, thorough: bool) -> str | None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != APPLICATION_ID or "alembic_version" not in tables:
        raise CatalogDamaged("it is a database of another program")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    version = str(row[0]) if row else ""
    if not version.isdecimal():
        raise CatalogDamaged(f"its version is {version!r}")
    if int(version) > int(HEAD):
        raise CatalogTooNew(
            f"{path} has version {version} and this program knows versions up to {HEAD}: run the newer Mini-NVR, "
            f"or move the file away and let `mini-nvr rescan` make a new one"
        )
    if thorough and (verdict := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
        raise CatalogDamaged(str(verdict))
    return version


def _set_aside(path: Path, clock: Clock, reason: CatalogDamaged) -> None:
    """Rename the database and its companions, unless another process may be writing to them."""
    stamp = to_datetime(clock.utc_us()).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for attempt in range(2, 1000):
        if not aside.exists():
            break
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{attempt}")
    with _sole_user(path, reason):
        for companion in reversed(_COMPANIONS):
            if (old := path.with_name(path.name + companion)).exists():
                old.rename(aside.with_name(aside.name + companion))
        _sync_folder(path.parent)
    log.warning("catalog %s is damaged (%s): set aside as %s; a rescan of the recordings fills a new one", path, reason, aside.name)


@contextmanager
def _sole_user(path: Path, reason: CatalogDamaged) -> Iterator[None]:
    """A recorder that kept writing into a renamed file would lose its rows, so only it, or nobody beside us, may be there."""
    if held_by_this_process(path.parent):
        yield
        return
    try:
        lock = DataDirLock(path.parent).acquire()
    except DataDirBusy as exc:
        raise CatalogError(
            f"{path} is damaged ({reason}) and in use: restart Mini-NVR, which sets it aside and rebuilds it"
        ) from exc
    with lock:
        yield


def _make(database: Database) -> None:
    """All tables at once, as the migrations make them (a test compares): Alembic would stay in memory with 12 MB."""
    with database.write() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        metadata.create_all(connection)
        connection.exec_driver_sql(_VERSION_TABLE)
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
        connection.exec_driver_sql("INSERT INTO meta VALUES ('rescan_due', '1')")  # this database knows nothing of what is there


def _migrate(database: Database) -> None:
    from alembic import command  # noqa: PLC0415  half a second that only a migration should pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise CatalogError(f"catalog {database.path}: the migration lost a row that another one needs; it was taken back")


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
