import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mini_nvr.catalog.lock import DataDirBusy, DataDirLock, held_by_this_process
from mini_nvr.errors import CatalogError

HOLDER = """
import sys
from pathlib import Path
from mini_nvr.catalog.lock import DataDirLock
with DataDirLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    with DataDirLock(tmp_path) as lock:
        assert lock.held
        assert held_by_this_process(tmp_path)
        assert not held_by_this_process(tmp_path / "other")
        with pytest.raises(DataDirBusy, match=r"in use by process \d+; stop the recorder first"):
            DataDirLock(tmp_path).acquire()
    assert not held_by_this_process(tmp_path)
    DataDirLock(tmp_path).acquire().release()


def test_entering_a_held_lock_keeps_it(tmp_path: Path) -> None:
    lock = DataDirLock(tmp_path).acquire()
    with lock:
        assert lock.held
    assert not lock.held
    lock.release()  # harmless


def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataDirBusy, match=f"process {holder.pid};"):
            DataDirLock(tmp_path).acquire()
        assert not held_by_this_process(tmp_path)
        holder.kill()
    DataDirLock(tmp_path).acquire().release()


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    with DataDirLock(tmp_path / "a" / "data"):
        assert stat.S_IMODE((tmp_path / "a" / "data").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(CatalogError, match="data/recorder.lock: File exists; DATA_DIR must be"):
        DataDirLock(tmp_path / "data").acquire()
