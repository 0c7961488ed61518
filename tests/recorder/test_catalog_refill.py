"""A new catalog is filled in the end, whatever comes between, and the recorder never waits for it."""

import threading
from collections.abc import Callable

import pytest

from mini_nvr.catalog.rescan import RescanReport
from mini_nvr.errors import CatalogError
from mini_nvr.recorder.catalog_refill import CatalogRefill

WAIT_S = 60.0


class Filling:
    """Fails as often as told, then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.done = threading.Event()
        self.attempts = 0

    def __call__(self, progress: Callable[[int], None]) -> RescanReport | None:
        self.attempts += 1
        if self._failures:
            raise self._failures.pop(0)
        self.done.set()
        return RescanReport(files=3)


def test_a_rescan_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    filling = Filling(CatalogError("database or disk is full"), CatalogError("the recording folder is missing"))
    refill = CatalogRefill(filling, first_retry_s=0.01)
    refill.begin()
    assert filling.done.wait(WAIT_S)
    assert refill.stop(WAIT_S)
    assert filling.attempts == 3
    assert "database or disk is full; tried again in 0.01 s" in caplog.text
    assert "the recording folder is missing; tried again in 0.02 s" in caplog.text
    assert "made anew from 3 recordings" in caplog.text


def test_a_fault_of_the_program_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    filling = Filling(RuntimeError("one strange file"))
    refill = CatalogRefill(filling, first_retry_s=0.01)
    refill.begin()
    assert filling.done.wait(WAIT_S)
    assert refill.stop(WAIT_S)
    assert "one strange file" in caplog.text


def test_what_is_due_again_meanwhile_is_looked_at_afterwards() -> None:
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def fill(progress: Callable[[int], None]) -> None:
        begun.release()
        assert go_on.acquire(timeout=WAIT_S)

    refill = CatalogRefill(fill)
    refill.begin()
    assert begun.acquire(timeout=WAIT_S)
    refill.begin()
    go_on.release(2)
    assert begun.acquire(timeout=WAIT_S), "the second damage was forgotten"
    assert refill.stop(WAIT_S)


def test_a_stop_ends_the_rescan_under_way_and_the_wait_for_the_next(caplog: pytest.LogCaptureFixture) -> None:
    begun, stopping = threading.Event(), threading.Event()

    def fill(progress: Callable[[int], None]) -> None:
        begun.set()
        while True:
            stopping.wait(0.01)
            progress(256)

    refill = CatalogRefill(fill)
    refill.begin()
    assert begun.wait(WAIT_S)
    assert refill.stop(WAIT_S)
    waiting = CatalogRefill(Filling(CatalogError("full")), first_retry_s=3600)
    waiting.begin()
    assert waiting.stop(WAIT_S)
    assert "made anew" not in caplog.text


def test_without_anything_to_fill_there_is_no_thread_to_stop() -> None:
    assert CatalogRefill(Filling()).stop(0)
