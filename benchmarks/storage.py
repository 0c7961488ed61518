"""The storage service's work on large archives: the catalog rebuilt and checked from many files, and what cleanup costs.

    python -m benchmarks.archive /tmp/archive
    python -m benchmarks.storage /tmp/archive [--files 100000]     # it is changed: use a copy

`benchmarks.rescan` and `benchmarks.cleanup` say what is measured.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import cleanup, rescan
from benchmarks.findings import Figure, Findings
from benchmarks.part import parser, run

CHANNELS = 16
FILES = 100_000
COUNTS = ("rows", "channels")


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.storage", __doc__)
    arguments.add_argument("data_dir", type=Path, help="made by benchmarks.archive; it is changed")
    arguments.add_argument("--files", type=int, default=FILES)
    return run("storage", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    with tempfile.TemporaryDirectory(prefix="bench-rescan-") as folder:
        figures = list(_of_rescan(rescan.measure(Path(folder), arguments.files, CHANNELS), arguments.files))
    with tempfile.TemporaryDirectory(prefix="bench-cleanup-") as folder:
        found = cleanup.measure(arguments.data_dir, Path(folder))
    figures += [Figure(name, f"cleanup: {name}", value, "ms", 2) for name, value in found.items() if name not in COUNTS]
    sizes = f"{arguments.files:,} small files of {CHANNELS} channels; cleanup on a catalog of {found['rows']:,.0f} rows"
    return Findings(figures, conditions=sizes)


def _of_rescan(seconds: dict[str, float], files: int) -> Iterator[Figure]:
    for name, value in seconds.items():
        limit = rescan.LIMIT_S * files / FILES if name == "rescan" else None
        yield Figure(name, f"archive: {name}", value, "s", 1, limit)


if __name__ == "__main__":
    sys.exit(main())
