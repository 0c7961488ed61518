"""H.264 parameter sets against FFmpeg's MP4 muxer, crafted fields and hostile bytes."""

from base64 import b64decode
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.h264 import NAL_PPS, NAL_SPS, format_of_avcc, is_recovery_point, nal_type, video_format
from tests.support import coded_video
from tests.support.bit_writer import BitWriter

PPS = bytes.fromhex("68ce3c80")


def sps(
    profile: int = 77, flags: int = 0, *, order: int = 0, mbs: tuple[int, int] = (20, 15), crop: tuple[int, ...] = ()
) -> BitWriter:
    """An SPS up to vui_parameters_present_flag, without its header byte."""
    bits = BitWriter().u(8, profile).u(8, flags).u(8, 30).ue(0, 0, order)
    if order == 0:
        bits.ue(0)
    elif order == 1:
        bits.u(1, 0).se(-3, 4).ue(2).se(5, -6)
    bits.ue(1).u(1, 0).ue(mbs[0] - 1, mbs[1] - 1).u(2, 0b11).u(1, 1 if crop else 0)
    return bits.ue(*crop)


def parse(bits: BitWriter) -> VideoFormat:
    return video_format([b"\x67" + bits.rbsp()], [PPS])


@pytest.mark.parametrize(
    ("profile", "pixel_format", "size", "options", "depth"),
    [
        ("baseline", "yuv420p", (192, 112), "bframes=0", 0),
        ("main", "yuv420p", (192, 112), "bframes=0", 0),
        ("high", "yuv420p", (1920, 1080), "bframes=0", 0),
        ("high", "yuv420p", (322, 182), "bframes=3:b-pyramid=normal", 2),
        ("high", "yuv420p", (192, 112), "bframes=2:b-pyramid=none", 1),
        ("high", "yuv420p", (192, 112), "bframes=0:nal-hrd=cbr:bitrate=500:vbv-maxrate=500:vbv-bufsize=500", 0),
        ("high", "yuv420p", (1920, 1080), "interlaced=1:bframes=0", 0),
        ("high", "yuv420p", (192, 112), "cqm=jvt:bframes=0", 0),
        ("high422", "yuv422p", (190, 110), "bframes=0", 0),
        ("high444", "yuv444p", (191, 111), "bframes=0", 0),
        ("high10", "yuv420p10le", (192, 112), "bframes=0", 0),
    ],
)
def test_agrees_with_ffmpeg(profile: str, pixel_format: str, size: tuple[int, int], options: str, depth: int) -> None:
    video = coded_video.encode("h264", frames=2, size=size, options=options, profile=profile, pixel_format=pixel_format)
    result = video.format
    assert result.decoder_config == video.ffmpeg_config
    assert (result.width, result.height) == size
    assert result.frame_rate == 25
    assert result.reorder_depth == depth
    assert result.parameter_sets == (*video.sets[0], *video.sets[1])
    assert result.codec_string == f"avc1.{video.ffmpeg_config[1:4].hex().upper()}"


def test_sample_aspect_and_broken_frame_rates() -> None:
    video = coded_video.encode("h264", frames=1, rate=Fraction(30_000, 1001), sample_aspect=Fraction(40, 33))
    assert video.format.frame_rate == Fraction(30_000, 1001)
    assert video.format.sample_aspect == Fraction(40, 33)
    odd = coded_video.encode("h264", frames=1, sample_aspect=Fraction(7, 5))
    assert odd.format.sample_aspect == Fraction(7, 5)


# Parameter sets as cameras send them, with features that no encoder at hand uses; which camera sent them is not known for sure.
@pytest.mark.parametrize(
    ("sprop", "codec_string", "size", "depth"),
    [
        pytest.param("Z0IACpZTBYmI,aMljiA==", "avc1.42000A", (176, 144), 0, id="RFC 6184 section 8.3"),
        pytest.param("Z0IAKeKQFAe2AtwEBAaQeJEV,aM48gA==", "avc1.420029", (640, 480), 0, id="baseline 4.1"),
        pytest.param("Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==", "avc1.42C01E", (240, 160), 0, id="constrained baseline, cropped"),
        pytest.param("Z2QAH6wsaoFAFumoCAgIEA==,aO4xshs=", "avc1.64001F", (1280, 720), None, id="high, no reordering said"),
        pytest.param("Z00AHpWoKA9k,aO48gA==", "avc1.4D001E", (640, 480), 0, id="main, order count type 2"),
        pytest.param(
            "Z2QAKK2EBUViuKxUdCAqKxXFYqOhAVFYrisVHQgKisVxWKjoQFRWK4rFR0ICorFcVio6ECSFITk8nyfk/k/J8nm5s00IEkKQnJ5Pk/J/J+T5PNzZprQCgC3I"
            ",aO48sA==",
            "avc1.640028",
            (1280, 720),
            0,
            id="high, scaling lists",
        ),
    ],
)
def test_sets_from_the_field(sprop: str, codec_string: str, size: tuple[int, int], depth: int | None) -> None:
    sps_field, pps_field = map(b64decode, sprop.split(","))
    result = video_format([sps_field], [pps_field])
    assert (result.codec_string, (result.width, result.height), result.reorder_depth) == (codec_string, size, depth)


@pytest.mark.parametrize(
    ("bits", "depth"),
    [
        (sps(66).u(1, 0), 0),
        (sps(77, order=2).u(1, 0), 0),
        (sps(77).u(1, 0), None),
        (sps(77, order=1).u(1, 0), None),
        (sps(77, 0x10).u(1, 0), None),
        (sps(77).u(1, 1).u(4, 0).u(1, 0).u(3, 0).u(1, 1).u(1, 1).ue(2, 1, 10, 10, 3, 4), 3),
    ],
)
def test_reorder_depth(bits: BitWriter, depth: int | None) -> None:
    assert parse(bits).reorder_depth == depth


def test_intra_profiles_reorder_nothing() -> None:
    bits = BitWriter().u(8, 100).u(8, 0x10).u(8, 30).ue(0, 1, 0, 0).u(2, 0).ue(0, 0, 0, 1).u(1, 0).ue(19, 14).u(3, 0b110).u(1, 0)
    assert parse(bits).reorder_depth == 0


@pytest.mark.parametrize(
    ("num_units_in_tick", "time_scale", "rate"),
    [(1, 50, Fraction(25)), (0, 50, None), (1, 0, None), (1, 180_000, None), (2**32 - 1, 1, Fraction(1, 2**33 - 2))],
)
def test_timing(num_units_in_tick: int, time_scale: int, rate: Fraction | None) -> None:
    bits = sps().u(1, 1).u(4, 0).u(1, 1).u(32, num_units_in_tick).u(32, time_scale).u(1, 1)
    assert parse(bits).frame_rate == rate


@pytest.mark.parametrize(
    ("indicator", "aspect"), [(0, Fraction(1)), (2, Fraction(12, 11)), (16, Fraction(2)), (17, Fraction(1)), (254, Fraction(1))]
)
def test_sample_aspect_table(indicator: int, aspect: Fraction) -> None:
    assert parse(sps().u(1, 1).u(1, 1).u(8, indicator)).sample_aspect == aspect


@pytest.mark.parametrize(("width", "height", "aspect"), [(4, 3, Fraction(4, 3)), (0, 3, Fraction(1)), (3, 0, Fraction(1))])
def test_extended_sample_aspect(width: int, height: int, aspect: Fraction) -> None:
    assert parse(sps().u(1, 1).u(1, 1).u(8, 255).u(16, width).u(16, height)).sample_aspect == aspect


def test_a_vui_cut_short_keeps_what_came_before() -> None:
    whole = b"\x67" + sps().u(1, 1).u(1, 1).u(8, 2).u(3, 0).u(1, 1).u(32, 1).u(32, 30).u(1, 1).rbsp()
    assert video_format([whole], [PPS]).frame_rate == 15
    cut = video_format([whole[:-5]], [PPS])
    assert (cut.width, cut.sample_aspect, cut.frame_rate) == (320, Fraction(12, 11), None)


def test_cropping() -> None:
    assert parse(sps(mbs=(120, 68), crop=(0, 0, 0, 4)).u(1, 0)).height == 1080
    with pytest.raises(MediaError, match="no picture"):
        parse(sps(crop=(80, 80, 0, 0)).u(1, 0))


@pytest.mark.parametrize(
    ("bad_sps", "bad_pps"),
    [
        ([], [PPS]),
        ([b"\x67" + sps().u(1, 0).rbsp()], []),
        ([PPS], [PPS]),
        ([b"\x67"], [PPS]),
        ([b""], [PPS]),
        ([b"\x67" + sps().u(1, 0).rbsp()] * 32, [PPS]),
        ([b"\x67" + sps(order=3).u(1, 0).rbsp()], [PPS]),
        ([b"\x67" + sps(mbs=(2000, 1)).u(1, 0).rbsp()], [PPS]),
    ],
)
def test_wrong_sets_raise_our_error(bad_sps: list[bytes], bad_pps: list[bytes]) -> None:
    with pytest.raises(MediaError, match=r"H\.264"):
        video_format(bad_sps, bad_pps)


def test_the_format_comes_back_from_its_avcc() -> None:
    video = coded_video.encode("h264", frames=1, profile="high422", pixel_format="yuv422p", options="bframes=0")
    assert format_of_avcc(video.ffmpeg_config) == video.format


@given(st.data())
def test_damaged_avcc_raises_only_our_error(data: st.DataObject) -> None:
    avcc = bytearray(coded_video.encode("h264", frames=1).ffmpeg_config)
    avcc[data.draw(st.integers(0, len(avcc) - 1))] = data.draw(st.integers(0, 255))
    try:
        format_of_avcc(bytes(avcc[: data.draw(st.integers(0, len(avcc)))]))
    except MediaError:
        return


@given(st.binary(max_size=80))
def test_hostile_sps_raise_only_our_error(data: bytes) -> None:
    try:
        video_format([b"\x67" + data], [PPS])
    except MediaError:
        return


@given(st.data())
def test_damaged_sps_raise_only_our_error(data: st.DataObject) -> None:
    whole = bytearray(coded_video.encode("h264", frames=2, options="cqm=jvt:bframes=0", profile="high").sets[0][0])
    position = data.draw(st.integers(1, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    try:
        video_format([bytes(whole)], [PPS])
    except MediaError:
        return


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("06 06 01 c4 80", True),  # recovery_frame_cnt 0, exact match
        ("06 06 01 80 80", True),
        ("06 06 01 44 80", False),  # recovery_frame_cnt 1
        ("06 05 03 aabbcc 06 01 c4 80", True),  # behind user data
        ("06 ff05 01 aa 06 01 c4 80", True),  # type 260 first
        ("06 05 ff03" + "00000301" * 86 + "06 01 c4 80", True),  # the size counts bytes without emulation prevention
        ("06 05 10 aabb", False),  # size beyond the end
        ("06 06", False),
        ("06", False),
        ("", False),
        ("06 ff ff ff", False),
    ],
)
def test_recovery_points(payload: str, expected: bool) -> None:
    assert is_recovery_point(bytes.fromhex(payload)) is expected


@given(st.binary(max_size=60))
def test_recovery_point_never_raises(data: bytes) -> None:
    assert is_recovery_point(b"\x06" + data) in {True, False}


def test_nal_types() -> None:
    assert (nal_type(b"\x67"), nal_type(b"\x68\xce")) == (NAL_SPS, NAL_PPS)
