"""Each released version of the schema, with rows in it, becomes the present one, for which the queries are written."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mini_nvr.catalog import database, schema
from mini_nvr.catalog.database import _migrate as migrate
from mini_nvr.catalog.database import found_version
from mini_nvr.catalog.engine import Database
from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import CatalogError, GapCause
from tests.support.catalog import INDEX, change, facts, index_of

MIGRATIONS = Path(database.__file__).parent / "migrations"

# A second version as one may come: a table copied and dropped (what SQLite needs for most changes), a column filled from another.
NEXT = f"{int(schema.HEAD) + 1:04d}"
NEXT_VERSION = '''"""Rounds a segment's size up to KiB."""

import sqlalchemy as sa
from alembic import op

revision = "NEXT"
down_revision = "HEAD"


def upgrade() -> None:
    with op.batch_alter_table("segments", recreate="always") as batch:
        batch.add_column(sa.Column("size_kib", sa.Integer))
    op.execute("UPDATE segments SET size_kib = (size_bytes + 1023) / 1024")
'''.replace("NEXT", NEXT).replace("HEAD", schema.HEAD)


def _revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def test_head_is_the_newest_of_one_line_of_numbered_revisions() -> None:
    newest_first = _revisions()
    assert newest_first[0] == schema.HEAD
    assert newest_first == [f"{number:04d}" for number in range(len(newest_first), 0, -1)]


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Database]:
    """A catalog that went through every migration, as none does that this program makes."""
    database = Database(tmp_path / "migrated.db", foreign_keys=False)
    migrate(database)
    yield database
    database.close()


def test_the_migrations_lead_to_the_tables_that_the_queries_use(migrated: Database) -> None:
    with migrated.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_a_new_catalog_is_the_very_same_as_a_migrated_one(catalog: Catalog, migrated: Database) -> None:
    """What Alembic does not compare too: partial indexes' conditions, checks, AUTOINCREMENT, WITHOUT ROWID, cascades; rows."""
    with closing(sqlite3.connect(catalog.database.path)) as new, closing(sqlite3.connect(migrated.path)) as old:
        assert _definitions(new) == _definitions(old)
        assert _first_rows(new) == _first_rows(old)


def _first_rows(connection: sqlite3.Connection) -> list[object]:
    """What stands in a catalog without footage, and in its header."""
    tables = sorted(name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
    rows = [[name, *connection.execute(f"SELECT * FROM {name}")] for name in tables]  # noqa: S608  names of our own tables
    return [rows, *(connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version", "journal_mode"))]


def _definitions(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    return {name: " ".join(sql.split()) for name, sql in rows}


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This program, one version on."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"v{NEXT}_next.py").write_text(NEXT_VERSION)
    monkeypatch.setattr(database, "_MIGRATIONS", folder)
    monkeypatch.setattr(database, "HEAD", NEXT)
    return folder


def test_a_catalog_of_an_earlier_version_keeps_its_rows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with Catalog.open(tmp_path) as catalog:
        catalog.commit([change(facts()), change(facts(channel=2, run=2))], [GapChange(1, 1, 2, GapCause.UNKNOWN)])
        before = catalog.segments()
    request.getfixturevalue("next_version")
    with Catalog.open(tmp_path) as catalog:
        assert catalog.segments() == before
        assert [index_of(catalog, row.id) for row in before] == [INDEX, INDEX]
        assert len(catalog.gaps(1)) == 1
        with catalog.database.read() as connection:
            assert connection.exec_driver_sql("SELECT size_kib FROM segments").scalars().all() == [977, 977]
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert found_version(tmp_path / "catalog.db", thorough=True) == NEXT


def test_a_migration_that_fails_half_way_changes_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with Catalog.open(tmp_path) as catalog:
        catalog.commit([change(facts())])
        before = catalog.segments()
    folder = request.getfixturevalue("next_version")
    (folder / "versions" / f"v{NEXT}_next.py").write_text(NEXT_VERSION + '    op.execute("SELECT absent")\n')
    with pytest.raises(CatalogError, match="no such column: absent"):
        Catalog.open(tmp_path)
    request.getfixturevalue("monkeypatch").undo()
    with Catalog.open(tmp_path) as catalog:
        assert catalog.segments() == before
    assert found_version(tmp_path / "catalog.db", thorough=True) == schema.HEAD
