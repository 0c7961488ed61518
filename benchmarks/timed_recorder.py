"""The recorder with a watch on its checkpoints: `python -m benchmarks.timed_recorder ENV_FILE TIMES`.

Everything is the recorder's own; the two steps of a checkpoint are timed and written to TIMES at the end, a JSON list of
[seconds of syncing the files, seconds of the catalog's transaction].
"""

import json
import sys
import time
from pathlib import Path

from mini_nvr.config.load import load, read_values
from mini_nvr.recorder.checkpoint import Checkpointer
from mini_nvr.services import recorder

times: list[tuple[float, float]] = []


class TimedCheckpointer(Checkpointer):
    """A transaction comes between checkpoints too, when a file was finished; only those behind a checkpoint are counted."""

    _synced_s: float | None = None

    def checkpoint(self) -> None:
        before = time.perf_counter()
        super().checkpoint()
        self._synced_s = time.perf_counter() - before

    def write_down(self) -> None:
        before = time.perf_counter()
        super().write_down()
        if self._synced_s is not None:
            times.append((self._synced_s, time.perf_counter() - before))
            self._synced_s = None


def main(env_file: str, result: str) -> int:
    recorder.Checkpointer = TimedCheckpointer  # type: ignore[attr-defined]
    code = recorder.run(load(read_values(Path(env_file))))
    Path(result).write_text(json.dumps(times))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
