"""The init segment: formats and metadata read back equal, and FFmpeg reads the same from it."""

from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media import aac
from mini_nvr.media.frame import AudioFormat, TrackFormat, VideoFormat
from mini_nvr.media.mp4 import init_segment, parse_init
from mini_nvr.media.mp4.boxes import PRODUCT_UUID
from tests.support.footage import audio_clip, video_clip, video_format
from tests.support.mp4_strategies import damaged

H264, H265, AAC = video_format(video_clip()), video_format(video_clip("h265")), audio_clip().format
VALID = {codec: init_segment([video, AAC], b'{"a":1}') for codec, video in (("h264", H264), ("h265", H265))}


@pytest.mark.parametrize("formats", [[H264], [H265], [H264, AAC], [H265, AAC], [AAC]])
def test_formats_and_metadata_read_back(formats: list[TrackFormat]) -> None:
    init = parse_init(init_segment(formats, "«metadata»".encode()))
    assert init.formats == tuple(formats)
    assert init.metadata.decode() == "«metadata»"
    assert init.defaults.keys() == {1 if isinstance(track, VideoFormat) else 2 for track in formats}


@pytest.mark.parametrize("asc", ["1408", "1190", "1188", "1588", "1210"])
def test_audio_of_other_rates_and_channels(asc: str) -> None:
    audio = aac.audio_format(bytes.fromhex(asc))
    init = init_segment([H264, audio], b"")
    assert parse_init(init).formats[1] == audio
    with av.open(BytesIO(init)) as container:
        stream = container.streams.audio[0]
        assert (stream.rate, stream.codec_context.extradata) == (audio.sample_rate_hz, audio.decoder_config)
        assert stream.time_base == Fraction(1, audio.sample_rate_hz)


@pytest.mark.parametrize("video", [H264, H265])
def test_ffmpeg_reads_the_same(video: VideoFormat) -> None:
    with av.open(BytesIO(init_segment([video, AAC], b"{}", start_utc_us=1_790_000_000_000_000))) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.extradata == video.decoder_config
        assert (stream.width, stream.height, stream.time_base) == (video.width, video.height, Fraction(1, 90_000))
        assert container.metadata["creation_time"] == "2026-09-21T14:13:20.000000Z"


def test_sample_aspect_ratio_is_stated_and_widens_the_track() -> None:
    wide = replace(H264, sample_aspect=Fraction(4, 3))
    data = init_segment([wide], b"")
    with av.open(BytesIO(data)) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
    track_header = data.index(b"tkhd")
    assert int.from_bytes(data[track_header + 92 : track_header + 96], "big") == wide.width * 0x10000 * 4 // 3


def test_long_metadata_and_times_beyond_2040() -> None:
    metadata = bytes(range(256)) * 200
    data = init_segment([H264], metadata, start_utc_us=4_000_000_000_000_000)
    assert parse_init(data).metadata == metadata
    with av.open(BytesIO(data)) as container:
        assert container.metadata["creation_time"].startswith("2096-10-02")


@pytest.mark.parametrize(
    ("formats", "message"),
    [
        ([], "not 0 tracks"),
        ([H264, H264], "not 2 tracks"),
        ([H264, AAC, AAC], "not 3 tracks"),
        ([H264, AudioFormat("pcma", 8_000, 1, b"", "", 0)], "transcode it to AAC"),
        ([replace(H264, width=0)], "does not fit"),
        ([replace(H264, height=65_536)], "do not fit"),
    ],
)
def test_impossible_formats_are_refused(formats: list[TrackFormat], message: str) -> None:
    with pytest.raises(MediaError, match=message):
        init_segment(formats, b"")


@given(st.sampled_from(["h264", "h265"]).flatmap(lambda codec: damaged(VALID[codec])))
def test_hostile_bytes_raise_only_our_error(data: bytes) -> None:
    try:
        parse_init(data)
    except MediaError:
        pass


@given(st.binary(max_size=200))
def test_any_bytes_raise_only_our_error(data: bytes) -> None:
    with pytest.raises(MediaError):
        parse_init(data)


def test_every_truncation_is_refused() -> None:
    for data in VALID.values():
        for end in range(len(data)):
            with pytest.raises(MediaError):
                parse_init(data[:end])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"avc1", b"mp4v", "not written by this product"),
        (b"avcC", b"xxxx", "lacks its b'avcC'"),
        (b"mvex", b"free", "lacks b'mvex'"),
        (PRODUCT_UUID, bytes(16), "no metadata of this product"),
    ],
)
def test_foreign_movies_are_refused_by_name(old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        parse_init(VALID["h264"].replace(old, new))


def test_a_crowd_of_boxes_is_refused() -> None:
    crowd = b"\0\0\0\x08free" * 5_000
    moov = (len(crowd) + 8).to_bytes(4, "big") + b"moov" + crowd
    with pytest.raises(MediaError, match="children"):
        parse_init(moov)
