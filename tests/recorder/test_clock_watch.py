"""A system clock that is set is told once, in either direction; one that merely runs, or is read in a bad moment, is not."""

import asyncio
import logging

import pytest

from mini_nvr.recorder.clock_watch import LOOK_INTERVAL_S, ClockWatch
from tests.support.clock import FakeClock


class InterruptedClock(FakeClock):
    """A program that loses the processor between its looks at the two clocks, when asked to."""

    pause_s = 0.0

    def utc_us(self) -> int:
        self.advance(self.pause_s)
        return super().utc_us()


@pytest.mark.parametrize(
    ("step_s", "said"),
    [
        (-3600, "the system clock was set back by 3600 s: footage of before and after bears the same times"),
        (3600, "the system clock was set ahead by 3600 s: no footage bears the times between"),
    ],
)
def test_a_step_is_told_once(step_s: float, said: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    clock, told = FakeClock(), list[str]()
    watch = ClockWatch(told.append, clock)
    watch.look()
    clock.step_wall(step_s)
    clock.advance(1)
    watch.look()
    watch.look()
    assert told == [said]
    assert [record.getMessage() for record in caplog.records] == [said]


def test_a_clock_that_is_slewed_is_not_set() -> None:
    clock, told = FakeClock(), list[str]()
    watch = ClockWatch(told.append, clock)
    for _ in range(20_000):
        clock.step_wall(0.0005)
        clock.advance(1)
        watch.look()
    assert told == []


def test_a_processor_that_is_taken_away_between_two_clocks_is_no_step() -> None:
    clock, told = InterruptedClock(), list[str]()
    watch = ClockWatch(told.append, clock)
    clock.pause_s = 5
    watch.look()
    clock.pause_s = 0
    watch.look()
    assert told == []
    clock.pause_s = 5
    clock.step_wall(60)
    watch.look()
    clock.pause_s = 0
    watch.look()
    assert len(told) == 1, "a step is told at the next look that can tell"


async def test_it_looks_by_itself() -> None:
    clock, told = FakeClock(), list[str]()
    task = asyncio.create_task(ClockWatch(told.append, clock).run())
    await asyncio.sleep(0)
    clock.step_wall(-60)
    clock.advance(LOOK_INTERVAL_S)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    assert len(told) == 1
