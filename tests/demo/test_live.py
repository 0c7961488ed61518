"""Live scenes: on the wall clock's grid, picture and sound together, key frames when somebody joins."""

from itertools import pairwise

import av
import numpy as np
import pytest

from mini_nvr.clock import US_PER_S
from mini_nvr.demo.live import LiveFeed, LiveScene
from mini_nvr.demo.model import Unit
from mini_nvr.demo.scenes import STREET
from mini_nvr.media.frame import AudioCodec, VideoCodec
from tests.demo.test_stage import read_clock
from tests.support.clock import FakeClock

HALF_PAST_US = 1_772_371_800 * US_PER_S + 530_000
START = b"\x00\x00\x00\x01"


def play(feed: LiveFeed, clock: FakeClock, seconds: float) -> list[Unit]:
    """Everything due within that time, taken just in time."""
    units: list[Unit] = []
    end_ns = clock.monotonic_ns() + round(seconds * 1e9)
    while (due_ns := feed.due_ns()) <= end_ns:
        clock.advance(max(0, due_ns - clock.monotonic_ns()) / 1e9)
        units += feed.take()
    return units


def pictures(source: LiveScene, units: list[Unit]) -> list[tuple[int, av.VideoFrame]]:
    """(pts in 90 kHz, decoded picture) of the video units."""
    decoder = av.CodecContext.create("h264" if source.codec == "h264" else "hevc", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = b"".join(START + nal for nal in source.tracks()[0].parameter_sets)
    decoded: list[av.VideoFrame] = []
    video = [unit for unit in units if unit.track == 0]
    for unit in video:
        data, offset = b"".join(unit.stored), 0
        annex_b = b""
        while offset < len(data):
            size = int.from_bytes(data[offset : offset + 4], "big")
            annex_b += START + data[offset + 4 : offset + 4 + size]
            offset += 4 + size
        decoded += decoder.decode(av.Packet(annex_b))
    decoded += decoder.decode(None)
    return list(zip((unit.pts for unit in video), decoded, strict=True))


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_the_burnt_in_clock_tells_when_the_picture_was_taken(codec: VideoCodec) -> None:
    clock = FakeClock(HALF_PAST_US)
    source = LiveScene(STREET, "Street", codec=codec)
    shown = [
        read_clock(frame.to_ndarray()[:360].astype(np.uint8))[-4:]
        for _, frame in pictures(source, play(source.start(clock), clock, 1.2))
    ]
    assert shown == ["00.6", "00.7", "00.8", "00.9", "01.0", "01.1", "01.2", "01.3", "01.4", "01.5", "01.6", "01.7"]


@pytest.mark.parametrize("codec", ["aac", "pcma"])
def test_tick_and_flash_come_together(codec: AudioCodec) -> None:
    clock = FakeClock(HALF_PAST_US)
    source = LiveScene(STREET, "Street", audio=codec)
    units = play(source.start(clock), clock, 3.2)
    lit = [(pts, frame.to_ndarray()[22, 618] > 225) for pts, frame in pictures(source, units)]
    flashes = [now / 90_000 for (_, before), (now, after) in pairwise(lit) if after and not before]
    assert flashes == [1.0, 2.0, 3.0]
    rate = source.tracks()[1].clock_hz
    ticks = _onsets_s(codec, rate, [unit for unit in units if unit.track == 1])
    assert ticks == pytest.approx(flashes, abs=0.01)


def _onsets_s(codec: AudioCodec, rate: int, units: list[Unit]) -> list[float]:
    """Where loud sound begins after half a second of quiet."""
    decoder = av.CodecContext.create("aac" if codec == "aac" else "pcm_alaw", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    if codec == "aac":
        decoder.extradata = LiveScene(STREET, "Street", audio="aac").tracks()[1].config
    else:
        decoder.sample_rate = rate
        decoder.layout = "mono"
    heard = np.zeros(10 * rate, dtype=np.float32)
    for unit in units:
        for frame in decoder.decode(av.Packet(b"".join(unit.stored))):
            samples = frame.to_ndarray()[0].astype(np.float32)
            heard[unit.pts : unit.pts + len(samples)] = samples / (1 if codec == "aac" else 32768)
    loud = np.flatnonzero(np.abs(heard) > 0.08)
    return [float(at) / rate for at, before in zip(loud, [-rate, *loud], strict=False) if at - before > rate / 2]


def test_key_frames_come_at_full_seconds_and_for_newcomers() -> None:
    clock = FakeClock(HALF_PAST_US)
    feed = LiveScene(STREET, "Street").start(clock)
    units = play(feed, clock, 1.3)
    feed.request_key()
    units += play(feed, clock, 0.5)
    assert [round(unit.pts / 9000) for unit in units if unit.is_key] == [6, 10, 19, 20]
    assert all(bool(unit.sets) == unit.is_key for unit in units)


def test_after_a_long_delay_it_shows_the_present() -> None:
    clock = FakeClock(HALF_PAST_US)
    feed = LiveScene(STREET, "Street", audio="pcma").start(clock)
    play(feed, clock, 0.5)
    clock.advance(30)
    units = play(feed, clock, 0.5)
    assert len(units) < 30
    assert min(unit.pts / (90_000 if unit.track == 0 else 8_000) for unit in units) > 30.9


def test_a_new_size_comes_with_the_next_key_frame() -> None:
    clock = FakeClock(HALF_PAST_US)
    source = LiveScene(STREET, "Street")
    before = source.tracks()[0].parameter_sets
    feed = source.start(clock)
    first = play(feed, clock, 0.2)
    source.change_resolution(320, 180)
    later = play(feed, clock, 0.8)
    keys = [unit for unit in first + later if unit.is_key]
    assert source.tracks()[0].parameter_sets != before
    assert [round(unit.pts / 9000) for unit in keys] == [6, 10]
    assert keys[0].sets != keys[1].sets
    from_key = later[later.index(keys[1]) :]
    assert {(frame.width, frame.height) for _, frame in pictures(source, from_key)} == {(320, 180)}


def test_a_second_showing_draws_on_the_same_sheet() -> None:
    source = LiveScene(STREET, "Street")
    assert source.studio() is source.studio()
