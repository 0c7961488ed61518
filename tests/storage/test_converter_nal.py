"""NAL units of any container, as our files hold them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoCodec
from mini_nvr.media.nal import length_prefixed
from mini_nvr.storage.converter_nal import NalReader, split_annex_b
from tests.support.footage import video_clip, video_format

CODECS: tuple[VideoCodec, ...] = ("h264", "h265")
NALS = st.lists(st.binary(min_size=1, max_size=40).map(lambda data: data.replace(b"\0", b"\x01")), min_size=1, max_size=5)


def config_with_lengths_of(size: int) -> bytes:
    config = bytearray(video_format(video_clip()).decoder_config)
    config[4] = config[4] & 0xFC | (size - 1)
    return bytes(config)


@pytest.mark.parametrize("codec", CODECS)
def test_the_containers_configuration_tells_the_format(codec: VideoCodec) -> None:
    known = video_format(video_clip(codec))
    assert NalReader(codec, known.decoder_config).format() == known


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("config", [b"", b"\0\0\0\1\x09\x10"])
def test_otherwise_the_first_key_frame_does(codec: VideoCodec, config: bytes) -> None:
    known = video_format(video_clip(codec))
    key_frame = b"".join(b"\0\0\0\1" + nal for nal in known.parameter_sets) + b"\0\0\1\x65\x88"
    assert NalReader(codec, config).format(key_frame) == known


@pytest.mark.parametrize("codec", CODECS)
def test_nothing_tells(codec: VideoCodec) -> None:
    with pytest.raises(MediaError):
        NalReader(codec, b"").format()


@given(NALS, st.sampled_from([1, 2, 4]))
def test_lengths_of_any_size_become_lengths_of_four_bytes(nals: list[bytes], size: int) -> None:
    data = b"".join(len(nal).to_bytes(size) + nal for nal in nals)
    assert NalReader("h264", config_with_lengths_of(size)).normalized(data, ()) == length_prefixed(nals)


@given(NALS, st.sampled_from([b"\0\0\1", b"\0\0\0\1"]))
def test_start_codes_become_lengths(nals: list[bytes], code: bytes) -> None:
    assert NalReader("h265", b"").normalized(b"".join(code + nal for nal in nals), ()) == length_prefixed(nals)


def test_known_parameter_sets_go_and_others_stay() -> None:
    known = video_format(video_clip())
    sps, pps = known.parameter_sets
    other = sps[:-1] + bytes((sps[-1] ^ 0x20,))
    reader = NalReader("h264", known.decoder_config)
    data = length_prefixed([sps, pps, other, b"\x65\x01"])
    assert reader.normalized(data, known.parameter_sets) == length_prefixed([other, b"\x65\x01"])
    assert reader.normalized(length_prefixed([sps, pps]), known.parameter_sets) == b""


@given(st.binary(max_size=64))
def test_bytes_of_any_kind_are_split_or_refused(data: bytes) -> None:
    reader = NalReader("h264", config_with_lengths_of(4))
    try:
        nals = reader.split(data)
    except MediaError:
        return
    assert length_prefixed(nals) == data


@given(st.binary(max_size=64))
def test_a_byte_stream_gives_units_without_start_codes(data: bytes) -> None:
    assert all(nal and b"\0\0\1" not in nal for nal in split_annex_b(data))
