import asyncio

from mini_nvr.ingest.gathering import INTERVAL_S, MIN_STREAMS, gather_reads
from tests.support.clock import FakeClock


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_few_streams_are_never_kept_waiting() -> None:
    clock, blocked = FakeClock(), list[float]()
    task = asyncio.create_task(gather_reads(lambda: MIN_STREAMS - 1, clock, blocked.append))
    for _ in range(5):
        await _turns(3)
        clock.advance(1)
    task.cancel()
    assert blocked == []


async def test_with_many_streams_the_loop_rests_once_a_round() -> None:
    clock, blocked, rounds = FakeClock(), list[float](), 20
    task = asyncio.create_task(gather_reads(lambda: MIN_STREAMS, clock, blocked.append))
    await _turns(rounds)
    task.cancel()
    assert set(blocked) == {INTERVAL_S}
    assert rounds - 2 <= len(blocked) <= rounds


async def test_it_rests_no_more_when_the_streams_have_gone() -> None:
    clock, blocked, streams = FakeClock(), list[float](), [MIN_STREAMS]
    task = asyncio.create_task(gather_reads(lambda: streams[0], clock, blocked.append))
    await _turns(5)
    streams[0] = 0
    await _turns(200)
    count = len(blocked)
    await _turns(50)
    assert len(blocked) == count
    clock.advance(1)
    await _turns(3)
    assert clock.sleepers == 1
    task.cancel()
