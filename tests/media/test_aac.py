"""AudioSpecificConfig: table, FFmpeg's own, hostile bytes."""

from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.aac import audio_format
from tests.support.bit_writer import BitWriter


@pytest.mark.parametrize(
    ("asc", "rate", "channels", "samples", "codec_string"),
    [
        ("1408", 16_000, 1, 1024, "mp4a.40.2"),
        ("1588", 8_000, 1, 1024, "mp4a.40.2"),
        ("1210", 44_100, 2, 1024, "mp4a.40.2"),
        ("1190", 48_000, 2, 1024, "mp4a.40.2"),
        ("11b0", 48_000, 6, 1024, "mp4a.40.2"),
        ("11b8", 48_000, 8, 1024, "mp4a.40.2"),
        ("140c", 16_000, 1, 960, "mp4a.40.2"),
        ("2b8a0800", 44_100, 1, 2048, "mp4a.40.5"),
        ("eb8a0800", 44_100, 1, 2048, "mp4a.40.29"),
        ("158856e500", 8_000, 1, 1024, "mp4a.40.2"),
        ("1780177008", 12_000, 1, 1024, "mp4a.40.2"),  # the rate written out
    ],
)
def test_configurations(asc: str, rate: int, channels: int, samples: int, codec_string: str) -> None:
    config = bytes.fromhex(asc)
    result = audio_format(config)
    assert (result.sample_rate_hz, result.channels, result.frame_samples) == (rate, channels, samples)
    assert (result.codec, result.codec_string, result.decoder_config, result.clock_hz) == ("aac", codec_string, config, rate)


@pytest.mark.parametrize(("rate", "layout"), [(8_000, "mono"), (22_050, "stereo"), (48_000, "5.1")])
def test_agrees_with_ffmpeg(rate: int, layout: str) -> None:
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.time_base = rate, layout, "fltp", Fraction(1, rate)
    encoder.open()
    result = audio_format(bytes(encoder.extradata or b""))
    assert (result.sample_rate_hz, result.channels, result.frame_samples) == (rate, encoder.channels, encoder.frame_size)


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        (b"", "early"),
        (b"\x14", "early"),
        (bytes.fromhex("0c08"), "object type 1"),
        (bytes.fromhex("f8e42000"), "object type 39"),
        (bytes.fromhex("1688"), "samplingFrequencyIndex 13"),
        (bytes.fromhex("1400"), "channel configuration 0"),
        (bytes.fromhex("1440"), "channel configuration 8"),
        (BitWriter().u(5, 2).u(4, 15).u(24, 0).u(8, 0x10).rbsp(), "rate is 0"),
        (BitWriter().u(5, 5).u(4, 4).u(4, 1).u(4, 4).u(5, 1).u(8, 0).rbsp(), "object type 1"),
    ],
)
def test_what_is_not_supported_says_why(config: bytes, cause: str) -> None:
    with pytest.raises(MediaError, match=cause):
        audio_format(config)


@given(st.binary(max_size=12))
def test_hostile_bytes_raise_only_our_error(config: bytes) -> None:
    try:
        result = audio_format(config)
    except MediaError:
        return
    assert result.sample_rate_hz > 0
    assert result.channels > 0
