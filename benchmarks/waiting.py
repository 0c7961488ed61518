"""Waiting for other programs with a deadline, and ending them by their id."""

import os
import subprocess
import time
from collections.abc import Callable

_STEP_S = 0.05


class BenchmarkFailed(Exception):
    """A run did not measure what it should; the message says why."""


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return as soon as the condition holds.

    Raises:
        BenchmarkFailed: it does not within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"not within {timeout_s:g} s: {what}")
        time.sleep(_STEP_S)


def pause(seconds: float) -> float:
    """Let the others work; returns how long it really was."""
    start = time.monotonic()
    time.sleep(seconds)
    return time.monotonic() - start


def wait_for_exit(process: "subprocess.Popen[bytes]", timeout_s: float) -> None:
    """Wait until the process has ended, and leave its entry in /proc until it is reaped by `end`.

    Raises:
        BenchmarkFailed: it has not ended within `timeout_s`.
    """
    options = os.WEXITED | os.WNOWAIT | os.WNOHANG
    wait_until(lambda: os.waitid(os.P_PID, process.pid, options) is not None, timeout_s, f"process {process.pid} ends")


def end(process: "subprocess.Popen[bytes]", timeout_s: float = 5) -> None:
    """Terminate and reap a process, with force when it does not listen."""
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
