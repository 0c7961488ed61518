"""Transactions on one SQLite file, and the one border where the database's errors become ours.

WAL, so that readers of other processes never wait for the recorder, nor it for them. `synchronous=FULL`: a checkpoint costs one
more fsync beside those of the footage files, and in return a mark of storage I4 is on the disk before its file is unlinked, and a
power cut takes back nothing that a viewer was shown. Writers begin IMMEDIATE: a transaction that read first and then asked to write
would be refused at once when another process wrote in between, whatever the time-out.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from mini_nvr.catalog.change_mark import ChangeMark, Mark, file_identity
from mini_nvr.errors import CatalogError

BUSY_TIMEOUT_S = 60.0  # longer than the exchange that ends a rescan: 25 us a row where all are new
_WAL_LIMIT_BYTES = 64 << 20
_WRITES = "catalog_writes"
PRIMARY_CODE = 0xFF  # the low byte of an extended SQLite result code


class CatalogBusy(CatalogError):
    """Somebody has held the database locked for longer than the writer would wait."""


class CatalogDamaged(CatalogError):
    """The database file is not a sound catalog; the next open checks it and sets it aside."""


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite says that the file itself is wrong, rather than locked, full or out of reach."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.DatabaseError) and code is not None and code & PRIMARY_CODE in _DAMAGE


_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def suspect_marker(path: Path) -> Path:
    """A file beside the database that says: damage was met, check all of it before the next use."""
    return path.with_name(path.name + ".suspect")


class Database:
    """The catalog's file, open. Safe to share between threads; each transaction has its own connection.

    When the recorder has set a damaged file aside and made another, the next transaction goes to that one.
    """

    def __init__(self, path: Path, *, foreign_keys: bool = True, durable: bool = True) -> None:
        """
        foreign_keys: off for migrations only, which copy and drop tables: a drop would cascade. No transaction can switch it.
        durable: off for a database that nobody misses after a crash.
        """
        self.path = path
        self._engine = _create_engine(path, foreign_keys=foreign_keys, durable=durable)
        self._writer = self._engine.execution_options(**{_WRITES: True})
        self._file = file_identity(path)
        self._of_thread = threading.local()
        self._changes = ChangeMark(path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of all tables, whatever others commit meanwhile.

        Raises:
            CatalogError: the database cannot be read; CatalogDamaged when its bytes are wrong.
        """
        shared: Connection | None = getattr(self._of_thread, "view", None)
        if shared is not None:
            with self._border():
                yield shared
            return
        self._follow_file()
        with self._border(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def view(self) -> Iterator[None]:
        """All that this thread reads inside the block is one consistent view, and begins and ends one transaction only.

        Raises:
            CatalogError: as `read`.
        """
        outer = getattr(self._of_thread, "view", None)
        with self.read() as connection:
            self._of_thread.view = connection
            try:
                yield
            finally:
                self._of_thread.view = outer

    @contextmanager
    def write(self, patience_s: float = BUSY_TIMEOUT_S) -> Iterator[Connection]:
        """One transaction: committed, synced, when the block ends, rolled back when it raises.

        patience_s: how long to wait for others who write.

        Raises:
            CatalogError: the database is full, or out of reach; CatalogBusy when it stays locked, CatalogDamaged when its bytes
                are wrong.
        """
        self._follow_file()
        with self._border(), self._writer.connect() as connection, _waiting(connection, patience_s), connection.begin():
            yield connection

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A writing connection outside any transaction, for ATTACH; the caller begins."""
        with self._border(), self._writer.connect() as connection:
            yield connection

    def mark(self) -> Mark | None:
        """See `ChangeMark.now`: quick enough for an event loop, but for the first call, which opens the file."""
        return self._changes.now()

    def close(self) -> None:
        self._changes.close()
        self._engine.dispose()

    def _follow_file(self) -> None:
        """Connections to a file that has lost its name are of no use; new ones find the file that has it now."""
        found = file_identity(self.path)
        if found is not None and found != self._file:
            self._engine.dispose()
            self._file = found

    @contextmanager
    def _border(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as exc:
            raise self._translate(exc) from exc

    def _translate(self, error: SQLAlchemyError | sqlite3.Error) -> CatalogError:
        cause = getattr(error, "orig", None) or error
        if (getattr(cause, "sqlite_errorcode", None) or 0) & PRIMARY_CODE in _BUSY:
            return CatalogBusy(f"catalog {self.path} is locked; a rescan lets it go by itself, any other program has to be ended")
        if not is_damage(cause):
            return CatalogError(f"catalog {self.path}: {cause}; see that the disk has room and that the file is ours to write")
        try:
            suspect_marker(self.path).touch(0o600)
        except OSError as exc:
            return CatalogDamaged(
                f"catalog {self.path} is damaged ({cause}) and cannot be marked so ({exc.strerror}); move it away"
            )
        return CatalogDamaged(f"catalog {self.path} is damaged ({cause}); restart Mini-NVR, which sets it aside and rebuilds it")


class UnopenedDatabase(Database):
    """Stands for a file that cannot be opened now, as on a full disk: every transaction fails with that reason."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path)
        self._reason = reason

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """
        Raises:
            CatalogError: always.
        """
        raise CatalogError(self._reason)
        yield  # what makes it a generator

    @contextmanager
    def write(self, patience_s: float = BUSY_TIMEOUT_S) -> Iterator[Connection]:
        """
        Raises:
            CatalogError: always.
        """
        raise CatalogError(self._reason)
        yield

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """
        Raises:
            CatalogError: always.
        """
        raise CatalogError(self._reason)
        yield


@contextmanager
def _waiting(connection: Connection, patience_s: float) -> Iterator[None]:
    """The connection goes back to its pool with the usual patience."""
    if patience_s == BUSY_TIMEOUT_S:
        yield
        return
    _set_patience(connection, patience_s)
    try:
        yield
    finally:
        _set_patience(connection, BUSY_TIMEOUT_S)


def _set_patience(connection: Connection, seconds: float) -> None:
    """Outside of any transaction, which the driver-neutral way would begin."""
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  narrows the driver-neutral type
    driver.execute(f"PRAGMA busy_timeout = {round(seconds * 1_000)}").close()


def _create_engine(path: Path, *, foreign_keys: bool, durable: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        hide_parameters=True,
    )
    event.listen(engine, "connect", partial(_on_connect, foreign_keys=foreign_keys, durable=durable))
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry, *, foreign_keys: bool, durable: bool) -> None:
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101  narrows the driver-neutral type
    connection.isolation_level = None  # the driver's own BEGIN would be deferred, and not cover DDL
    for pragma in (
        "journal_mode = WAL",
        f"synchronous = {'FULL' if durable else 'OFF'}",
        f"foreign_keys = {int(foreign_keys)}",
        f"journal_size_limit = {_WAL_LIMIT_BYTES}",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
