"""The mark differs after every commit, whoever made it, and is never guessed."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mini_nvr.catalog.change_mark import ChangeMark


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "some.db"
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (n)")
    return made


@pytest.fixture
def mark(path: Path) -> Iterator[ChangeMark]:
    made = ChangeMark(path)
    yield made
    made.close()


def change(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO t VALUES (1)")


def test_it_stays_until_something_is_committed(path: Path, mark: ChangeMark) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        first = mark.now()
        assert first is not None
        assert mark.now() == first
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO t VALUES (1)")
        assert mark.now() == first
        writer.execute("COMMIT")
        second = mark.now()
        assert second not in {None, first}
        writer.execute("INSERT INTO t VALUES (2)")
        assert mark.now() not in {None, first, second}


def test_another_file_of_that_name_is_another_state(path: Path, mark: ChangeMark, tmp_path: Path) -> None:
    first = mark.now()
    path.rename(tmp_path / "aside.db")
    assert mark.now() is None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (n)")
    assert mark.now() not in {None, first}


def test_a_closed_one_opens_again_as_another_state(path: Path, mark: ChangeMark) -> None:
    first = mark.now()
    mark.close()
    change(path)
    assert mark.now() not in {None, first}


def test_what_is_no_database_has_no_mark(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all, and longer than its header would be" * 20)
    mark = ChangeMark(broken)
    assert mark.now() is None
    mark.close()


def test_who_asks_while_another_thread_asks_does_not_wait(mark: ChangeMark, monkeypatch: pytest.MonkeyPatch) -> None:
    asking, go_on = threading.Event(), threading.Event()

    def stalled(_: ChangeMark) -> None:
        asking.set()
        go_on.wait(60)

    monkeypatch.setattr(ChangeMark, "_ask", stalled)
    thread = threading.Thread(target=mark.now)
    thread.start()
    assert asking.wait(60)
    assert mark.now() is None
    go_on.set()
    thread.join()
