"""Sound of any kind becomes AAC that lies where it lay: gaps, jumps, overlaps and damage included."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mini_nvr.media.frame import AudioFormat
from mini_nvr.storage.converter_audio import AudioFrames, audio_track
from mini_nvr.storage.converter_input import CodedAudio

RATE = 8_000
PACKET = 160


def noise_file(path: Path, starts: Sequence[int]) -> Path:
    """Packets of 20 ms of noise in Matroska, which begin at these samples."""
    noise = np.random.default_rng(3)
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for start in starts:
            packet = av.Packet(noise.integers(-9_000, 9_000, PACKET, dtype=np.int16).tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = start
            container.mux(packet)
    return path


def transcoded(path: Path, shift_90k: int = 0) -> tuple[AudioFormat, AudioFrames]:
    with av.open(str(path), "r") as container:
        track = audio_track(container.streams.audio[0], path)
        frames: AudioFrames = []
        for packet in container.demux(container.streams.audio[0]):
            if packet.size:
                frames += track.feed(CodedAudio(packet, shift_90k))
        return track.format, frames + track.flush()


def starts_of(frames: AudioFrames) -> list[int]:
    return [start for _, start in frames]


def test_an_even_stream_stays_even(tmp_path: Path) -> None:
    audio, frames = transcoded(noise_file(tmp_path / "a.mkv", range(0, 2 * RATE, PACKET)))
    assert (audio.codec, audio.sample_rate_hz, audio.channels) == ("aac", RATE, 1)
    assert starts_of(frames) == list(range(0, 2 * RATE, 1_024))


def test_a_short_gap_becomes_silence(tmp_path: Path) -> None:
    starts = [*range(0, RATE, PACKET), *range(RATE + RATE // 2, 2 * RATE, PACKET)]
    assert starts_of(transcoded(noise_file(tmp_path / "a.mkv", starts))[1]) == list(range(0, 2 * RATE, 1_024))


def test_a_long_gap_stays_a_gap(tmp_path: Path) -> None:
    starts = [*range(0, RATE, PACKET), *range(10 * RATE, 11 * RATE, PACKET)]
    found = starts_of(transcoded(noise_file(tmp_path / "a.mkv", starts))[1])
    assert [start for start in found if start < 2 * RATE] == list(range(0, RATE, 1_024))
    assert found[8] == 10 * RATE
    assert len(found) == 16


def test_time_that_was_moved_moves_the_sound(tmp_path: Path) -> None:
    found = starts_of(transcoded(noise_file(tmp_path / "a.mkv", range(0, RATE, PACKET)), shift_90k=90_000)[1])
    assert found[0] == RATE


def test_jitter_is_not_heard(tmp_path: Path) -> None:
    starts = [start + (start // PACKET % 3) * 8 for start in range(0, 2 * RATE, PACKET)]
    assert starts_of(transcoded(noise_file(tmp_path / "a.mkv", starts))[1]) == list(range(0, 2 * RATE, 1_024))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_a_tone_keeps_its_pitch_and_its_place(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "tone.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="stereo")
        silence, tone = np.zeros(rate), np.sin(np.arange(rate) * 2 * np.pi * 500 / rate) * 12_000
        samples = np.repeat(np.concatenate((silence, tone)).astype(np.int16), 2)[None, :]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    audio, frames = transcoded(path)
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = audio.decoder_config
    decoded = []
    for data, _ in frames:
        decoded += [part.to_ndarray()[0] for part in decoder.decode(av.Packet(data))]
    heard = np.concatenate(decoded)
    assert audio.channels == 2
    begins = int(np.argmax(np.abs(heard) > 0.1))
    assert begins == pytest.approx(rate, abs=rate // 50)  # the decoder is one frame late, and the priming frame was dropped
    spectrum = np.abs(np.fft.rfft(heard[rate + 2_048 : rate + 2_048 + rate // 2]))
    assert np.argmax(spectrum) * 2 == pytest.approx(500, abs=4)
