"""How much memory a piece of Python takes at most, as a figure that is the same in every run."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SOON = (200, 2, 1)
"""Collect cycles after so many new objects; the older generations after so many collections of the younger one."""


@contextmanager
def traced_memory() -> Iterator[Callable[[], int]]:
    """What is yielded tells the most bytes that objects made inside the block have held at once.

    How much garbage waits for its collection depends on how large the heap is already, and so on which tests ran before: what is
    there is left out of the collector's account for the time of the block, and what is new is looked through often.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.collect()  # from here on the collector compares with a heap of nothing
    gc.set_threshold(*_SOON)
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.set_threshold(*thresholds)
        gc.unfreeze()
