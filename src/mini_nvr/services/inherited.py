"""The child's end of the supervisor's pipe: the settings come out of it, and its end of file means that the supervisor is gone.

The writing end lives in the supervisor alone, so the kernel closes it however the supervisor ended, kill -9 included. The service
then stops as if it had been asked to, so that the recorder seals its files.
"""

import json
import os
import signal
import threading
from typing import Final

from mini_nvr.errors import MiniNvrError

SETTINGS_MAX_BYTES: Final = 4 * 1024 * 1024
GRACE_S: Final = 5.0


class SupervisorGone(MiniNvrError):
    """The pipe ended before the settings did, or holds something else."""


def read_settings(fd: int) -> dict[str, str]:
    """The values that the supervisor sent: one JSON line.

    Raises:
        SupervisorGone: it ended first, or the descriptor is not the supervisor's pipe.
    """
    line = bytearray()
    try:
        while not line.endswith(b"\n"):
            chunk = os.read(fd, 65_536)
            if not chunk or len(line) > SETTINGS_MAX_BYTES:
                raise SupervisorGone("the supervisor ended before it handed over the settings")
            line += chunk
        values = json.loads(line)
    except (OSError, ValueError) as exc:
        raise SupervisorGone("--settings-fd is for the supervisor: start this service with `mini-nvr run`, or without it") from exc
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise SupervisorGone("the supervisor is of another version: restart it")
    return values


def stop_with_supervisor(fd: int, grace_s: float = GRACE_S) -> threading.Thread:
    """Watch the pipe on a thread; at its end send this process SIGTERM, and `grace_s` later SIGKILL if it is still here."""
    thread = threading.Thread(target=_watch, args=(fd, grace_s), name="supervisor-watch", daemon=True)
    thread.start()
    return thread


def _watch(fd: int, grace_s: float) -> None:
    while os.read(fd, 4_096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(grace_s)
    os.kill(os.getpid(), signal.SIGKILL)
