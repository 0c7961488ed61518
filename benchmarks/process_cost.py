"""What a process has used so far, as the kernel counts it (proc(5)): CPU time, memory, bytes written."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class BytesWritten:
    """handed_over: by write calls of any kind, to files mostly. to_disk: in the page cache or on the disk, in whole pages."""

    handed_over: int
    to_disk: int


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads, ended ones included."""
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    utime, stime = int(fields[11]), int(fields[12])
    return (utime + stime) / _TICKS_PER_S


def memory_bytes(pid: int) -> int:
    """Proportional set size: pages shared by n processes count 1/n in each, so that sums over processes are true."""
    return _number(_PROC / str(pid) / "smaps_rollup", "Pss:") * 1024


def switches(pid: int) -> int:
    """How often the threads that live now were put to sleep or pushed aside by the scheduler."""
    threads = [task / "status" for task in (_PROC / str(pid) / "task").iterdir()]
    return sum(_number(thread, "voluntary_ctxt_switches:") + _number(thread, "nonvoluntary_ctxt_switches:") for thread in threads)


def bytes_written(pid: int) -> BytesWritten:
    """Since the process started; may be asked of one that has ended and was not waited for."""
    io = _PROC / str(pid) / "io"
    return BytesWritten(_number(io, "wchar:"), _number(io, "write_bytes:"))


def _number(file: Path, name: str) -> int:
    """The number behind a name in a file of lines `name number`."""
    for line in file.read_text().splitlines():
        words = line.split()
        if words and words[0] == name:
            return int(words[1])
    raise ValueError(f"{file} has no {name}")
