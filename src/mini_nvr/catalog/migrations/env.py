"""Alembic's entry point: migrate the connection that `catalog.engine` hands over, inside its transaction.

The connection has begun an immediate transaction. Alembic is told that SQLite's DDL is transactional (it is, with the driver's own
transaction handling switched off, as our engine does), so a crash leaves the old version or the new one.
"""

from alembic import context
from sqlalchemy import Connection

from mini_nvr.catalog.schema import metadata


def _migrate() -> None:
    connection = context.config.attributes["connection"]
    assert isinstance(connection, Connection)  # noqa: S101  narrows Alembic's untyped attribute
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True, render_as_batch=True)
    context.run_migrations()


_migrate()
