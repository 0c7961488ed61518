"""The storage service's converter over real footage: no thread and no real time, so each run does the same system calls.

What there is to convert: a recording of ours with `RECORD_FORMAT=mkv`, with AAC, and another product's file, with G.711.
"""

import mini_nvr.storage.converter_round  # noqa: F401  loaded when a file turns up; here before a program forks
from mini_nvr.storage.alarms import AlarmBoard
from mini_nvr.storage.converter import Converter, ConverterReport
from tests.faults.stepped_recorder import Place, SteppedRecorder, settings_of
from tests.support.clock import FakeClock
from tests.support.conversion import granting_rooms
from tests.support.foreign_files import make

FOREIGN = "ch1/2026-03-01/110000.mkv"


def put_footage(place: Place) -> None:
    """A recording of ours, in a catalog, and one that another product left beside it."""
    with SteppedRecorder.running(place, "mkv") as recorder:
        recorder.record(2, sound=True)
    make(place.record_dir / FOREIGN, audio=("-c:a", "pcm_alaw"), seconds=2)


def convert_all(place: Place, now_utc_us: int) -> ConverterReport:
    """One round over all folders, and what came of it."""
    clock = FakeClock(now_utc_us)
    board = AlarmBoard(clock, lambda alarm, over: None)
    converter = Converter(settings_of(place), clock, board, granting_rooms(), busy=lambda: False)
    converter.look()
    return converter.report()
