"""G.711 to AAC: what went in at a time comes out at that time."""

from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media import aac, g711
from mini_nvr.media.audio import FRAME_SAMPLES, AacTranscoder
from mini_nvr.media.frame import AudioFormat

RATE = 8_000
PACKET = 160
PCMA = g711.audio_format("pcma", RATE, 1)

Samples = npt.NDArray[np.float32]
Packets = list[tuple[bytes, int]]


def to_g711(codec: Literal["pcma", "pcmu"], samples: npt.NDArray[Any]) -> bytes:
    """16-bit samples as G.711, by FFmpeg's encoder; two dimensions are (samples, channels)."""
    encoder = av.CodecContext.create("pcm_alaw" if codec == "pcma" else "pcm_mulaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.time_base = RATE, "mono", "s16", Fraction(1, RATE)
    frame = av.AudioFrame.from_ndarray(samples.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = RATE
    return b"".join(bytes(packet) for packet in encoder.encode(frame))


def clicks(length: int, *positions: int) -> npt.NDArray[np.int16]:
    samples = np.zeros(length, np.int16)
    for position in positions:
        samples[position : position + 4] = 20_000
    return samples


def transcode(transcoder: AacTranscoder, data: bytes, start: int = 0, packet: int = PACKET) -> Packets:
    packets: Packets = []
    for offset in range(0, len(data), packet):
        packets += transcoder.feed(data[offset : offset + packet], start + offset)
    return packets


def decode(audio: AudioFormat, packets: Packets) -> dict[int, Samples]:
    """What each access unit plays, by its pts; (channels, samples)."""
    decoder = av.CodecContext.create("aac", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.extradata = audio.decoder_config
    decoded: dict[int, Samples] = {}
    for data, pts in packets:
        (frame,) = decoder.decode(av.Packet(data))
        assert frame.sample_rate == audio.sample_rate_hz
        decoded[pts] = frame.to_ndarray().astype(np.float32)
    return decoded


def loud_moments(decoded: dict[int, Samples]) -> list[int]:
    """Where sounds start, in the clock of the pts."""
    moments: list[int] = []
    for pts, samples in sorted(decoded.items()):
        for position in np.flatnonzero(np.abs(samples[0]) > 0.25):
            if not moments or pts + int(position) > moments[-1] + 16:
                moments.append(pts + int(position))
    return moments


def assert_heard_at(decoded: dict[int, Samples], *expected: int) -> None:
    heard = loud_moments(decoded)
    assert len(heard) == len(expected), heard
    assert all(abs(a - b) <= RATE // 1000 for a, b in zip(heard, expected, strict=True)), heard


@pytest.mark.parametrize("codec", ["pcma", "pcmu"])
@pytest.mark.parametrize("packet", [80, 160, 320, 1024, 1500])
def test_a_click_is_heard_when_it_was_made(codec: Literal["pcma", "pcmu"], packet: int) -> None:
    transcoder = AacTranscoder(g711.audio_format(codec, RATE, 1))
    data = to_g711(codec, clicks(4 * RATE, 5_000, 12_345, 30_001))
    packets = transcode(transcoder, data, start=1_000_000, packet=packet) + transcoder.flush()
    assert_heard_at(decode(transcoder.format, packets), 1_005_000, 1_012_345, 1_030_001)


def test_access_units_follow_each_other_from_the_first_sample_on() -> None:
    transcoder = AacTranscoder(PCMA)
    packets = transcode(transcoder, to_g711("pcma", clicks(RATE)), start=77) + transcoder.flush()
    assert [pts for _, pts in packets] == [77 + FRAME_SAMPLES * n for n in range(-(-RATE // FRAME_SAMPLES))]


def test_the_format_is_that_of_the_source_in_aac() -> None:
    result = AacTranscoder(PCMA).format
    assert (result.codec, result.sample_rate_hz, result.channels, result.frame_samples) == ("aac", RATE, 1, FRAME_SAMPLES)
    assert result.codec_string == "mp4a.40.2"
    assert aac.audio_format(result.decoder_config) == result


def test_sound_survives() -> None:
    time = np.arange(4 * RATE)
    wanted = 8_000 * np.sin(time * 2 * np.pi * 440 / RATE) + 3_000 * np.sin(time * 2 * np.pi * 1_730 / RATE)
    transcoder = AacTranscoder(PCMA)
    packets = transcode(transcoder, to_g711("pcma", wanted)) + transcoder.flush()
    heard = np.concatenate([samples[0] for _, samples in sorted(decode(transcoder.format, packets).items())]) * 32_768
    inner = slice(2 * FRAME_SAMPLES, 3 * RATE)
    noise = heard[inner] - wanted[inner]
    assert 10 * np.log10(np.mean(wanted[inner] ** 2) / np.mean(noise**2)) > 30
    size = sum(len(data) for data, _ in packets)
    assert 28_000 < size * 8 / 4 < 36_000


def test_stereo_keeps_its_sides_apart() -> None:
    transcoder = AacTranscoder(g711.audio_format("pcmu", RATE, 2))
    data = to_g711("pcmu", np.stack([clicks(2 * RATE, 3_000), clicks(2 * RATE, 9_000)], axis=1))
    packets: Packets = []
    for number in range(0, 2 * RATE, PACKET):
        packets += transcoder.feed(data[2 * number : 2 * (number + PACKET)], number)
    decoded = decode(transcoder.format, packets + transcoder.flush())
    assert transcoder.format.channels == 2
    assert_heard_at(decoded, 3_000)
    assert_heard_at({pts: samples[::-1] for pts, samples in decoded.items()}, 9_000)


@pytest.mark.parametrize("gap", [PACKET, 1_000, RATE - 1])
def test_a_short_gap_is_filled_with_silence(gap: int) -> None:
    transcoder = AacTranscoder(PCMA)
    data = to_g711("pcma", clicks(2 * RATE, 2_000, 10_000))
    packets = transcode(transcoder, data[:RATE]) + transcode(transcoder, data[RATE:], start=RATE + gap) + transcoder.flush()
    assert_heard_at(decode(transcoder.format, packets), 2_000, 10_000 + gap)
    assert {b - a for (_, a), (_, b) in zip(packets, packets[1:], strict=False)} == {FRAME_SAMPLES}


@pytest.mark.parametrize("jump", [RATE, 10 * RATE + 1, -RATE - 500, -500_000, 2**40])
def test_a_jump_is_followed(jump: int) -> None:
    transcoder = AacTranscoder(PCMA)
    start = 1_000_000
    data = to_g711("pcma", clicks(2 * RATE, 2_000, 10_000))
    before = transcode(transcoder, data[:RATE], start)
    packets = before + transcode(transcoder, data[RATE:], start + RATE + jump) + transcoder.flush()
    assert_heard_at(decode(transcoder.format, packets), *sorted((start + 2_000, start + 10_000 + jump)))


def test_an_overlap_is_heard_once() -> None:
    transcoder = AacTranscoder(PCMA)
    data = to_g711("pcma", clicks(2 * RATE, 2_000, 7_950, 12_000))
    packets = transcode(transcoder, data[: RATE + PACKET]) + transcode(transcoder, data[RATE - 1_000 :], RATE - 1_000)
    packets += transcoder.flush()
    assert_heard_at(decode(transcoder.format, packets), 2_000, 7_950, 12_000)


def test_stamps_of_a_coarse_clock_do_not_cut_the_sound() -> None:
    transcoder = AacTranscoder(PCMA)
    wanted = to_g711("pcma", clicks(2 * RATE, 2_000, 12_000))
    packets: Packets = []
    for number, offset in enumerate(range(0, 2 * RATE, PACKET)):
        packets += transcoder.feed(wanted[offset : offset + PACKET], offset + (0, 40, -60, 70)[number % 4])
    assert_heard_at(decode(transcoder.format, packets + transcoder.flush()), 2_000, 12_000)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.binary(max_size=3_000), st.integers(-(2**63), 2**63) | st.integers(0, 20_000)), max_size=20))
def test_any_packets_are_taken(inputs: list[tuple[bytes, int]]) -> None:
    transcoder = AacTranscoder(g711.audio_format("pcma", RATE, 2))
    packets = [packet for data, pts in inputs for packet in transcoder.feed(data, pts)] + transcoder.flush()
    assert len(packets) <= sum(len(data) for data, _ in inputs) // 2 // FRAME_SAMPLES + 9 * len(inputs)


def test_flushing_an_empty_one_gives_nothing() -> None:
    assert AacTranscoder(PCMA).flush() == []


def test_what_cannot_be_transcoded_is_refused() -> None:
    with pytest.raises(MediaError, match="AAC already"):
        AacTranscoder(aac.audio_format(bytes.fromhex("1588")))
    with pytest.raises(MediaError, match="123 Hz"):
        AacTranscoder(g711.audio_format("pcma", 123, 1))
