"""Each released version of the schema, with rows in it, becomes the present one, for which the queries are written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mini_nvr.catalog import database, schema
from mini_nvr.catalog.database import found_version
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import CatalogError

MIGRATIONS = Path(database.__file__).parent / "migrations"

# One database a released version: DDL and rows as that version wrote them. Never edit an entry; add one with each release that
# changes the schema. It holds one segment, one gap and one run of channel 1.
RELEASED: dict[str, str] = {}


def _revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def test_head_is_the_newest_of_one_line_of_numbered_revisions() -> None:
    newest_first = _revisions()
    assert newest_first[0] == schema.HEAD
    assert newest_first == [f"{number:04d}" for number in range(len(newest_first), 0, -1)]


def test_the_migrations_lead_to_the_tables_that_the_queries_use(catalog: Catalog) -> None:
    with catalog.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_the_migrations_make_the_very_same_tables(catalog: Catalog) -> None:
    """What Alembic does not compare: partial indexes' conditions, checks, AUTOINCREMENT, WITHOUT ROWID, cascades."""
    with closing(sqlite3.connect(":memory:")) as connection:
        from sqlalchemy import create_engine  # noqa: PLC0415
        from sqlalchemy.pool import StaticPool  # noqa: PLC0415

        schema.metadata.create_all(create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool))
        declared = _definitions(connection)
    with closing(sqlite3.connect(catalog.database.path)) as connection:
        migrated = _definitions(connection)
    assert {name: sql for name, sql in migrated.items() if name != "alembic_version"} == declared


def _definitions(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    return {name: " ".join(sql.split()) for name, sql in rows}


def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing, the oldest version of all: the crash comes after the tables were made, within the transaction."""
    from alembic import command  # noqa: PLC0415

    upgrade = command.upgrade

    def upgrade_and_crash(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(command, "upgrade", upgrade_and_crash)
    with pytest.raises(CatalogError, match="disk I/O error"):
        Catalog.open(tmp_path)
    assert found_version(tmp_path / "catalog.db") is None
    monkeypatch.undo()
    with Catalog.open(tmp_path) as catalog:
        assert catalog.segments() == []


@pytest.mark.parametrize("version", RELEASED)
def test_each_released_version_is_migrated_with_its_rows(tmp_path: Path, version: str) -> None:
    path = tmp_path / "catalog.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(RELEASED[version])
    assert found_version(path) == version
    with Catalog.open(tmp_path) as catalog:
        assert len(catalog.segments()) == 1
        assert len(catalog.gaps(1)) == 1
        assert len(catalog.runs(1)) == 1
    assert found_version(path, thorough=True) == schema.HEAD
