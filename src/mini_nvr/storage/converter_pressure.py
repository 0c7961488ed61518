"""Keeps conversion behind everything else: its thread's priority, and when to wait because the disk is wanted.

The kernel tells how much work waits for disks (PSI, Documentation/accounting/psi.rst). Our own waiting counts in it, so the limit
is one that a healthy disk which converts at half speed does not reach for long.
"""

import ctypes
import os
import platform
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

PRESSURE_LIMIT_PERCENT: Final = 40.0
_PRESSURE_FILE: Final = Path("/proc/pressure/io")
_NICEST: Final = 19
_IOPRIO_SET: Final = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "armv7l": 314, "armv6l": 314, "i686": 289}
_IOPRIO_WHO_PROCESS: Final = 1  # of one thread, in spite of its name
_IOPRIO_IDLE: Final = 3 << 13


def lower_priority() -> None:
    """Make the calling thread the last to get the processor and the disk, as far as this machine can say so. Never raises."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICEST)  # Linux: of this thread alone
    number = _IOPRIO_SET.get(platform.machine())
    if number is not None:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).syscall(number, _IOPRIO_WHO_PROCESS, 0, _IOPRIO_IDLE)


def parse_pressure(text: str) -> float | None:
    """The share of the last ten seconds, in percent, in which some task waited for a disk; None when the text does not say."""
    for line in text.splitlines():
        kind, *fields = line.split()
        values = dict(field.partition("=")[::2] for field in fields)
        if kind == "some" and "avg10" in values:
            with suppress(ValueError):
                return float(values["avg10"])
    return None


def disk_is_wanted() -> bool:
    """Whether others wait for a disk now; False where the kernel does not tell."""
    try:
        pressure = parse_pressure(_PRESSURE_FILE.read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return False
    return pressure is not None and pressure > PRESSURE_LIMIT_PERCENT
