"""The layer breaks what it is told to, and leaves the rest alone."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.layer import CHANGES, FaultyDisk, Operation, build, read_journal

PROGRAM = """
import os, sys, time
root = sys.argv[1]
fd = os.open(root + "/a", os.O_RDWR | os.O_CREAT)
os.pwritev(fd, [b"hello ", b"world"], 0)
os.fdatasync(fd)
os.mkdir(root + "/x")
os.rename(root + "/a", root + "/x/b")
os.ftruncate(fd, 3)
os.unlink(root + "/x/b")
print(time.time_ns() // 1000)
"""
STEPS = ["CREATE", "WRITE", "SYNC", "MKDIR", "RENAME", "TRUNCATE", "UNLINK"]


@pytest.fixture
def disk(tmp_path: Path) -> FaultyDisk:
    (tmp_path / "root").mkdir()
    return FaultyDisk(build(tmp_path), tmp_path / "root", tmp_path, journal=True)


def run(disk: FaultyDisk, root: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, **disk.environment}
    return subprocess.run([sys.executable, "-c", PROGRAM, root], env=environment, capture_output=True, text=True, check=False)


def test_each_change_is_written_down(disk: FaultyDisk, tmp_path: Path) -> None:
    assert run(disk, tmp_path / "root").returncode == 0
    changes = read_journal(disk.journal)
    assert [change.operation.name for change in changes] == STEPS
    assert changes[1].data == b"hello world"
    assert changes[4].target == tmp_path / "root/x/b"
    assert changes[5].offset == 3


def test_what_is_elsewhere_is_left_alone(disk: FaultyDisk, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with disk.failing(errno.EIO):
        assert run(disk, tmp_path / "other").returncode == 0
    assert read_journal(disk.journal) == []


def test_operations_fail_as_told(disk: FaultyDisk, tmp_path: Path) -> None:
    with disk.failing(errno.ENOSPC, Operation.WRITE):
        said = run(disk, tmp_path / "root")
    assert "[Errno 28]" in said.stderr
    assert [change.operation for change in read_journal(disk.journal)] == [Operation.CREATE]


@pytest.mark.parametrize("after", [False, True])
def test_the_program_can_be_killed_at_each_step(disk: FaultyDisk, tmp_path: Path, *, after: bool) -> None:
    for number in range(1, len(STEPS) + 1):
        disk.journal.unlink(missing_ok=True)
        disk.kill_at(number, CHANGES, after=after)
        assert run(disk, tmp_path / "root").returncode == -9
        assert [change.operation.name for change in read_journal(disk.journal)] == STEPS[: number - (not after)]
        subprocess.run(["rm", "-rf", tmp_path / "root"], check=True)
        (tmp_path / "root").mkdir()


def test_the_clock_can_be_stepped(disk: FaultyDisk, tmp_path: Path) -> None:
    before = int(run(disk, tmp_path / "root").stdout)
    subprocess.run(["rm", "-rf", tmp_path / "root/x"], check=True)
    disk.step_clock(-3_600_000_000)
    assert -3_600_000_000 < int(run(disk, tmp_path / "root").stdout) - before < -3_500_000_000
