"""One time line out of what cameras send: arrival jitter, drift, jumps, sender reports."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.clock import NS_PER_S
from mini_nvr.ingest.pace import DRIFT_PPM
from mini_nvr.ingest.timestamps import Alignment, AudioLine, SenderReport, VideoLine, next_start

FRAME = 3600  # 25 frames/s
FRAME_NS = NS_PER_S // 25
START_NS = 500 * NS_PER_S


def test_times_start_at_zero_and_follow_the_camera() -> None:
    line = VideoLine()
    times = [line.place(777_000 + i * FRAME, START_NS + i * FRAME_NS) for i in range(50)]
    assert times == [i * FRAME for i in range(50)]
    assert line.jumps == 0


@given(st.lists(st.integers(min_value=0, max_value=900_000_000), min_size=2, max_size=60))
def test_the_least_delayed_frame_is_the_anchor(delays_ns: list[int]) -> None:
    line = VideoLine()
    for i, delay in enumerate(delays_ns):
        assert line.place(i * FRAME, START_NS + i * FRAME_NS + delay) == i * FRAME
    assert line.anchor_ns == START_NS + min(delays_ns)


@pytest.mark.parametrize("jump", [10 * 90_000, 3600 * 90_000, -2 * 90_000, -3600 * 90_000, 1 << 40])
def test_a_jump_of_the_time_stamps_is_bridged_by_arrivals(jump: int) -> None:
    line = VideoLine()
    times = [line.place(1_000 + i * FRAME + (jump if i >= 30 else 0), START_NS + i * FRAME_NS) for i in range(60)]
    assert line.jumps == 1
    assert times == pytest.approx([i * FRAME for i in range(60)], abs=1)
    assert all(later > earlier for earlier, later in zip(times, times[1:], strict=False))


def test_reordered_frames_are_not_a_jump() -> None:
    line = VideoLine()
    order = [0, 3, 1, 2, 6, 4, 5]
    assert [line.place(i * FRAME, START_NS + k * FRAME_NS) for k, i in enumerate(order)] == [i * FRAME for i in order]
    assert line.jumps == 0


def test_a_network_that_held_frames_back_is_not_a_jump() -> None:
    line = VideoLine()
    for i in range(300):
        arrival = START_NS + max(i * FRAME_NS, 8 * NS_PER_S if i > 50 else 0)
        assert line.place(i * FRAME, arrival) == i * FRAME
    assert line.jumps == 0


def test_frames_after_a_pause_of_the_stream_keep_their_distance() -> None:
    line = VideoLine()
    line.place(0, START_NS)
    assert line.place(9 * 90_000, START_NS + 9 * NS_PER_S) == 9 * 90_000


@given(expected=st.integers(0, 10**15), error=st.integers(-(10**7), 10**7), elapsed=st.integers(0, 3_600_000_000))
def test_drift_is_corrected_by_no_more_than_500_ppm(expected: int, error: int, elapsed: int) -> None:
    start = next_start(expected, expected + error, elapsed, wall_stepped=False)
    assert abs(start.utc_us - expected) <= min(abs(error), elapsed * DRIFT_PPM // 1_000_000)
    assert (start.utc_us - expected) * error >= 0


def test_a_step_of_the_system_clock_is_followed_at_once() -> None:
    start = next_start(1_000_000, 3_601_000_000, 300_000_000, wall_stepped=True)
    assert start.stepped
    assert start.utc_us == 3_601_000_000


def test_a_drifting_camera_is_followed_over_many_borders() -> None:
    """100 ppm fast for a day: the anchor moves, no frame is ever taken for a jump."""
    line = VideoLine()
    anchors = []
    for i in range(0, 86_400, 2):
        line.place(i * 90_000 * 1_000_100 // 1_000_000, START_NS + i * NS_PER_S)
        if i % 300 == 298:
            anchors.append(line.border())
    assert line.jumps == 0
    assert anchors[-1] - anchors[0] == pytest.approx(-86_100 * NS_PER_S * 100e-6, rel=0.02)


def test_audio_is_aligned_by_arrival_without_reports() -> None:
    """A frame of 1024 samples at 16 kHz is 64 ms old when it arrives."""
    audio = AudioLine(16_000)
    first = audio.place(5_000, START_NS + 64_000_000, 1024, START_NS)
    assert first == 0
    assert audio.place(6_024, START_NS + 128_000_000, 1024, START_NS) == 1024
    assert not audio.aligned_by_reports


def test_sender_reports_align_audio_exactly() -> None:
    video, audio = VideoLine(), AudioLine(8_000)
    alignment = Alignment(video, audio, 8_000)
    video.place(90_000, START_NS)
    late = audio.place(0, START_NS + 200_000_000, 160, video.anchor_ns)  # 100 ms of it on the network, wrongly counted as time
    alignment.on_video_report(SenderReport(10_000_000, 90_000))
    alignment.on_audio_report(SenderReport(10_080_000, 0))  # sampled 80 ms after the first video frame
    assert late == 1_440
    assert audio.place(160, START_NS + 220_000_000, 160, video.anchor_ns) == 160 + 640
    assert audio.aligned_by_reports


def test_reports_from_before_the_first_frame_align_audio_from_its_first_frame() -> None:
    video, audio = VideoLine(), AudioLine(8_000)
    alignment = Alignment(video, audio, 8_000)
    alignment.on_video_report(SenderReport(10_000_000, 90_000))
    alignment.on_audio_report(SenderReport(10_080_000, 0))
    video.place(90_000, START_NS)
    alignment.on_video_started()
    assert audio.place(0, START_NS + 200_000_000, 160, video.anchor_ns) == 640
    assert audio.aligned_by_reports


def test_reports_that_contradict_the_arrivals_are_ignored() -> None:
    video, audio = VideoLine(), AudioLine(8_000)
    alignment = Alignment(video, audio, 8_000)
    video.place(0, START_NS)
    audio.place(0, START_NS + 20_000_000, 160, video.anchor_ns)
    alignment.on_video_report(SenderReport(10_000_000, 0))
    alignment.on_audio_report(SenderReport(999_000_000, 0))
    assert audio.place(160, START_NS + 40_000_000, 160, video.anchor_ns) == 160
    assert not audio.aligned_by_reports


def test_later_reports_wait_for_a_border() -> None:
    video, audio = VideoLine(), AudioLine(8_000)
    alignment = Alignment(video, audio, 8_000)
    video.place(0, START_NS)
    audio.place(0, START_NS, 0, video.anchor_ns)
    alignment.on_video_report(SenderReport(10_000_000, 0))
    alignment.on_audio_report(SenderReport(10_000_000, 0))
    alignment.on_audio_report(SenderReport(20_000_000, 79_920))  # the audio clock loses 10 ms in 10 s
    before = audio.place(160, START_NS + 20_000_000, 160, video.anchor_ns)
    audio.border(video.anchor_ns)
    after = audio.place(320, START_NS + 40_000_000, 160, video.anchor_ns)
    assert (before, after) == (160, 320 + 80)


def test_audio_far_from_its_arrival_is_aligned_anew() -> None:
    audio = AudioLine(8_000)
    audio.place(0, START_NS + 20_000_000, 160, START_NS)
    jumped = audio.place(1 << 31, START_NS + 40_000_000, 160, START_NS)
    assert jumped == 160


@pytest.mark.parametrize("held_up_s", [1.5, 8])
def test_what_is_held_up_together_with_video_stays_in_place(held_up_s: float) -> None:
    """A network or a machine that stands still for a while: everything arrives at once, in the order in which it was sent."""
    video, audio = VideoLine(), AudioLine(8_000)
    begins_ns, ends_ns = 10 * NS_PER_S, 10 * NS_PER_S + round(held_up_s * NS_PER_S)
    placed = []
    for i in range(50 * 25):
        sent_ns = (i + 1) * FRAME_NS
        arrival_ns = START_NS + (ends_ns if begins_ns < sent_ns < ends_ns else sent_ns)
        audio_pts = audio.place(i * 320, arrival_ns, 320, video.anchor_ns or START_NS, video.late_ns(arrival_ns))
        placed.append(audio_pts)
        video.place(i * FRAME, arrival_ns - FRAME_NS)
    assert {later - earlier for earlier, later in pairwise(placed)} == {320}


def test_audio_that_falls_behind_alone_is_aligned_anew() -> None:
    video, audio = VideoLine(), AudioLine(8_000)
    for i in range(100):
        arrival_ns = START_NS + i * FRAME_NS
        video.place(i * FRAME, arrival_ns)
        seconds_back = 2 if i >= 50 else 0
        placed = audio.place(i * 320 - seconds_back * 8_000, arrival_ns, 320, video.anchor_ns, video.late_ns(arrival_ns))
    assert placed == 99 * 320 - 320


def test_without_reports_the_least_delayed_audio_frame_counts() -> None:
    """A loop that rests sees the first frame up to a rest late; the error must not stay for the run."""
    audio = AudioLine(8_000)
    delays_ms = [38, 21, 7, 40, 0, 33, 12]
    placed = [
        audio.place(i * 320, START_NS + (i + 1) * 40_000_000 + late * 1_000_000, 320, START_NS) for i, late in enumerate(delays_ms)
    ]
    assert placed[0] == 38 * 8
    assert placed[4:] == [i * 320 for i in range(4, 7)]


def test_without_reports_audio_drift_is_followed_at_borders_only() -> None:
    """An audio clock that is 200 ppm slow loses 60 ms in 5 minutes."""
    audio = AudioLine(8_000)
    errors_ms = []
    for second in range(1, 1501):
        taken = second * 8_000 * 999_800 // 1_000_000
        pts = audio.place(taken - 320, START_NS + second * NS_PER_S, 320, START_NS)
        errors_ms.append((pts + 320) / 8 - second * 1000)
        if second % 60 == 0:
            audio.border(START_NS)
    assert max(map(abs, errors_ms[60:])) < 27
    steps = [later - earlier for earlier, later in pairwise(errors_ms)]
    assert sum(abs(step) > 1 for step in steps) == 1500 // 60 - 2  # nothing to mend at the first border, nothing behind the last
