"""For how long others had the processor. A promise in seconds is the product's; what the machine's load adds to it is not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from mini_nvr.clock import NS_PER_S, US_PER_S, SystemClock
from tests.e2e.recorder_process import RecorderProcess

_BEAT_S = 0.05


def held_up_ns(pid: int) -> int:
    """Of all threads of a process together, as schedstat's second number tells (Documentation/scheduler/sched-stats.rst)."""
    waits = []
    for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # the thread has just ended
            waits.append(int(file.read_text().split()[1]))
    return sum(waits)


class HeldUp:
    """How long a recorder's threads, and this process, whose threads are the cameras, were held up: on a quiet machine not at all.

    looks: (UTC in microseconds, nanoseconds since the beginning), one each `_BEAT_S` or later.
    """

    def __init__(self, recorder: RecorderProcess) -> None:
        program = psutil.Process(recorder.pid)
        pids = [program.pid, *(service.pid for service in program.children(recursive=True))]
        self._before = {pid: held_up_ns(pid) for pid in pids}
        self._waited_ns = dict.fromkeys(pids, 0)
        self._late_ns = 0
        self.looks: list[tuple[int, int]] = []

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._total_ns() / NS_PER_S

    def seconds_before(self, utc_us: int, window_s: float) -> float:
        """In a window that ends at an instant, or with the first look behind it."""
        first_us = utc_us - round(window_s * US_PER_S)
        before_ns = max((total_ns for at_us, total_ns in self.looks if at_us <= first_us), default=0)
        until_ns = min((total_ns for at_us, total_ns in self.looks if at_us >= utc_us), default=self.looks[-1][1])
        return (until_ns - before_ns) / NS_PER_S

    def watch(self, over: threading.Event) -> None:
        """On a thread of its own, until `over`."""
        clock, beat_ns = SystemClock(), round(_BEAT_S * NS_PER_S)
        began_ns = clock.monotonic_ns()
        while not over.wait(_BEAT_S):
            now_ns = clock.monotonic_ns()
            took_ns, began_ns = now_ns - began_ns, now_ns
            self._late_ns += took_ns - beat_ns if took_ns > 2 * beat_ns else 0
            self.looks.append((clock.utc_us(), self._total_ns()))

    def _total_ns(self) -> int:
        for pid, before_ns in self._before.items():
            waited_ns = held_up_ns(pid) - before_ns
            self._waited_ns[pid] = max(self._waited_ns[pid], waited_ns)  # a thread that has ended takes its waits along
        return self._late_ns + sum(self._waited_ns.values())


@contextmanager
def held_up(recorder: RecorderProcess) -> Iterator[HeldUp]:
    """Measured in the block."""
    measured, over = HeldUp(recorder), threading.Event()
    thread = threading.Thread(target=measured.watch, args=(over,))
    thread.start()
    try:
        yield measured
    finally:
        over.set()
        thread.join()
