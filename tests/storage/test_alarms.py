"""An alarm is told when it comes and when it is over, once each."""

import pytest

from mini_nvr.storage.alarms import Alarm, AlarmBoard, AlarmKind
from tests.support.catalog import T0
from tests.support.clock import FakeClock


def test_an_alarm_s_life(caplog: pytest.LogCaptureFixture) -> None:
    clock, told = FakeClock(T0), list[tuple[str, bool]]()
    board = AlarmBoard(clock, lambda alarm, over: told.append((alarm.message, over)))
    board.set(AlarmKind.VOLUME, None)
    board.set(AlarmKind.VOLUME, "gone")
    clock.advance(5)
    board.set(AlarmKind.VOLUME, "still gone")
    board.set(AlarmKind.CATALOG, "locked")
    assert board.current() == [
        Alarm("recording folder missing", "still gone", T0),
        Alarm("catalog cannot be used", "locked", T0 + 5_000_000),
    ]
    board.set(AlarmKind.VOLUME, None)
    board.set(AlarmKind.VOLUME, None)
    assert told == [("gone", False), ("locked", False), ("still gone", True)]
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR", "WARNING"]


def test_kinds_are_stable_words_for_programs() -> None:
    assert Alarm(AlarmKind.CATALOG, "x", 1).to_json() == {"kind": "catalog cannot be used", "message": "x", "since_utc_us": 1}
