"""A camera that sets its clock back by less than a second, as many do each hour, and takes its time stamps from it."""

from contextlib import suppress
from fractions import Fraction
from itertools import pairwise

import pytest

from mini_nvr.clock import NS_PER_S
from mini_nvr.errors import GapCause, RtspError
from mini_nvr.ingest.rtsp_source import RtspSource
from mini_nvr.ingest.source import StreamInfo, TimeLine
from mini_nvr.media.frame import Frame, VideoFormat
from tests.support.clock import FakeClock

TICKS = 3600


class Times:
    """A receiver that keeps presentation times."""

    def __init__(self) -> None:
        self.pts: list[int] = []

    def on_connected(self, info: StreamInfo, time_line: TimeLine) -> None:
        """Nothing to note."""

    def on_video(self, frame: Frame) -> None:
        self.pts.append(frame.pts)

    def on_audio(self, frame: Frame) -> None:
        """None comes."""

    def on_disconnected(self, cause: GapCause, detail: str, retry_in_s: float) -> None:
        """Nothing to note."""


def video_format(reorder_depth: int | None) -> VideoFormat:
    return VideoFormat("h264", (b"", b""), b"", 64, 48, Fraction(1), None, reorder_depth, "avc1.42C01E")


async def placed(stamps: list[int], reorder_depth: int | None) -> list[int]:
    source, received = RtspSource("rtsp://127.0.0.1:1/", FakeClock(), want_audio=False, label="ch1"), Times()
    with suppress(RtspError):
        await source.play(received)  # nobody is there to answer, but frames may come before
    for number, stamp in enumerate(stamps):
        arrival_ns = (500 + number / 25) * NS_PER_S
        news = video_format(reorder_depth) if not number else None
        source.on_frame(0, Frame(b"x", stamp, round(arrival_ns), is_key=not number, new_format=news))
    return received.pts


@pytest.mark.parametrize("back_s", [0.15, 0.5, 0.95])
async def test_without_reordering_a_clock_set_back_is_bridged(back_s: float) -> None:
    stamps = [number * TICKS - (round(back_s * 90_000) if number >= 50 else 0) for number in range(100)]
    assert await placed(stamps, 0) == pytest.approx([number * TICKS for number in range(100)], abs=2)


async def test_without_reordering_stamps_that_wobble_are_kept() -> None:
    stamps = [number * TICKS - (5_000 if number % 5 == 4 else 0) for number in range(100)]
    assert await placed(stamps, 0) == stamps


@pytest.mark.parametrize("reorder_depth", [None, 2])
async def test_with_reordering_steps_back_are_b_frames(reorder_depth: int | None) -> None:
    order = [0, 8, 4, 6, 2]  # a pyramid at 25 frames a second: 6 frames back
    stamps = [(number // 5 * 10 + order[number % 5]) * TICKS for number in range(100)]
    assert await placed(stamps, reorder_depth) == stamps
    assert min(later - earlier for earlier, later in pairwise(stamps)) == -4 * TICKS
