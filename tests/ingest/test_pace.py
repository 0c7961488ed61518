"""Cameras that count frames instead of time, and what must not be taken for one."""

from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest

from mini_nvr.clock import NS_PER_S
from mini_nvr.errors import GapCause, RtspError
from mini_nvr.ingest.rtsp_source import RtspSource
from mini_nvr.ingest.source import StreamInfo, TimeLine
from mini_nvr.ingest.timestamps import AudioLine, VideoLine, media_us, next_start, to_wall_us
from mini_nvr.media.frame import Frame
from tests.support.clock import FakeClock

FPS = 5
START_NS = 500 * NS_PER_S
TICKS = 90_000 // FPS


def sent_ns(frame: int) -> int:
    return START_NS + frame * NS_PER_S // FPS


def wall_errors_s(pace: float, seconds: int, segment_s: int) -> list[float]:
    """For each frame how far its place in its file is from the wall; positive when it is in the future."""
    line, errors = VideoLine(), []
    start_utc_us, start_pts = to_wall_us(START_NS, 0), 0
    for frame in range(seconds * FPS):
        pts = line.place(round(frame * TICKS * pace), sent_ns(frame))
        elapsed_us = media_us(pts - start_pts)
        if elapsed_us >= segment_s * 1_000_000:
            measured = to_wall_us(line.border(), 0) + media_us(pts)
            start_utc_us = next_start(start_utc_us + elapsed_us, measured, elapsed_us, wall_stepped=False).utc_us
            start_pts, elapsed_us = pts, 0
        errors.append((start_utc_us + elapsed_us - to_wall_us(sent_ns(frame), 0)) / 1e6)
    assert line.jumps == 0
    return errors


@pytest.mark.parametrize("segment_s", [60, 3600])
@pytest.mark.parametrize("pace", [1.001, 1.05, 25 / 21, 0.999, 0.95, 1 / 1.42])
def test_stamps_at_another_pace_than_time_keep_their_place_on_the_wall(pace: float, segment_s: int) -> None:
    """25 stamped and 21 delivered; 29.97 stamped as 30; 1.42 times too quick: all seen with cameras."""
    errors = wall_errors_s(pace, 2 * 3600, segment_s)
    assert max(map(abs, errors)) < 15
    assert -3.6 < min(errors[600 * FPS :]) <= max(errors[600 * FPS :]) < 1.5


def test_the_order_of_frames_survives_a_bent_line() -> None:
    line, order = VideoLine(), [0, 3, 1, 2]
    times = {}
    for frame in range(400 * FPS):
        shown = frame // 4 * 4 + order[frame % 4]
        times[shown] = line.place(round(shown * TICKS * 0.8), sent_ns(frame))
    assert line.bend_ppm > 200_000
    assert all(earlier < later for earlier, later in pairwise(times[shown] for shown in sorted(times)))


def test_sound_stays_with_a_bent_picture() -> None:
    video, audio = VideoLine(), AudioLine(8_000)
    apart_s = []
    for frame in range(900 * FPS):
        arrival_ns = sent_ns(frame)
        picture = video.place(round(frame * TICKS * 25 / 21), arrival_ns)
        sound = audio.place(frame * 1_600, arrival_ns + NS_PER_S // FPS, 1_600, video.anchor_ns, video.late_ns(arrival_ns))
        apart_s.append(sound / 8_000 - picture / 90_000)
    assert max(map(abs, apart_s[300 * FPS :])) < 1.1


@pytest.mark.parametrize("pace", [0, 1 / 90])
def test_stamps_that_all_but_stand_still_are_bridged(pace: float) -> None:
    line = VideoLine()
    times = [line.place(round(frame * TICKS * pace), sent_ns(frame)) for frame in range(600 * FPS)]
    assert line.bend_ppm == 0
    assert times[-1] / 90_000 > 600 - 31


async def test_a_camera_whose_stamps_never_stop_jumping_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    frames, said = await watched(lambda frame: frame % 2 * 90_000 * 3600, 400, caplog)
    assert frames == 400
    assert 1 <= said.count("time stamps jumped") < 10


async def test_a_wrong_pace_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    _, said = await watched(lambda frame: frame * TICKS * 25 // 21, 200 * FPS, caplog)
    assert said.count("time stamps run faster than time") == 1


async def watched(stamp: Callable[[int], int], count: int, caplog: pytest.LogCaptureFixture) -> tuple[int, str]:
    """How many frames came through a source, and what it logged."""
    source, received = RtspSource("rtsp://127.0.0.1:1/", FakeClock(), want_audio=False, label="ch1"), Received()
    with suppress(RtspError):
        await source.play(received)  # nobody is there to answer, but frames may come before
    for frame in range(count):
        source.on_frame(0, Frame(b"x", stamp(frame), sent_ns(frame), is_key=True))
    return received.frames, caplog.text


class Received:
    """A receiver that counts."""

    frames = 0

    def on_connected(self, info: StreamInfo, time_line: TimeLine) -> None:
        """Nothing to note."""

    def on_video(self, frame: Frame) -> None:
        self.frames += 1

    def on_audio(self, frame: Frame) -> None:
        """None comes."""

    def on_disconnected(self, cause: GapCause, detail: str, retry_in_s: float) -> None:
        """Nothing to note."""


def bends(frames: int, stamp: Callable[[int], int], arrival_ns: Callable[[int], int]) -> set[int]:
    line = VideoLine()
    seen = set()
    for frame in range(frames):
        line.place(stamp(frame), arrival_ns(frame))
        seen.add(line.bend_ppm)
    return seen


def crowded(frame: int, most_s: float) -> int:
    """A network over which frames come later and later for a minute, and catch up in another one."""
    second = frame / FPS
    late_s = most_s * max(0.0, 1 - abs(second - 120) / 60)
    return sent_ns(frame) + round(late_s * NS_PER_S)


def test_a_crowded_network_is_no_wrong_pace() -> None:
    assert bends(300 * FPS, lambda frame: frame * TICKS, lambda frame: crowded(frame, 2.8)) == {0}


@pytest.mark.parametrize("step_s", [2.5, -0.9])
def test_a_camera_whose_clock_is_set_has_no_wrong_pace(step_s: float) -> None:
    def stamp(frame: int) -> int:
        return frame * TICKS + (round(step_s * 90_000) if frame > 60 * FPS else 0)

    assert bends(600 * FPS, stamp, sent_ns) == {0}


def test_a_backlog_at_the_start_is_no_wrong_pace() -> None:
    assert bends(300 * FPS, lambda frame: frame * TICKS, lambda frame: max(sent_ns(frame), sent_ns(4 * FPS))) == {0}


def test_a_network_that_was_taken_for_a_wrong_pace_is_forgiven() -> None:
    """Frames that are held back for long and then come at once keep their distances, and stamps are trusted again."""

    def arrival_ns(frame: int) -> int:
        return max(crowded(frame, 8), sent_ns(120 * FPS) + 8 * NS_PER_S) if frame > 120 * FPS else crowded(frame, 8)

    line = VideoLine()
    times = [line.place(frame * TICKS, arrival_ns(frame)) for frame in range(1800 * FPS)]
    assert line.jumps == 0
    assert min(later - earlier for earlier, later in pairwise(times)) > TICKS / 2
    assert line.bend_ppm == 0
    assert times[-1] == pytest.approx((1800 * FPS - 1) * TICKS, abs=18_000)
