"""Behind everything else: what the kernel says of the disk, and the priority of one thread."""

import os
import threading

import pytest

from mini_nvr.storage.converter_pressure import PRESSURE_LIMIT_PERCENT, disk_is_wanted, lower_priority, parse_pressure


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("some avg10=12.34 avg60=0.45 avg300=0.20 total=128\nfull avg10=0.43 avg60=0.39 avg300=0.16 total=86\n", 12.34),
        ("full avg10=99.00 avg60=0.39 avg300=0.16 total=86\n", None),
        ("some avg10=many\n", None),
        ("some\n", None),
        ("", None),
    ],
)
def test_the_kernels_words_are_read(text: str, percent: float | None) -> None:
    assert parse_pressure(text) == percent


def test_the_limit_can_be_reached() -> None:
    assert 0 < PRESSURE_LIMIT_PERCENT < 100
    assert disk_is_wanted() in {True, False}


def test_only_the_calling_thread_steps_back() -> None:
    found: list[int] = []

    def measure() -> None:
        lower_priority()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread = threading.Thread(target=measure)
    thread.start()
    thread.join(5)
    assert found == [19]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
