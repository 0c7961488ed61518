"""Clips loop with clocks that go on, in the order of decoding, each frame unlike all others."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise

import pytest

from mini_nvr.demo.clip import ClipFeed, ClipSource, ClipSpec, make_clip
from mini_nvr.demo.model import Unit
from mini_nvr.media.frame import AudioCodec, VideoCodec
from tests.support.clock import FakeClock

TINY = ClipSpec(width=64, height=64, bit_rate=60_000, gop_frames=5, frames=10)


def run_out(source: ClipSource, clock: FakeClock) -> list[tuple[int, Unit]]:
    """(due in ns since the start, unit) until the showing ends."""
    feed: ClipFeed = source.start(clock)
    start_ns = clock.monotonic_ns()
    units = []
    while (due_ns := feed.due_ns()) is not None:
        units += [(due_ns - start_ns, unit) for unit in feed.take()]
    return units


def video(units: list[tuple[int, Unit]]) -> list[tuple[int, Unit]]:
    return [(due, unit) for due, unit in units if unit.track == 0]


@pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("h265", 0), ("h264", 2), ("h265", 2)])
def test_timestamps_go_on_from_loop_to_loop(codec: VideoCodec, b_frames: int) -> None:
    spec = ClipSpec(codec, 64, 64, Fraction(25), 60_000, gop_frames=5, frames=10, b_frames=b_frames)
    units = video(run_out(ClipSource(spec, frames=35), FakeClock()))
    assert [due for due, _ in units] == pytest.approx([number * 40_000_000 for number in range(35)], abs=2)
    ticks = sorted(unit.pts for _, unit in units)
    assert [later - earlier for earlier, later in pairwise(ticks[:30])] == [3600] * 29
    assert all(unit.pts >= number * 3600 for number, (_, unit) in enumerate(units))  # shown after it is decoded
    assert [number for number, (_, unit) in enumerate(units) if unit.is_key] == list(range(0, 35, 5))
    reordered = [unit.pts for _, unit in units] != [unit.pts for _, unit in sorted(units, key=lambda item: item[1].pts)]
    assert reordered == (b_frames > 0)


def test_no_two_frames_are_alike() -> None:
    units = video(run_out(ClipSource(TINY, frames=50), FakeClock()))
    assert len({b"".join(unit.stored) for _, unit in units}) == 50


def test_what_is_stored_is_what_is_sent() -> None:
    """The payloads of frames small enough for single NAL unit packets are the stored NAL units."""
    for _, unit in video(run_out(ClipSource(TINY, frames=10), FakeClock())):
        if all(payload[0] & 0x1F != 28 for payload in unit.payloads):
            assert b"".join(len(nal).to_bytes(4, "big") + nal for nal in unit.payloads) == b"".join(unit.stored)
        assert bool(unit.sets) == unit.is_key


@pytest.mark.parametrize(("audio", "packet_s"), [("aac", 0.064), ("pcma", 0.04), ("pcmu", 0.04)])
def test_audio_runs_beside_the_pictures_on_its_own_clock(audio: AudioCodec, packet_s: float) -> None:
    spec = ClipSpec(width=64, height=64, bit_rate=60_000, gop_frames=5, frames=10, audio=audio)
    source = ClipSource(spec, frames=100)
    units = run_out(source, FakeClock())
    rate = source.tracks()[1].clock_hz
    sound = [(due, unit) for due, unit in units if unit.track == 1]
    assert [unit.pts for _, unit in sound] == [round(number * packet_s * rate) for number in range(len(sound))]
    assert len(sound) == pytest.approx(4 / packet_s, abs=2)
    assert all(due == pytest.approx(unit.pts / rate * 1e9, abs=1000) for due, unit in sound)
    assert [due for due, _ in units] == sorted(due for due, _ in units)


def test_pace_shortens_the_time_between_frames_but_not_their_timestamps() -> None:
    units = video(run_out(ClipSource(TINY, frames=20, pace=10), FakeClock()))
    assert units[-1][0] == pytest.approx(19 * 4_000_000, abs=2)
    assert units[-1][1].pts == 19 * 3600


def test_media_time_follows_the_clock_and_the_pace() -> None:
    clock = FakeClock()
    feed = ClipSource(TINY, pace=4).start(clock)
    clock.advance(0.5)
    assert feed.media_ns(clock.monotonic_ns()) == 2_000_000_000


def test_a_new_size_waits_for_a_key_frame_and_brings_new_parameter_sets() -> None:
    source = ClipSource(TINY)
    feed = source.start(FakeClock())
    old = [feed.take()[0] for _ in range(7)]
    source.change_resolution(96, 64)
    assert source.tracks()[0].parameter_sets != make_clip(TINY).tracks[0].parameter_sets
    rest = [feed.take()[0] for _ in range(10)]
    keys = [unit for unit in old + rest if unit.is_key]
    assert [unit.pts // 3600 for unit in old + rest] == list(range(17))
    assert Counter(unit.sets for unit in keys) == {old[0].sets: 2, rest[3].sets: 2}
    assert old[0].sets != rest[3].sets


@pytest.mark.parametrize("bit_rate", [1_000_000, 2_000_000])
def test_the_bit_rate_is_about_what_was_asked_for(bit_rate: int) -> None:
    clip = make_clip(ClipSpec(width=320, height=180, bit_rate=bit_rate))
    seconds = len(clip.frames) / 25
    assert sum(len(frame.stored) for frame in clip.frames) * 8 / seconds == pytest.approx(bit_rate, rel=0.2)


def test_the_same_clip_is_encoded_once() -> None:
    assert ClipSource(TINY).clip is ClipSource(TINY).clip
