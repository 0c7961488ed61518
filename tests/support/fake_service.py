"""A service for the supervisor's tests: writes down each start, then does what its argument says.

Run as `python -m tests.support.fake_service FOLDER WHAT --settings-fd N`; each start makes one file in FOLDER named by process id.
WHAT: `serve` until SIGTERM, `deaf` to SIGTERM, `exit:N`, `die` by SIGKILL, `exit-once:N` (serves from the second start on).
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from mini_nvr.services.inherited import read_settings, stop_with_supervisor


def main(folder: Path, what: str, settings_fd: int) -> int:
    done = threading.Event()
    signal.signal(signal.SIGTERM, signal.SIG_IGN if what == "deaf" else lambda *_: done.set())
    values = read_settings(settings_fd)
    stop_with_supervisor(settings_fd, grace_s=1.0)
    starts = len(list(folder.iterdir()))
    note = {"values": values, "environment": Path("/proc/self/environ").read_text(), "arguments": sys.argv}
    draft = folder.parent / f"{folder.name}.{os.getpid()}.draft"
    draft.write_text(json.dumps(note))
    draft.rename(folder / str(os.getpid()))  # whole or absent
    action, _, code = what.partition(":")
    if action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "exit" or (action == "exit-once" and starts == 0):
        return int(code)
    while not done.wait(60) or what == "deaf":
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[4])))
