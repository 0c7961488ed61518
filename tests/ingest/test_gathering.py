"""When the event loop rests, for how long, and what ends a rest."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from mini_nvr.clock import NS_PER_S
from mini_nvr.ingest.gathering import HURRIED_S, KNOCK_NS, MIN_STREAMS, UNHURRIED_S, Doorbell, gather_reads, rest_s
from tests.support.clock import FakeClock

LONG_S = 60.0  # a rest that a test would not survive


@pytest.mark.parametrize(
    ("streams", "hurried", "seconds"),
    [
        (0, False, 0),
        (1, False, UNHURRIED_S),
        (64, False, UNHURRIED_S),
        (MIN_STREAMS - 1, True, 0),
        (MIN_STREAMS, True, HURRIED_S),
        (64, True, HURRIED_S),
    ],
)
def test_frames_are_gathered_longer_while_nobody_waits_for_them(streams: int, hurried: bool, seconds: float) -> None:
    assert rest_s(streams, hurried=hurried) == seconds


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


async def test_it_rests_once_a_round_never_longer_than_allowed() -> None:
    clock, rested, rounds = FakeClock(), list[float](), 20
    task = asyncio.create_task(gather_reads(lambda: 0.04, clock, rested.append))
    await _turns(rounds)
    task.cancel()
    assert all(0.03 <= seconds <= 0.04 for seconds in rested)
    assert rounds - 2 <= len(rested) <= rounds


async def test_looks_come_at_every_phase_of_a_cameras_frames() -> None:
    """A rest of 100 ms and frames each 40 ms or 25 ms: without a spread, they would be seen at one or two phases for ever."""
    clock, rested = FakeClock(), list[float]()
    task = asyncio.create_task(gather_reads(lambda: 0.1, clock, rested.append))
    await _turns(25)  # the two seconds in which sound finds its place
    task.cancel()
    looks = [sum(rested[: count + 1]) for count in range(len(rested))]
    for period in (0.04, 0.025, 0.1):
        least_late = min(look % period for look in looks)
        assert least_late < 0.15 * period


async def test_it_rests_no_more_when_the_streams_have_gone() -> None:
    clock, rested, seconds = FakeClock(), list[float](), [0.04]
    task = asyncio.create_task(gather_reads(lambda: seconds[0], clock, rested.append))
    await _turns(5)
    seconds[0] = 0.0
    await _turns(5)
    count = len(rested)
    await _turns(50)
    assert len(rested) == count
    clock.advance(1)
    await _turns(3)
    assert clock.sleepers == 1
    task.cancel()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_rest_that_nobody_disturbs_calls_for_no_hurry(listener: socket.socket) -> None:
    doorbell = Doorbell((listener.fileno(),), FakeClock())
    doorbell.rest(0.001)
    assert not doorbell.rang_lately


def test_whoever_knocks_ends_the_rest_and_is_hurried_for_until_answered(listener: socket.socket) -> None:
    clock = FakeClock()
    doorbell = Doorbell((listener.fileno(),), clock)
    with socket.create_connection(listener.getsockname()):
        doorbell.rest(LONG_S)
        assert doorbell.rang_lately
        listener.accept()[0].close()
    doorbell.rest(0.001)
    assert doorbell.rang_lately, "accepted is not answered yet"
    clock.advance(KNOCK_NS / NS_PER_S)
    assert not doorbell.rang_lately
