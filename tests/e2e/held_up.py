"""For how long others had the processor. A promise in seconds is the product's; what the machine's load adds to it is not."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from mini_nvr.clock import NS_PER_S, SystemClock
from tests.e2e.recorder_process import RecorderProcess

_BEAT_S = 0.02


def held_up_ns(pid: int) -> int:
    """Of all threads of a process together, as schedstat's second number tells (Documentation/scheduler/sched-stats.rst)."""
    waits = []
    for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # the thread has just ended
            waits.append(int(file.read_text().split()[1]))
    return sum(waits)


@contextmanager
def held_up(recorder: RecorderProcess) -> Iterator[Callable[[], float]]:
    """So many seconds since the block began: those of the recorder's threads, and those by which this process came late, whose
    threads are the cameras. On a quiet machine it is next to nothing."""
    program = psutil.Process(recorder.pid)
    pids = [program.pid, *(service.pid for service in program.children(recursive=True))]
    before = {pid: held_up_ns(pid) for pid in pids}
    over, late_ns = threading.Event(), 0

    def beat() -> None:
        nonlocal late_ns
        clock, beat_ns = SystemClock(), round(_BEAT_S * NS_PER_S)
        began_ns = clock.monotonic_ns()
        while not over.wait(_BEAT_S):
            now_ns = clock.monotonic_ns()
            took_ns, began_ns = now_ns - began_ns, now_ns
            late_ns += took_ns - beat_ns if took_ns > 2 * beat_ns else 0

    def seconds() -> float:
        waited_ns = sum(max(held_up_ns(pid) - before[pid], 0) for pid in pids)
        return (waited_ns + late_ns) / NS_PER_S

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield seconds
    finally:
        over.set()
        thread.join()
