"""A program that does what it is told to, each time in a fork of its own, which may be killed: start, run, close."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]


class ForkingProgram:
    """The module as a process. It reads what to do from stdin, and ends what it tells of each run with `ended <wait status>`."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def run(self, *words: object) -> tuple[int, list[str]]:
        """One run: its wait status, and the lines that it told."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        told: list[str] = []
        while not (line := self._process.stdout.readline()).startswith("ended"):
            assert line, f"the program died, and had told: {told}"
            told.append(line.rstrip("\n"))
        return int(line.split(maxsplit=1)[1]), told

    def close(self) -> None:
        """End it, and wait for that."""
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
