"""When the event loop rests, and for how long."""

import asyncio

import pytest

from mini_nvr.ingest.gathering import MIN_STREAMS, UNWATCHED_S, WATCHED_S, gather_reads, rest_s
from tests.support.clock import FakeClock


@pytest.mark.parametrize(
    ("streams", "viewers", "seconds"),
    [
        (0, 0, 0),
        (MIN_STREAMS - 1, 0, 0),
        (MIN_STREAMS - 1, 3, 0),
        (MIN_STREAMS, 0, UNWATCHED_S),
        (64, 0, UNWATCHED_S),
        (64, 1, WATCHED_S),
    ],
)
def test_many_streams_are_gathered_and_viewers_wait_less(streams: int, viewers: int, seconds: float) -> None:
    assert rest_s(streams, viewers) == seconds


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_loop_that_need_not_rest_is_never_stopped() -> None:
    clock, rested = FakeClock(), list[float]()
    task = asyncio.create_task(gather_reads(lambda: 0.0, clock, rested.append))
    for _ in range(5):
        await _turns(3)
        clock.advance(1)
    task.cancel()
    assert rested == []


async def test_it_rests_once_a_round() -> None:
    clock, rested, rounds = FakeClock(), list[float](), 20
    task = asyncio.create_task(gather_reads(lambda: 0.04, clock, rested.append))
    await _turns(rounds)
    task.cancel()
    assert set(rested) == {0.04}
    assert rounds - 2 <= len(rested) <= rounds


async def test_it_rests_no_more_when_the_streams_have_gone() -> None:
    clock, rested, seconds = FakeClock(), list[float](), [0.04]
    task = asyncio.create_task(gather_reads(lambda: seconds[0], clock, rested.append))
    await _turns(5)
    seconds[0] = 0.0
    await _turns(200)
    count = len(rested)
    await _turns(50)
    assert len(rested) == count
    clock.advance(1)
    await _turns(3)
    assert clock.sleepers == 1
    task.cancel()
