"""One channel without camera and disk: what goes in comes out once, in order, with the right times; faults end runs with causes."""

import errno
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.catalog.model import GapChange, RunChange
from mini_nvr.errors import GapCause, SegmentError
from mini_nvr.ingest.source import StreamInfo
from mini_nvr.ingest.timestamps import media_us
from mini_nvr.media import g711
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioFormat, Frame, VideoFormat
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part
from mini_nvr.recorder.gaps import GapTracker
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.recorder.pipeline import QUEUE_LIMIT_BYTES, ChannelPipeline, ChannelRules
from mini_nvr.segment.model import TimeSource
from tests.support.clock import FakeClock

FRAME = 3600
WALL_US = 1_800_000_000_000_000


def video_format(width: int = 640, depth: int | None = None) -> VideoFormat:
    return VideoFormat("h264", (b"sps", b"pps"), b"avcC", width, 360, Fraction(1), Fraction(25), depth, "avc1.64001E")


AAC = AudioFormat("aac", 16_000, 1, b"\x14\x08", "mp4a.40.2", 1024)


class FakeDisk:
    """Keeps what is appended. `stuck`: nothing is ever written. `fails`: whether what is appended now is refused."""

    def __init__(self) -> None:
        self.segments: list[GrowingSegment] = []
        self.parts: dict[int, list[Part]] = {}
        self.closed: list[GrowingSegment] = []
        self.stuck = False
        self.fails: Callable[[], bool] = lambda: False

    def append(self, segment: GrowingSegment, part: Part) -> None:
        if segment not in self.segments:
            self.segments.append(segment)
        assert segment not in self.closed
        segment.submitted_bytes += part.size_bytes
        segment.submitted_us = max(segment.submitted_us, part.video_end_us)
        if segment.failure is None and self.fails():
            segment.failure = SegmentError("no space")
            segment.on_failure(segment, GapCause.DISK_FULL, "no space left")
        if segment.failure is not None:
            segment.written_bytes += part.size_bytes
            return
        if not self.stuck:
            segment.written_bytes += part.size_bytes
            segment.whole_us = max(segment.whole_us, part.video_end_us)
        self.parts.setdefault(id(segment), []).append(part)

    def close(self, segment: GrowingSegment) -> None:
        assert segment not in self.closed
        self.closed.append(segment)

    def track(self, segment: GrowingSegment, track_id: int) -> list[tuple[bytes, int, int]]:
        """(data, presentation time, duration) of every sample of a file, from its origin."""
        samples = []
        for part in self.parts[id(segment)]:
            for track in part.tracks:
                if track.track_id != track_id:
                    continue
                time = track.base_dts
                offsets = track.cts_offsets or [0] * len(track.payloads)
                for data, duration, offset in zip(track.payloads, track.durations, offsets, strict=True):
                    samples.append((data, time + offset, duration))
                    time += duration
        return samples


class StraightLine:
    """The camera's clock is the wall's."""

    time_source: TimeSource = "arrival"

    def start_utc_us(self, pts_90k: int) -> int:
        return WALL_US + media_us(pts_90k)

    def next_start_utc_us(self, pts_90k: int, expected_utc_us: int, elapsed_us: int) -> int:
        return expected_utc_us

    def utc_us(self, pts_90k: int) -> int:
        return self.start_utc_us(pts_90k)


class Bench:
    """A pipeline with its fakes."""

    def __init__(self, duration_s: int = 10, audio: AudioFormat | None = None) -> None:
        self.clock = FakeClock()
        self.disk = FakeDisk()
        self.told: list[GapChange] = []
        self.runs: dict[str, RunChange] = {}
        self.posted: list[Callable[[], None]] = []
        self.played = 0
        self._due: list[tuple[int, Callable[[], None]]] = []
        self.pipeline = ChannelPipeline(
            ChannelRules(1, "Door", duration_s, "mp4"),
            self.disk,
            GapTracker(1, self.told.append),
            lambda run: self.runs.__setitem__(run.run_id, run),
            self.clock,
            self.posted.append,
        )
        self.format: VideoFormat | None = video_format()
        self.pipeline.on_connected(StreamInfo(audio), StraightLine())

    def video(self, number: int, *, key: bool, pts: int | None = None, size: int = 8) -> None:
        frame = Frame(number.to_bytes(size, "big"), number * FRAME if pts is None else pts, self.clock.monotonic_ns(), key)
        frame.new_format, self.format = self.format, None
        self.pipeline.on_video(frame)

    def play(self, frames: range, gop: int = 25, size: int = 8) -> None:
        for i in frames:
            self.clock.advance(0.04)
            self.video(i, key=i % gop == 0, size=size)

    def play_and_act(self, frames: range, gop: int, act_after: int) -> None:
        """Play; what the disk thread has posted is run so many frames later, as on a busy loop."""
        for number in frames:
            self.played = number
            self.play(range(number, number + 1), gop)
            self._due += [(number + act_after, act) for act in self.posted]
            self.posted.clear()
            for _, act in [item for item in self._due if item[0] <= number]:
                act()
            self._due = [item for item in self._due if item[0] > number]

    def recorded(self) -> list[int]:
        """The numbers of all frames in all files, in order."""
        return [
            int.from_bytes(data, "big") for segment in self.disk.segments for data, _, _ in self.disk.track(segment, VIDEO_TRACK_ID)
        ]


def test_every_frame_is_in_the_files_once_in_order() -> None:
    bench = Bench()
    bench.play(range(25 * 63))
    bench.pipeline.on_disconnected(GapCause.CAMERA_OFFLINE, "", 1)
    assert bench.recorded() == list(range(25 * 63))
    assert len(bench.disk.segments) == 7
    assert bench.disk.closed == bench.disk.segments
    assert [segment.header.number for segment in bench.disk.segments] == list(range(7))


def test_segments_of_a_run_join_without_a_hole() -> None:
    bench = Bench()
    bench.play(range(25 * 40))
    ends = [segment.submitted_end_utc_us for segment in bench.disk.segments[:-1]]
    assert ends == [segment.header.start_utc_us for segment in bench.disk.segments[1:]]


@pytest.mark.parametrize("step_us", [3_600_000_000, -3_600_000_000])
def test_a_system_clock_that_is_set_ahead_leaves_a_gap_and_one_set_back_none(step_us: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.play(range(25 * 12))
    monkeypatch.setattr(StraightLine, "next_start_utc_us", lambda self, pts, expected, elapsed: expected + step_us)
    bench.play(range(25 * 12, 25 * 22))
    (before, _, after) = bench.disk.segments
    assert before.header.run_id == after.header.run_id
    assert bench.recorded() == list(range(len(bench.recorded())))
    skipped = [gap for gap in bench.told if gap.cause is GapCause.UNKNOWN and gap.end_utc_us is not None]
    assert [(gap.end_utc_us or 0) - gap.start_utc_us for gap in skipped] == ([step_us] if step_us > 0 else [])
    assert [note.cause for note in after.header.gaps_before] == ([GapCause.UNKNOWN] if step_us > 0 else [])


def test_frames_before_the_first_key_frame_are_left_out() -> None:
    bench = Bench()
    bench.play(range(10, 60))
    bench.pipeline.stop(GapCause.RECORDER_DOWN)
    assert bench.recorded() == list(range(25, 60))
    assert bench.disk.segments[0].header.start_utc_us == WALL_US + 1_000_000


@settings(max_examples=60, deadline=None)
@given(
    gops=st.lists(st.integers(1, 90), min_size=1, max_size=20),
    pattern=st.sampled_from([[0], [0, 2, 1], [0, 4, 2, 1, 3]]),
    signalled=st.booleans(),
)
def test_presentation_times_survive_any_gop_and_any_reordering(gops: list[int], pattern: list[int], signalled: bool) -> None:
    bench = Bench()
    bench.format = video_format(depth=2 if signalled else None)
    number = 0
    for gop in gops:
        for mini in range(gop):
            for position in pattern:
                start = (number // len(pattern)) * len(pattern)
                bench.video(number, key=mini == 0 and position == pattern[0], pts=(start + position) * FRAME)
                number += 1
    bench.pipeline.stop(GapCause.RECORDER_DOWN)
    assert bench.recorded() == list(range(number))
    for segment in bench.disk.segments:
        samples = bench.disk.track(segment, VIDEO_TRACK_ID)
        times = [media_us(pts) + segment.header.start_utc_us for _, pts, _ in samples]
        numbers = [int.from_bytes(data, "big") for data, _, _ in samples]
        wanted = [n // len(pattern) * len(pattern) + pattern[n % len(pattern)] for n in numbers]
        assert times == pytest.approx([WALL_US + media_us(position * FRAME) for position in wanted], abs=2)
        assert all(duration > 0 for _, _, duration in samples)


def audio_frames(bench: Bench, until_s: float, next_number: int, late_s: float = 0.1) -> int:
    """Deliver AAC frames whose end was sampled `late_s` before `until_s`."""
    while (next_number + 1) * 1024 / 16_000 + late_s <= until_s:
        bench.pipeline.on_audio(Frame(b"a" + next_number.to_bytes(4, "big"), next_number * 1024, bench.clock.monotonic_ns(), True))
        next_number += 1
    return next_number


@pytest.mark.parametrize("late_s", [0.0, 0.3, 1.5])
def test_audio_is_told_apart_at_borders_however_late_it_comes(late_s: float) -> None:
    bench = Bench(audio=AAC)
    number = 0
    for i in range(25 * 35):
        bench.clock.advance(0.04)
        bench.video(i, key=i % 25 == 0)
        number = audio_frames(bench, i / 25, number, late_s)
    bench.pipeline.stop(GapCause.RECORDER_DOWN)
    heard = []
    for segment in bench.disk.segments:
        if len(segment.formats) == 1:
            continue
        start_us = segment.header.start_utc_us - WALL_US
        for data, pts, _ in bench.disk.track(segment, AUDIO_TRACK_ID):
            heard.append(int.from_bytes(data[1:], "big"))
            assert pts / 16_000 + start_us / 1e6 == pytest.approx(heard[-1] * 0.064, abs=1e-4)
            assert pts >= 0
    first_with_audio = next(segment for segment in bench.disk.segments if len(segment.formats) == 2)
    first = -(-(first_with_audio.header.start_utc_us - WALL_US) // 64_000)
    assert heard == list(range(first, number))
    assert first == 0 or late_s > 0.7


def test_a_file_declares_audio_only_when_it_comes() -> None:
    bench = Bench(audio=AAC)
    bench.play(range(25 * 15))
    assert [len(segment.formats) for segment in bench.disk.segments] == [1, 1]


def test_a_new_format_starts_a_file_in_the_same_run() -> None:
    bench = Bench()
    bench.play(range(100))
    bench.format = video_format(1280)
    bench.play(range(100, 150))
    bench.pipeline.stop(GapCause.RECORDER_DOWN)
    assert [segment.formats[0] for segment in bench.disk.segments] == [video_format(640), video_format(1280)]
    assert len({segment.header.run_id for segment in bench.disk.segments}) == 1
    assert bench.recorded() == list(range(150))


def test_a_lost_camera_leaves_a_gap_from_the_last_frame_to_the_first() -> None:
    bench = Bench()
    bench.play(range(60))
    bench.pipeline.on_disconnected(GapCause.CAMERA_OFFLINE, "refused", 1)
    bench.pipeline.on_disconnected(GapCause.CAMERA_OFFLINE, "refused", 2)
    bench.pipeline.on_connected(StreamInfo(None), StraightLine())
    bench.format = video_format()
    bench.play(range(250, 300))
    bench.pipeline.stop(GapCause.RECORDER_DOWN)
    gap = (WALL_US + 2_400_000, WALL_US + 10_000_000, GapCause.CAMERA_OFFLINE)
    assert [(g.start_utc_us, g.end_utc_us, g.cause) for g in bench.told] == [(gap[0], None, gap[2]), gap]
    second = bench.disk.segments[1].header
    assert (second.number, len(second.gaps_before)) == (0, 1)
    assert [run.end_utc_us for run in bench.runs.values()] == [gap[0], WALL_US + 12_000_000]


def test_a_stuck_disk_ends_the_run_and_keeps_memory_bounded() -> None:
    bench = Bench()
    bench.disk.stuck = True
    bench.play(range(2000), size=40_000)
    queued = sum(segment.queued_bytes for segment in bench.disk.segments)
    assert queued <= QUEUE_LIMIT_BYTES + 20 * 40_000
    assert bench.pipeline.gaps.cause is GapCause.DISK_STALLED
    assert not bench.pipeline.recording
    for segment in bench.disk.segments:
        segment.written_bytes = segment.submitted_bytes
    bench.disk.stuck = False
    bench.play(range(2000, 2100), size=40_000)
    bench.pipeline.stop(GapCause.RECORDER_DOWN)
    numbers = bench.recorded()
    assert numbers[-100:] == list(range(2000, 2100))
    assert all(later > earlier for earlier, later in pairwise(numbers))
    assert len({segment.header.run_id for segment in bench.disk.segments}) == 2
    stalled = next(gap for gap in bench.told if gap.cause is GapCause.DISK_STALLED and gap.end_utc_us)
    assert stalled.start_utc_us == WALL_US + media_us((numbers[-101] + 1) * FRAME)
    assert stalled.end_utc_us == WALL_US + media_us(2000 * FRAME)


def test_a_full_disk_leaves_a_gap_from_the_last_whole_part_and_recording_resumes() -> None:
    bench = Bench()
    bench.play(range(100))
    failed = bench.disk.segments[-1]
    failed.failure = SegmentError("no space")
    failed.failure.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    failed.on_failure(failed, GapCause.DISK_FULL, "no space left")
    for act in bench.posted:
        act()
    assert bench.pipeline.gaps.cause is GapCause.DISK_FULL
    assert bench.told[-1].start_utc_us == failed.written_end_utc_us
    bench.play(range(100, 300))
    assert bench.pipeline.recording
    resumed = bench.disk.segments[-1].header
    assert resumed.start_utc_us - WALL_US <= media_us(175 * FRAME)
    assert resumed.gaps_before[-1].cause is GapCause.DISK_FULL


def test_a_disk_that_stays_full_is_told_once_however_often_it_is_tried() -> None:
    bench = Bench()
    bench.disk.fails = lambda: 100 <= bench.played < 500
    bench.play_and_act(range(500), gop=25, act_after=2)
    tried = [segment for segment in bench.disk.segments if segment.failure is not None]
    assert len(tried) > 5
    assert [gap.end_utc_us for gap in bench.told if gap.cause is GapCause.DISK_FULL] == [None]
    assert not bench.pipeline.recording
    bench.play_and_act(range(500, 700), gop=25, act_after=2)
    assert bench.pipeline.recording
    assert [gap.end_utc_us is None for gap in bench.told if gap.cause is GapCause.DISK_FULL] == [True, False]
    resumed = bench.disk.segments[-1].header
    assert bench.told[-1].end_utc_us == resumed.start_utc_us == resumed.gaps_before[-1].end_utc_us


@settings(deadline=None)
@given(
    gop=st.integers(1, 100),
    fails_at=st.integers(30, 330),
    lasts=st.integers(0, 200),
    told_after=st.integers(0, 20),
)
def test_recording_resumes_within_five_seconds_of_a_cause_that_has_ended(
    gop: int, fails_at: int, lasts: int, told_after: int
) -> None:
    """Wherever in a group of pictures a disk begins and ceases to fail, with a key frame every four seconds or more often."""
    bench = Bench()
    bench.disk.fails = lambda: fails_at <= bench.played < fails_at + lasts
    bench.play_and_act(range(fails_at + lasts), gop, told_after)
    over_us = WALL_US + media_us((fails_at + lasts) * FRAME)
    bench.play_and_act(range(fails_at + lasts, fails_at + lasts + 200), gop, told_after)
    bench.pipeline.stop(GapCause.RECORDER_DOWN)
    resumed = [segment for segment in bench.disk.segments if segment.failure is None and segment.written_end_utc_us > over_us]
    assert resumed[0].header.start_utc_us - over_us <= 5_000_000


@settings(deadline=None)
@given(
    gops=st.lists(st.integers(1, 120), min_size=1, max_size=6),
    every=st.sampled_from([1500, 3000, FRAME, 7200, 11250]),
    wobbles=st.lists(st.integers(-900, 900), min_size=40, max_size=120),
    duration_s=st.sampled_from([2, 10]),
)
def test_less_than_a_second_is_ever_kept_from_the_disk(gops: list[int], every: int, wobbles: list[int], duration_s: int) -> None:
    """At each frame of any stream from 8 to 60 frames a second: this is what `kill -9` costs while the disk keeps up."""
    bench = Bench(duration_s)
    keys = {sum((gops * 120)[:count]) for count in range(120)}
    for number, wobble in enumerate(wobbles):
        bench.video(number, key=number in keys, pts=number * every + (wobble if number else 0))
        newest = max(bench.recorded(), default=0)
        assert (number - newest) * every + 2 * 900 <= VIDEO_CLOCK_HZ


def test_frames_without_a_key_frame_are_named_after_ten_seconds() -> None:
    bench = Bench()
    for i in range(1, 275):
        bench.clock.advance(0.04)
        bench.video(i, key=False)
    assert bench.pipeline.gaps.cause is GapCause.NO_KEY_FRAME


def test_a_pipeline_that_never_recorded_has_nothing_to_end() -> None:
    assert Bench().pipeline.stop(GapCause.RECORDER_DOWN) is None


def test_a_new_format_inside_a_gop_ends_the_run_until_the_next_key_frame() -> None:
    bench = Bench()
    bench.play(range(60))
    bench.format = video_format(1280)
    bench.play(range(60, 150))
    bench.pipeline.stop(GapCause.RECORDER_DOWN)
    assert bench.recorded() == [*range(60), *range(75, 150)]
    assert len({segment.header.run_id for segment in bench.disk.segments}) == 2
    gap = bench.told[-1]
    assert (gap.start_utc_us, gap.end_utc_us) == (WALL_US + 2_400_000, WALL_US + 3_000_000)
    assert gap.cause is GapCause.NO_KEY_FRAME


def test_the_sound_that_is_still_being_encoded_at_the_end_is_recorded() -> None:
    bench = Bench(audio=g711.audio_format("pcma", 8_000, 1))
    for i in range(25 * 4):
        bench.clock.advance(0.04)
        bench.video(i, key=i % 25 == 0)
        bench.pipeline.on_audio(Frame(b"\xd5" * 320, i * 320, bench.clock.monotonic_ns(), True))
    bench.pipeline.on_disconnected(GapCause.CAMERA_OFFLINE, "", 1)
    (segment,) = bench.disk.segments
    _, pts, duration = bench.disk.track(segment, AUDIO_TRACK_ID)[-1]
    assert pts + duration >= 25 * 4 * 320


def test_what_is_recorded_is_counted_over_connections() -> None:
    bench = Bench()
    bench.play(range(100))
    bench.pipeline.on_disconnected(GapCause.CAMERA_OFFLINE, "", 1)
    bench.pipeline.on_connected(StreamInfo(None), StraightLine())
    bench.format = video_format()
    bench.play(range(100, 150))
    bench.pipeline.close()
    meter = bench.pipeline.meter
    assert (meter.frames, meter.size_bytes) == (150, 150 * 8)
    assert bench.pipeline.gaps.count == 2


def test_a_connection_that_ends_after_the_recorder_stopped_is_no_fault_of_the_camera() -> None:
    bench = Bench()
    bench.play(range(50))
    bench.pipeline.close()
    before = list(bench.told)
    bench.clock.advance(0.3)
    bench.pipeline.on_disconnected(GapCause.CAMERA_OFFLINE, "the camera ended the stream", 1)
    bench.pipeline.on_connected(StreamInfo(None), StraightLine())
    bench.play(range(50, 100))
    assert bench.told == before
    assert bench.told[-1].cause is GapCause.RECORDER_DOWN
    assert len(bench.disk.segments) == 1
