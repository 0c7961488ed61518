"""What a probe measures, from frames made by hand, and how it ends."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.clock import NS_PER_S
from mini_nvr.errors import GapCause, RtspError
from mini_nvr.ingest.probe import Measurement, NoFrames, NoKeyFrame, ProbeResult, StreamEnded, measure
from mini_nvr.media.frame import AudioFormat, Frame, VideoFormat
from mini_nvr.rtsp.client import SkippedTrack, Track
from mini_nvr.rtsp.errors import AuthenticationFailed, ConnectionLost, NoSupportedTrack
from mini_nvr.rtsp.sink import Sink
from tests.support.clock import FakeClock

VIDEO = VideoFormat("h264", (), b"", 1920, 1080, Fraction(1), None, None, "avc1.64001F")
AUDIO = AudioFormat("pcma", 8_000, 1, b"", "", 0)
VIDEO_TRACK = Track(0, None, "video", "h264", "rtsp://camera/video", 90_000, 96)
AUDIO_TRACK = Track(1, AUDIO, "audio", "pcma", "rtsp://camera/audio", 8_000, 8)


def video(seconds: float, *, key: bool = False, size: int = 1000, pts_s: float | None = None) -> Frame:
    """A picture that arrives at `seconds`, with that time stamp unless told otherwise."""
    pts = round((seconds if pts_s is None else pts_s) * 90_000)
    return Frame(bytes(size), pts, round(seconds * NS_PER_S), key, new_format=VIDEO)


def stream(seconds: float, *, fps: float, gop: int, key_size: int = 9000, size: int = 1000, first: int = 0) -> list[Frame]:
    """Frames number `first` on; each `gop`th one is a key frame."""
    numbers = range(first, first + round(seconds * fps))
    return [video(n / fps, key=n % gop == 0, size=key_size if n % gop == 0 else size) for n in numbers]


def measured(frames: Sequence[Frame]) -> Measurement:
    measurement = Measurement()
    for frame in frames:
        measurement.add_video(frame)
    return measurement


@pytest.mark.parametrize(("fps", "gop"), [(25, 50), (12.5, 25), (30000 / 1001, 30), (1, 4)])
def test_whole_gops_give_exact_figures(fps: float, gop: int) -> None:
    seen = measured(stream(2.5 * gop / fps, fps=fps, gop=gop))
    assert seen.frame_rate() == pytest.approx(fps, rel=1e-3)
    assert seen.key_interval_s() == pytest.approx(gop / fps, rel=1e-3)
    assert seen.bitrate_bps() == pytest.approx((9000 + 1000 * (gop - 1)) * 8 * fps / gop, rel=1e-3)


def test_frames_before_the_first_key_frame_change_no_figure() -> None:
    seen = measured(stream(5, fps=25, gop=50, first=20))
    assert seen.frame_rate() == pytest.approx(25)
    assert seen.key_interval_s() == pytest.approx(2)


def test_a_key_frame_added_for_the_one_who_joins_does_not_shorten_the_interval() -> None:
    joined = [video(n / 25, key=n in {30, 50, 100}) for n in range(30, 101)]
    assert measured(joined).key_interval_s() == pytest.approx(2)


def test_one_key_frame_gives_a_rate_but_no_interval() -> None:
    seen = measured(stream(1.0, fps=25, gop=250))
    assert seen.frame_rate() == pytest.approx(25)
    assert seen.key_interval_s() is None
    assert seen.bitrate_bps() is not None


def test_b_frames_do_not_disturb() -> None:
    """Decoding order I P B B P B B: time stamps go back and forth."""
    order = [0, 3, 1, 2, 6, 4, 5]
    frames = [
        video((gop * 7 + place) / 25, key=place == 0, pts_s=(gop * 7 + number) / 25)
        for gop in range(4)
        for place, number in enumerate(order)
    ]
    assert measured(frames).frame_rate() == pytest.approx(25)
    assert measured(frames[:7]).frame_rate() == pytest.approx(25)


def test_sound_counts_from_the_first_picture() -> None:
    seen = Measurement()
    seen.add_audio(Frame(bytes(100_000), 0, 0, True))
    for frame in stream(4.04, fps=25, gop=50, key_size=1000):
        seen.add_video(frame)
        seen.add_audio(Frame(bytes(320), 0, frame.arrival_ns, True))
    assert seen.bitrate_bps() == pytest.approx((1000 + 320) * 8 * 25, rel=0.02)


@given(
    st.lists(
        st.builds(Frame, st.binary(max_size=8), st.integers(-(2**40), 2**40), st.integers(0, 2**40), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_no_time_stamps_whatever_break_it(frames: list[Frame]) -> None:
    frames.sort(key=lambda frame: frame.arrival_ns)
    seen = measured(frames)
    for figure in (seen.frame_rate(), seen.key_interval_s(), seen.bitrate_bps()):
        assert figure is None or figure >= 0


def test_enough_is_two_whole_gops_and_the_shortest_time() -> None:
    frames = stream(10, fps=25, gop=50)
    assert not measured(frames[:100]).is_enough(2.0)
    assert measured(frames[:101]).is_enough(2.0)
    assert not measured(stream(1, fps=25, gop=1)).is_enough(2.0)


@dataclass
class FakeCamera:
    """A client that sends what it is told as soon as it plays; `ending` is what ends the connection, None keeps it open."""

    frames: Sequence[tuple[int, Frame]] = ()
    tracks: tuple[Track, ...] = (VIDEO_TRACK, AUDIO_TRACK)
    skipped: tuple[SkippedTrack, ...] = ()
    media_bytes: int = 0
    refusal: RtspError | None = None
    ending: RtspError | str | None = None
    losses: int = 0
    closed: int = field(default=0, init=False)

    async def describe(self) -> tuple[Track, ...]:
        if self.refusal:
            raise self.refusal
        return self.tracks

    async def play(self, tracks: Sequence[Track], sink: Sink) -> None:
        for track, frame in self.frames:
            self.media_bytes += len(frame.data)
            sink.on_frame(track, frame)
        if self.losses:
            sink.on_loss(0, self.losses)
        sink.on_sender_report(0, 0, 0)

    async def wait_closed(self) -> None:
        if self.ending is None:
            await asyncio.Event().wait()
        if isinstance(self.ending, RtspError):
            raise self.ending

    async def close(self) -> None:
        self.closed += 1


async def look(camera: FakeCamera) -> ProbeResult:
    """Probe with time passing as fast as nothing else happens."""
    clock = FakeClock()
    task = asyncio.create_task(measure(camera, clock, longest_s=10, shortest_s=2))
    for _ in range(50):
        await asyncio.sleep(0)
        if not task.done() and clock.sleepers:
            clock.advance(1)
    return await asyncio.wait_for(task, 60)


async def test_a_good_camera_is_measured_and_left_before_the_time_is_up() -> None:
    skipped = SkippedTrack("audio", "G726-32", "not a codec that is recorded")
    camera = FakeCamera([(0, frame) for frame in stream(4.1, fps=25, gop=50)], skipped=(skipped,), losses=3)
    clock = FakeClock()
    result = await measure(camera, clock, longest_s=10, shortest_s=2)
    assert result.video == VIDEO
    assert result.frame_rate == pytest.approx(25)
    assert result.key_interval_s == pytest.approx(2)
    assert result.audio == AUDIO
    assert result.skipped == ("audio G726-32: not a codec that is recorded",)
    assert result.packets_lost == 3
    assert camera.closed == 1


async def test_long_gops_are_measured_until_the_time_is_up() -> None:
    result = await look(FakeCamera([(0, frame) for frame in stream(9, fps=25, gop=500)]))
    assert result.key_interval_s is None
    assert result.frame_rate == pytest.approx(25)


async def test_a_camera_that_hangs_up_after_a_while_is_measured_all_the_same() -> None:
    camera = FakeCamera([(0, frame) for frame in stream(3, fps=25, gop=50)], ending=ConnectionLost("gone"))
    assert (await look(camera)).key_interval_s == pytest.approx(2)


PICTURES_WITHOUT_KEY = [(0, video(n / 25)) for n in range(250)]


@pytest.mark.parametrize(
    ("camera", "error", "cause"),
    [
        (FakeCamera(), NoFrames, GapCause.STREAM_STALLED),
        (FakeCamera(PICTURES_WITHOUT_KEY), NoKeyFrame, GapCause.NO_KEY_FRAME),
        (FakeCamera(media_bytes=10_000), NoKeyFrame, GapCause.NO_KEY_FRAME),  # frames whose parameter sets never come
        (FakeCamera(ending="cleanly"), StreamEnded, GapCause.CAMERA_ERROR),
        (FakeCamera(ending=ConnectionLost("gone")), ConnectionLost, GapCause.CAMERA_OFFLINE),
        (FakeCamera(refusal=AuthenticationFailed("no")), AuthenticationFailed, GapCause.WRONG_PASSWORD),
        (FakeCamera(tracks=(AUDIO_TRACK,)), NoSupportedTrack, GapCause.UNSUPPORTED_CODEC),
    ],
)
async def test_a_bad_camera_is_a_named_error_and_is_closed(camera: FakeCamera, error: type[RtspError], cause: GapCause) -> None:
    with pytest.raises(error) as caught:
        await look(camera)
    assert getattr(caught.value, "cause", None) == cause
    assert camera.closed == 1


async def test_no_task_is_left_behind() -> None:
    await look(FakeCamera([(0, frame) for frame in stream(9, fps=25, gop=500)]))
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_the_stream_of_these_tests_is_what_it_says() -> None:
    assert all(later.pts - earlier.pts == 3600 for earlier, later in pairwise(stream(2, fps=25, gop=50)))
