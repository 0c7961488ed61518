"""A program that a test kills at one system call after the other: all imports and the clip are there, each run is a fork.

    <what> <record_dir> <data_dir>      one line on stdin

what: a container, to run all steps; `start`, to start and repair; `convert`, to convert all that is there; `restart`, both.

What the run tells comes on stdout as it happens, and at its end `ended <wait status>`.
"""

import os
import sys
from pathlib import Path

from tests.faults.stepped_converter import convert_all
from tests.faults.stepped_recorder import Place, clip, run_all_steps, started
from tests.support.catalog import T0

LATER_US = 3 * 86_400 * 1_000_000


def main() -> None:
    clip()
    for line in sys.stdin:
        what, record_dir, data_dir = line.split()
        child = os.fork()
        if child == 0:
            _run(what, Place(Path(record_dir), Path(data_dir)))
            os._exit(0)
        _tell(f"ended {os.waitpid(child, 0)[1]}")


def _run(what: str, place: Place) -> None:
    if what in {"start", "restart"}:
        with started(place, T0 + LATER_US):
            pass
    if what in {"convert", "restart"}:
        report = convert_all(place, T0 + LATER_US)
        _tell(f"converted {report.converted} {report.failures}")
    if what in {"mp4", "mkv"}:
        run_all_steps(place, "mkv" if what == "mkv" else "mp4", _tell)


def _tell(text: str) -> None:
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main()
