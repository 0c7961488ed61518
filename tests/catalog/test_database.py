import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from mini_nvr.catalog.database import CatalogTooNew, found_version
from mini_nvr.catalog.engine import CatalogDamaged, suspect_marker
from mini_nvr.catalog.lock import DataDirLock
from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.schema import HEAD
from mini_nvr.errors import CatalogError, GapCause
from tests.support.catalog import MINUTE, T0, change, facts
from tests.support.clock import FakeClock

ASIDE = "catalog.db.damaged-20260301T133000Z"


def _filled(data_dir: Path, segments: int = 3) -> Path:
    with Catalog.open(data_dir) as catalog:
        catalog.commit([change(facts(T0 + n * MINUTE, number=n, duration_us=MINUTE)) for n in range(segments)])
    return data_dir / "catalog.db"


def _names(data_dir: Path) -> set[str]:
    """What a test is about: without the locks, and without the empty companions that a look at a database leaves."""
    idle = {
        path
        for path in data_dir.iterdir()
        if path.name.endswith("-shm") or (path.name.endswith("-wal") and not path.stat().st_size)
    }
    return {path.name for path in set(data_dir.iterdir()) - idle} - {"catalog.lock", "recorder.lock"}


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with Catalog.open(tmp_path / "a" / "data") as catalog:
            catalog.commit([change(facts())])
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in catalog.data_dir.iterdir()}
    finally:
        os.umask(old)
    assert modes == {"catalog.db": 0o600, "catalog.db-wal": 0o600, "catalog.db-shm": 0o600, "catalog.lock": 0o600}
    assert stat.S_IMODE((tmp_path / "a" / "data").stat().st_mode) == 0o700


@pytest.mark.parametrize("filled", [True, False])
def test_neither_a_new_catalog_nor_one_of_this_version_loads_alembic(tmp_path: Path, *, filled: bool) -> None:
    if filled:
        _filled(tmp_path)
    program = "import sys; from pathlib import Path; from mini_nvr.catalog.repository import Catalog\n"
    program += "print(len(Catalog.open(Path(sys.argv[1])).segments()), 'alembic' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert result.stdout == f"{3 if filled else 0} False\n"


def test_settings_of_every_connection(tmp_path: Path) -> None:
    with Catalog.open(tmp_path) as catalog, catalog.database.read() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert found == ["wal", 2, 1, 60_000]


def test_a_new_database_asks_for_a_rescan_however_often_it_is_opened(tmp_path: Path) -> None:
    for _ in range(2):
        with Catalog.open(tmp_path) as catalog:
            assert catalog.was_rebuilt


def _overwrite_all(path: Path) -> None:
    path.write_bytes(b"not a database, but as long as one\n" * 1_000)


def _overwrite_header(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def _cut_short(path: Path) -> None:
    os.truncate(path, 4096)


def _cut_within_header(path: Path) -> None:
    os.truncate(path, 50)


def _of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")


def _without_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM alembic_version")


@pytest.mark.parametrize(
    "damage", [_overwrite_all, _overwrite_header, _cut_short, _cut_within_header, _of_another_program, _without_version]
)
def test_a_damaged_or_foreign_file_is_set_aside(tmp_path: Path, damage: object) -> None:
    path = _filled(tmp_path)
    assert callable(damage)
    damage(path)
    before = path.read_bytes()
    with Catalog.open(tmp_path, clock=FakeClock()) as catalog:
        assert catalog.was_rebuilt
        assert catalog.segments() == []
        catalog.commit([change(facts())])
    assert (tmp_path / ASIDE).read_bytes() == before
    assert _names(tmp_path) == {"catalog.db", ASIDE}


def test_the_log_goes_aside_with_the_file_and_a_second_one_gets_a_name_of_its_own(tmp_path: Path) -> None:
    for companion in ("", "-wal"):
        (tmp_path / f"catalog.db{companion}").write_bytes(b"x" * 200)
    Catalog.open(tmp_path, clock=FakeClock()).close()
    assert _names(tmp_path) == {"catalog.db", ASIDE, f"{ASIDE}-wal"}
    _overwrite_all(tmp_path / "catalog.db")
    Catalog.open(tmp_path, clock=FakeClock()).close()
    assert _names(tmp_path) == {"catalog.db", ASIDE, f"{ASIDE}-wal", f"{ASIDE}-2"}


def test_damage_met_in_use_is_remembered_until_the_next_open(tmp_path: Path) -> None:
    path = _filled(tmp_path, segments=200)
    _damage_a_table_page(path)
    with Catalog.open(tmp_path) as catalog, pytest.raises(CatalogDamaged, match="restart Mini-NVR, which sets it aside"):
        catalog.segments()
    assert suspect_marker(path).exists()
    with Catalog.open(tmp_path, clock=FakeClock()) as catalog:
        assert catalog.was_rebuilt
    assert _names(tmp_path) == {"catalog.db", ASIDE}


def _damage_a_table_page(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'segments'").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)


def test_a_false_alarm_sets_nothing_aside(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    suspect_marker(path).touch()
    with Catalog.open(tmp_path) as catalog:
        assert len(catalog.segments()) == 3
    assert _names(tmp_path) == {"catalog.db"}


def test_nothing_is_set_aside_under_a_running_recorder(tmp_path: Path) -> None:
    """A recorder in another process: here another descriptor that this process does not know to be its own."""
    path = _filled(tmp_path)
    _overwrite_all(path)
    program = "import sys; from pathlib import Path; from mini_nvr.catalog.lock import DataDirLock\n"
    program += "lock = DataDirLock(Path(sys.argv[1])).acquire(); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "held\n"
        with pytest.raises(CatalogError, match="is damaged .* and in use: restart Mini-NVR"):
            Catalog.open(tmp_path)
        assert _names(tmp_path) == {"catalog.db"}
        recorder.kill()
    with DataDirLock(tmp_path), Catalog.open(tmp_path) as catalog:  # the recorder itself may
        assert catalog.was_rebuilt


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(CatalogTooNew, match="has version 9999 and this program knows versions up to .*: run the newer Mini-NVR"):
        Catalog.open(tmp_path)
    assert path.read_bytes() == before
    assert _names(tmp_path) == {"catalog.db"}


def test_rows_that_only_the_log_holds_survive_a_kill(tmp_path: Path) -> None:
    """The state that a power cut leaves: database and log, no shared memory, no orderly close."""
    live, after = tmp_path / "live", tmp_path / "after"
    after.mkdir()
    with Catalog.open(live) as catalog:
        catalog.commit([change(facts())])
        for companion in ("", "-wal"):
            shutil.copy(live / f"catalog.db{companion}", after / f"catalog.db{companion}")
    with Catalog.open(after) as catalog:
        assert len(catalog.segments()) == 1


def test_a_torn_last_transaction_is_lost_alone(tmp_path: Path) -> None:
    live, after = tmp_path / "live", tmp_path / "after"
    after.mkdir()
    with Catalog.open(live) as catalog:
        catalog.commit([change(facts())])
        whole = (live / "catalog.db-wal").stat().st_size
        catalog.commit([], [GapChange(1, 1, 2, GapCause.UNKNOWN)])
        for companion in ("", "-wal"):
            shutil.copy(live / f"catalog.db{companion}", after / f"catalog.db{companion}")
    os.truncate(after / "catalog.db-wal", whole + 1_000)
    with Catalog.open(after) as catalog:
        assert (len(catalog.segments()), catalog.gaps(1)) == (1, [])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(CatalogError, match="DATA_DIR must be a folder that Mini-NVR may write to"):
            Catalog.open(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(CatalogError, match="cannot prepare .*data/catalog.db"):
        Catalog.open(tmp_path / "data")


def test_a_folder_in_place_of_the_file_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").mkdir()
    (tmp_path / "catalog.db" / "something").write_text("")
    with pytest.raises(CatalogError, match="cannot open .*catalog.db"):
        Catalog.open(tmp_path)
    assert (tmp_path / "catalog.db" / "something").exists()


def test_many_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def open_it() -> None:
        try:
            Catalog.open(tmp_path).close()
        except CatalogError as exc:
            failures.append(exc)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert found_version(tmp_path / "catalog.db", thorough=True) == HEAD


def test_a_path_with_odd_characters(tmp_path: Path) -> None:
    data_dir = tmp_path / "a b?c#d%20é"
    _filled(data_dir)
    with Catalog.open(data_dir) as catalog:
        assert len(catalog.segments()) == 3


def test_a_reader_follows_to_the_file_that_has_taken_the_place(tmp_path: Path) -> None:
    """The recorder sets a damaged catalog aside; the web service, which has it open, must see the new one."""
    with Catalog.open(tmp_path) as reader:
        reader.register_channels([(1, "before")], 0)
        with Catalog.open(tmp_path / "other") as other:
            other.register_channels([(1, "after")], 0)
        for companion in ("-wal", "-shm"):
            (tmp_path / f"catalog.db{companion}").unlink(missing_ok=True)
        (tmp_path / "other/catalog.db").rename(tmp_path / "catalog.db")
        assert [channel.name for channel in reader.channels()] == ["after"]


def test_a_view_is_one_moment_whatever_is_written_meanwhile_and_is_of_its_thread_alone(tmp_path: Path) -> None:
    with Catalog.open(tmp_path) as catalog:
        database = catalog.database

        def count() -> int:
            with database.read() as connection:
                return int(connection.scalar(text("SELECT count(*) FROM meta")) or 0)

        def add() -> int:
            with database.write() as connection:
                connection.execute(text("INSERT INTO meta (key, value) VALUES ('one more', '1')"))
            return count()

        before = count()
        with database.view(), ThreadPoolExecutor(1) as another:
            assert count() == before
            assert another.submit(add).result() == before + 1
            with database.view():
                assert count() == before
            assert count() == before
        assert count() == before + 1


def test_a_view_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    with Catalog.open(tmp_path) as catalog:
        database = catalog.database
        with pytest.raises(CatalogError, match="no such table"), database.view(), database.read() as connection:
            connection.execute(text("SELECT * FROM nowhere"))
        with database.write() as connection, database.read() as other:
            assert other.scalar(text("SELECT 1")) == 1
            assert connection is not other
