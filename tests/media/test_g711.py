"""G.711: the format, and the tables against FFmpeg's."""

from typing import Literal

import av
import pytest

from mini_nvr.errors import MediaError
from mini_nvr.media.g711 import SILENCE, audio_format, linear_samples


@pytest.mark.parametrize(("codec", "ffmpeg_name"), [("pcma", "pcm_alaw"), ("pcmu", "pcm_mulaw")])
def test_every_byte_decodes_as_ffmpeg_decodes_it(codec: Literal["pcma", "pcmu"], ffmpeg_name: str) -> None:
    decoder = av.CodecContext.create(ffmpeg_name, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = 8_000, "mono"
    (frame,) = decoder.decode(av.Packet(bytes(range(256))))
    assert list(linear_samples(codec)) == frame.to_ndarray()[0].tolist()


@pytest.mark.parametrize("codec", ["pcma", "pcmu"])
def test_silence_is_the_smallest_positive_sample(codec: Literal["pcma", "pcmu"]) -> None:
    samples = linear_samples(codec)
    assert samples[SILENCE[codec][0]] == min(sample for sample in samples if sample >= 0)


def test_the_format() -> None:
    result = audio_format("pcmu", 8_000, 1)
    assert (result.codec, result.clock_hz, result.channels, result.frame_samples) == ("pcmu", 8_000, 1, 0)
    assert result.decoder_config == b""
    assert result.codec_string == ""


@pytest.mark.parametrize(("rate", "channels"), [(0, 1), (-1, 1), (200_000, 1), (8_000, 0), (8_000, 3)])
def test_what_no_camera_sends_is_refused(rate: int, channels: int) -> None:
    with pytest.raises(MediaError):
        audio_format("pcma", rate, channels)
