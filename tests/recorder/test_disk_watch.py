"""A disk that falls behind is told once, shown while it lasts, and its end is told once."""

import asyncio
import logging

import pytest

from mini_nvr.recorder.disk_watch import BEHIND_S, CALM_LOOKS, LOOK_INTERVAL_S, DiskWatch
from mini_nvr.recorder.status import ChannelStatus
from tests.support.clock import FakeClock

LIVE = ChannelStatus(number=1, name="Yard", status="LIVE")
AWAY = ChannelStatus(number=2, name="Door", status="REC", error="camera offline")


class Scene:
    """A watch over a disk that is as late as `behind_s` says."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.behind_s = 0.0
        self.told: list[tuple[str, bool]] = []
        self.watch = DiskWatch(lambda: self.behind_s, self.hear, self.clock)

    def hear(self, detail: str, *, over: bool) -> None:
        self.told.append((detail, over))

    def seconds(self, *behind_s: float) -> None:
        """One look after the other, a second apart."""
        for self.behind_s in behind_s:
            self.clock.advance(1)
            self.watch.look()


def test_it_is_told_once_when_it_begins_and_once_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    scene = Scene()
    scene.seconds(1, 2, 3, 4)
    assert scene.told == []
    scene.seconds(5, 6, 7, *[0] * CALM_LOOKS, 0, 0)
    assert scene.told == [
        ("the disk is 5 s behind; what the cameras send waits in memory", False),
        ("the disk has caught up, after 8 s", True),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "the disk is 5 s behind; what the cameras send waits in memory; nothing is lost until 24 MB of a channel wait",
        "the disk has caught up, after 8 s",
    ]


def test_a_disk_that_answers_now_and_then_is_not_told_of_each_time() -> None:
    scene = Scene()
    for _ in range(20):
        scene.seconds(6, *[0] * (CALM_LOOKS - 1))
    assert [over for _, over in scene.told] == [False]
    scene.seconds(*[0] * CALM_LOOKS)
    assert [over for _, over in scene.told] == [False, True]
    scene.seconds(BEHIND_S)
    assert [over for _, over in scene.told] == [False, True, False]


def test_channels_say_it_while_it_lasts_and_have_nothing_worse_to_say() -> None:
    scene = Scene()
    scene.seconds(4)
    assert scene.watch.shown_in([LIVE, AWAY]) == [LIVE, AWAY]
    scene.seconds(12.34)
    live, away = scene.watch.shown_in([LIVE, AWAY])
    assert (live.status, live.disk_behind_s, away.disk_behind_s) == ("LIVE", 12.3, 12.3)
    assert live.error == "disk stalled: the disk is 12 s behind; what the cameras send waits in memory"
    assert away.error == "camera offline"
    scene.seconds(0)
    assert scene.watch.shown_in([LIVE, AWAY]) == [LIVE, AWAY]


async def test_it_looks_each_second() -> None:
    scene = Scene()
    scene.behind_s = BEHIND_S
    running = asyncio.create_task(scene.watch.run())
    await asyncio.sleep(0)
    assert scene.told == []
    scene.clock.advance(LOOK_INTERVAL_S)
    await asyncio.sleep(0)
    assert len(scene.told) == 1
    running.cancel()
