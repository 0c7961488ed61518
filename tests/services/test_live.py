"""Which streams can be watched, and what listeners hear of states, gaps and files."""

import asyncio
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mini_nvr.catalog.model import GapChange
from mini_nvr.config.load import load
from mini_nvr.config.machine import Machine
from mini_nvr.errors import GapCause
from mini_nvr.live import protocol
from mini_nvr.live.hub import StreamHub
from mini_nvr.live.protocol import LiveError, StreamName
from mini_nvr.live.sub_streams import SubStream
from mini_nvr.recorder.notices import NoticeKind
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.services.live import LiveService
from tests.recorder.test_pipeline import Bench
from tests.support.catalog import change, facts
from tests.support.clock import FakeClock
from tests.support.live import Screen

CANARY = "s3cr3t-canary"
SETTINGS = load(
    {
        "NUM_CHANNELS": "3",
        "RTSP_URL_TEMPLATE": f"rtsp://admin:{CANARY}@10.0.0.5/{{channel}}",
        "CHANNEL_2_ENABLED": "off",
        "CHANNEL_3_URL": "rtsp://10.0.0.6/main",
        "CHANNEL_3_SUB_URL": "rtsp://10.0.0.6/sub",
    },
    Machine(zone=ZoneInfo("UTC"), in_container=False),
)


class Service:
    """The live service of three channels: one plain, one switched off, one with a sub stream."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.rows = [ChannelStatus(number=n, name="", status="OFF") for n in (1, 2, 3)]
        self.live = LiveService(SETTINGS.channels, self.clock, lambda: self.rows)
        self.live.attach(Bench().pipeline)
        self.listener = Screen()

    def listen(self) -> None:
        self.live.events.join(self.listener)

    def heard(self) -> list[dict[str, Any]]:
        return [protocol.read_json(message) for message in self.listener.messages]

    async def second(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        self.clock.advance(1.1)
        for _ in range(3):
            await asyncio.sleep(0)


def test_what_can_be_watched_is_found() -> None:
    service = Service()
    assert isinstance(service.live.find(1, "main"), StreamHub)
    assert isinstance(service.live.find(3, "sub"), SubStream)


def test_viewers_of_main_and_sub_streams_count() -> None:
    service = Service()
    main, sub = service.live.find(1, "main"), service.live.find(3, "sub")
    assert isinstance(sub, SubStream)
    on_main, on_sub = Screen(), Screen()
    assert service.live.viewers == 0
    main.join(on_main)
    sub.hub.join(on_sub)  # without the camera
    assert service.live.viewers == 2
    main.leave(on_main)
    assert service.live.viewers == 1, "a wall of sub streams is watched too"
    sub.hub.leave(on_sub)
    assert service.live.viewers == 0


@pytest.mark.parametrize(
    ("channel", "stream", "reason"),
    [
        (4, "main", "no channel 4"),
        (0, "sub", "no channel 0"),
        (2, "main", "switched off"),
        (1, "sub", "no sub stream: see RTSP_SUB_URL_TEMPLATE and CHANNEL_1_SUB_URL"),
    ],
)
def test_what_cannot_be_watched_is_refused_with_its_reason(channel: int, stream: StreamName, reason: str) -> None:
    with pytest.raises(LiveError, match=reason) as refused:
        Service().live.find(channel, stream)
    assert CANARY not in str(refused.value)


async def test_states_are_told_once_and_to_each_new_listener(tmp_path_factory: pytest.TempPathFactory) -> None:
    service = Service()
    await service.live.start(tmp_path_factory.mktemp("data"))
    service.listen()
    assert [item["status"] for item in service.heard()] == ["OFF"] * 3
    await service.second()
    service.rows[2] = replace(service.rows[2], status="LIVE")
    late = Screen()
    service.live.events.join(late)
    await service.second()
    assert [(item["channel"], item["status"]) for item in service.heard()[3:]] == [(3, "LIVE")]
    assert len(late.messages) == 3
    await service.live.stop()


async def test_files_are_told_when_they_open_and_when_they_are_sealed(tmp_path_factory: pytest.TempPathFactory) -> None:
    service = Service()
    growing, sealed = change(facts(sealed=False)), change(facts(sealed=True))
    service.live.note_segments([growing])
    await service.live.start(tmp_path_factory.mktemp("data"))
    service.listen()
    for changes in ([growing], [growing], [sealed]):
        await asyncio.to_thread(service.live.note_segments, changes)
        await asyncio.sleep(0)
    names = [item["event"] for item in service.heard()[3:]]
    assert names == ["segmentOpened", "segmentSealed"]
    assert service.heard()[-1]["path"] == str(sealed.path)
    await service.live.stop()
    service.live.note_segments([growing])
    assert len(service.heard()) == 5


def test_gaps_are_told() -> None:
    service = Service()
    service.listen()
    service.live.note_gap(GapChange(1, 5, None, GapCause.WRONG_PASSWORD, "refused"))
    expected = {"event": "gap", "channel": 1, "startUtcUs": 5, "endUtcUs": None, "cause": "wrong password"}
    assert service.heard()[-1] == expected


def test_a_disk_that_falls_behind_is_an_alarm_of_all_channels() -> None:
    service = Service()
    service.listen()
    service.live.note_disk("the disk is 5 s behind", over=False)
    expected = {"channel": None, "cause": "disk stalled", "detail": "the disk is 5 s behind", "over": False}
    assert service.heard()[-1] == {"event": "storageAlarm"} | expected


async def test_what_an_owner_should_know_of_waits_for_a_listener_and_is_told_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It is shown meanwhile, beside what else is wrong."""
    service = Service()
    await service.live.start(tmp_path_factory.mktemp("live"))
    try:
        service.live.catalog_trouble = "the catalog is locked"
        service.live.notices.happened(NoticeKind.CLOCK_SET, "set back")
        assert service.live.warning == "the catalog is locked; set back"
        await service.second()
        service.listen()
        for _ in range(3):
            await service.second()
        alarm = {"event": "storageAlarm", "channel": None, "cause": "system clock was set", "detail": "set back", "over": False}
        assert [event for event in service.heard() if event["event"] == "storageAlarm"] == [alarm]
    finally:
        await service.live.stop()


def test_a_disk_that_keeps_footage_from_being_written_is_an_alarm_until_it_is_over() -> None:
    service = Service()
    service.listen()
    for end in (None, 9):
        service.live.note_gap(GapChange(1, 5, end, GapCause.DISK_FULL, "no space left"))
    alarms = [item for item in service.heard() if item["event"] == "storageAlarm"]
    assert [(alarm["cause"], alarm["detail"], alarm["over"]) for alarm in alarms] == [
        ("disk full", "no space left", False),
        ("disk full", "no space left", True),
    ]
