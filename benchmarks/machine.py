"""The machine and the versions that a figure belongs to."""

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from mini_nvr.clock import SystemClock, to_datetime

_REPOSITORY = Path(__file__).parent.parent
_MEASURED = ("src", "web", "benchmarks", ":!benchmarks/results")
"""What a figure depends on; the results of the parts before it are written meanwhile."""


def describe() -> list[tuple[str, str]]:
    """Name and value of everything that a reader needs to judge a figure."""
    return [
        ("date", f"{_now():%Y-%m-%d %H:%M} UTC"),
        ("commit", _commit()),
        ("CPU", f"{_cpu_model()}, {os.cpu_count()} cores"),
        ("memory", f"{_memory_gb():.0f} GB"),
        ("kernel", platform.release()),
        ("Python", platform.python_version()),
        ("FFmpeg", _first_line("ffmpeg", "-version").removeprefix("ffmpeg version ").partition(" ")[0]),
        ("SQLite", sqlite3.sqlite_version),
    ]


def load_average() -> float:
    """Runnable processes over the last minute: above zero before the start, something else takes part in the measurement."""
    return os.getloadavg()[0]


def _now() -> datetime:
    return to_datetime(SystemClock().utc_us(), UTC)


def _commit() -> str:
    commit = _first_line("git", "-C", str(_REPOSITORY), "rev-parse", "--short", "HEAD")
    changed = _first_line("git", "-C", str(_REPOSITORY), "status", "--porcelain", "--untracked-files=no", "--", *_MEASURED)
    return f"{commit} with uncommitted changes" if changed else commit


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Model"}:
            return value.strip()
    return platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _first_line(*command: str) -> str:
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return f"no {command[0]}"
    return output.partition("\n")[0]
