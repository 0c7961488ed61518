"""The simulated disk loses what was not synced, and nothing else."""

from pathlib import Path

from tests.faults.layer import Change, Operation
from tests.faults.power_cut import PAGE, after_cut, some_unsynced

ROOT = Path("/disk")
FILE = ROOT / "a"


def change(operation: Operation, path: Path = FILE, offset: int = 0, data: bytes = b"") -> Change:
    return Change(operation, 0, path, offset, data)


CREATED = [change(Operation.CREATE), change(Operation.SYNC, ROOT)]


def found(changes: list[Change], target: Path) -> dict[str, bytes]:
    after_cut(ROOT, changes, target)
    return {path.name: path.read_bytes() for path in target.rglob("*") if path.is_file()}


def test_only_synced_data_survives(tmp_path: Path) -> None:
    first, second = change(Operation.WRITE, data=b"first"), change(Operation.WRITE, offset=5, data=b" second")
    assert found([*CREATED, first], tmp_path / "1") == {"a": b""}
    assert found([*CREATED, first, change(Operation.SYNC)], tmp_path / "2") == {"a": b"first"}
    assert found([*CREATED, first, change(Operation.SYNC), second], tmp_path / "3") == {"a": b"first"}


def test_a_name_needs_its_folder_synced(tmp_path: Path) -> None:
    written = [change(Operation.WRITE, data=b"x"), change(Operation.SYNC)]
    assert found([change(Operation.CREATE), *written], tmp_path / "1") == {}
    assert found([change(Operation.CREATE), *written, change(Operation.SYNC, ROOT)], tmp_path / "2") == {"a": b"x"}
    assert found([*CREATED, *written, change(Operation.UNLINK)], tmp_path / "3") == {"a": b"x"}
    assert found([*CREATED, *written, change(Operation.UNLINK), change(Operation.SYNC, ROOT)], tmp_path / "4") == {}


def test_a_rename_is_whole_or_not_at_all(tmp_path: Path) -> None:
    renamed = change(Operation.RENAME, data=str(ROOT / "b").encode())
    written = [change(Operation.WRITE, data=b"x"), change(Operation.SYNC)]
    assert found([*CREATED, *written, renamed], tmp_path / "1") == {"a": b"x"}
    assert found([*CREATED, *written, renamed, change(Operation.SYNC, ROOT)], tmp_path / "2") == {"b": b"x"}


def test_a_file_in_a_folder_that_was_lost_is_lost(tmp_path: Path) -> None:
    inside = ROOT / "f" / "a"
    made = [change(Operation.MKDIR, ROOT / "f"), change(Operation.CREATE, inside), change(Operation.SYNC, ROOT / "f")]
    assert found(made, tmp_path / "1") == {}
    assert found([*made, change(Operation.SYNC, ROOT)], tmp_path / "2") == {"a": b""}


def test_some_pages_of_a_large_write_may_survive(tmp_path: Path) -> None:
    large = change(Operation.WRITE, data=b"x" * (PAGE * 64))
    after_cut(ROOT, [*CREATED, large], tmp_path, some_unsynced(1))
    pages = (tmp_path / "a").read_bytes().count(b"x" * PAGE)
    assert 10 < pages < 54
