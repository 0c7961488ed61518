"""What the encoders put out is what FFmpeg's decoders take in."""

from fractions import Fraction
from typing import Literal

import av
import numpy as np
import pytest

from mini_nvr.demo.encoder import AacEncoder, G711Encoder, Picture, VideoEncoder, VideoSettings, is_parameter_set, split_annex_b
from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoCodec

START = b"\x00\x00\x00\x01"


def settings(codec: VideoCodec, b_frames: int = 0, width: int = 160) -> VideoSettings:
    return VideoSettings(codec, width, 96, Fraction(10), gop_frames=100, b_frames=b_frames)


def pictures_of(encoder: VideoEncoder, count: int, keys: frozenset[int] = frozenset({0})) -> list[Picture]:
    pictures = []
    for number in range(count):
        image = np.full((96 * 3 // 2, 160), 16 + number * 10, dtype=np.uint8)
        pictures += encoder.encode(av.VideoFrame.from_ndarray(image, format="yuv420p"), number, force_key=number in keys)
    return pictures


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_each_picture_comes_out_at_once_and_decodes(codec: VideoCodec) -> None:
    encoder = VideoEncoder(settings(codec))
    pictures = pictures_of(encoder, 8, frozenset({0, 5}))
    assert [picture.pts for picture in pictures] == list(range(8))
    assert [picture.pts for picture in pictures if picture.is_key] == [0, 5]
    assert not any(is_parameter_set(codec, nal) for picture in pictures for nal in picture.nals)
    decoder = av.CodecContext.create("h264" if codec == "h264" else "hevc", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = b"".join(START + nal for nal in encoder.parameter_sets)
    decoded = []
    for picture in pictures[5:]:  # a forced key frame is a fresh start
        decoded += decoder.decode(av.Packet(b"".join(START + nal for nal in picture.nals)))
    decoded += decoder.decode(None)
    lumas = [int(frame.to_ndarray()[0, 0]) for frame in decoded]
    assert lumas == pytest.approx([66, 76, 86], abs=3)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_parameter_sets_are_known_before_the_first_picture(codec: VideoCodec) -> None:
    sets = VideoEncoder(settings(codec)).parameter_sets
    assert len(sets) == (2 if codec == "h264" else 3)
    assert sets == VideoEncoder(settings(codec)).parameter_sets  # SDP and stream come from two encoders
    assert sets != VideoEncoder(settings(codec, width=320)).parameter_sets


def test_b_frames_are_held_back_and_come_out_at_the_end() -> None:
    encoder = VideoEncoder(settings("h264", b_frames=2))
    pictures = pictures_of(encoder, 8)
    assert len(pictures) < 8
    order = [picture.pts for picture in pictures + encoder.finish()]
    assert sorted(order) == list(range(8))
    assert order != list(range(8))


def test_what_the_libraries_cannot_encode_is_our_error() -> None:
    with pytest.raises(MediaError, match="h264"):
        VideoEncoder(settings("h264", width=161))


def test_annex_b_is_split_at_long_and_short_start_codes() -> None:
    assert split_annex_b(b"\x00\x00\x00\x01\x67a\x00\x00\x01\x68b\x00\x00\x00\x00\x01\x65c") == [b"\x67a", b"\x68b", b"\x65c"]
    assert split_annex_b(b"") == []


@pytest.mark.parametrize("codec", ["pcma", "pcmu"])
def test_g711_decodes_to_the_same_sound(codec: Literal["pcma", "pcmu"]) -> None:
    sound = np.sin(np.arange(320, dtype=np.float32) / 5).astype(np.float32) * 0.5
    data = G711Encoder(codec, 8000).encode(sound)
    assert len(data) == 320
    decoder = av.CodecContext.create("pcm_alaw" if codec == "pcma" else "pcm_mulaw", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate = 8000
    decoder.layout = "mono"
    (frame,) = decoder.decode(av.Packet(data))
    assert np.max(np.abs(frame.to_ndarray()[0] / 32768 - sound)) < 0.02


def test_aac_decodes_to_the_same_sound_at_the_same_time() -> None:
    encoder = AacEncoder(16_000)
    sound = np.zeros(16 * 1024, dtype=np.float32)
    sound[8000:8400] = 0.5 * np.sin(np.arange(400) / 3)
    units = [unit for start in range(0, len(sound), 1024) for unit in encoder.encode(sound[start : start + 1024], start)]
    decoder = av.CodecContext.create("aac", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.extradata = encoder.config
    heard = np.zeros(len(sound) + 2048, dtype=np.float32)
    for pts, unit in units:
        for frame in decoder.decode(av.Packet(unit)):
            heard[pts + 1024 : pts + 2048] = frame.to_ndarray()[0]  # shifted by one frame: the first pts is -1024
    onset = int(np.argmax(np.abs(heard) > 0.2)) - 1024
    assert onset == pytest.approx(8000, abs=32)
