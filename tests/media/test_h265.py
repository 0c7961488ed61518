"""H.265 parameter sets against FFmpeg's MP4 muxer, crafted fields and hostile bytes."""

from base64 import b64decode
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.h265 import IRAP_NUTS, NAL_CRA_NUT, NAL_IDR_W_RADL, NAL_SPS_NUT, format_of_hvcc, nal_type, video_format
from tests.support import coded_video
from tests.support.bit_writer import BitWriter

VPS = b64decode("QAEMAf//AWAAAAMAsAAAAwAAAwB4rAk=")
PPS = b64decode("RAHA8vA8kAA=")
MAIN_PROFILE = 0x01600000009000000000005D  # profile_tier_level of Main at level 3.1, 96 bits


def sps_start(profile_tier_level: int = MAIN_PROFILE, sub_layers: int = 1) -> BitWriter:
    """Up to sps_seq_parameter_set_id; each sub-layer has both a profile and a level."""
    bits = BitWriter().u(4, 0).u(3, sub_layers - 1).u(1, 1).u(96, profile_tier_level)
    if sub_layers > 1:
        bits.u(2 * (sub_layers - 1), 2 ** (2 * (sub_layers - 1)) - 1).u(2 * (9 - sub_layers), 0)
        for _ in range(sub_layers - 1):
            bits.u(96, profile_tier_level)
    return bits.ue(0)


def sps_picture(bits: BitWriter, *, chroma: int = 1, size: tuple[int, int] = (640, 368), window: tuple[int, ...] = ()) -> BitWriter:
    """From chroma_format_idc to log2_max_pic_order_cnt_lsb_minus4."""
    bits.ue(chroma)
    if chroma == 3:
        bits.u(1, 0)
    return bits.ue(*size).u(1, 1 if window else 0).ue(*window).ue(0, 0, 4)


def sps_tools(bits: BitWriter, *, reorder: tuple[int, ...] = (0,)) -> BitWriter:
    """From sps_sub_layer_ordering_info_present_flag to pcm_enabled_flag."""
    bits.u(1, 1)
    for pictures in reorder:
        bits.ue(4, pictures, 0)
    return bits.ue(0, 3, 0, 3, 0, 0).u(1, 0).u(2, 0).u(1, 0)


def no_references(bits: BitWriter) -> BitWriter:
    return bits.ue(0).u(1, 0).u(2, 0)


def parse(bits: BitWriter) -> VideoFormat:
    return video_format([VPS], [b"\x42\x01" + bits.rbsp()], [PPS])


@pytest.mark.parametrize(
    ("pixel_format", "size", "options", "depth"),
    [
        ("yuv420p", (192, 112), "bframes=0", 0),
        ("yuv420p", (1920, 1080), "bframes=0", 0),
        ("yuv420p", (322, 182), "bframes=4:b-pyramid=1", 2),
        ("yuv420p", (192, 112), "bframes=2:b-pyramid=0", 1),
        ("yuv420p", (192, 112), "temporal-layers=3:bframes=3", 2),
        ("yuv420p", (192, 112), "scaling-list=default:bframes=0", 0),
        ("yuv420p", (192, 112), "hrd=1:vbv-maxrate=500:vbv-bufsize=500:bitrate=500:bframes=0", 0),
        ("yuv420p10le", (192, 112), "bframes=0", 0),
        ("yuv422p", (190, 110), "bframes=0", 0),
        ("yuv444p", (191, 111), "bframes=0", 0),
    ],
)
def test_agrees_with_ffmpeg(pixel_format: str, size: tuple[int, int], options: str, depth: int) -> None:
    # x265 takes the decoding times of a stream that ends before its first B-frame from memory that it has not written
    frames = 1 if "bframes=0" in options else 8
    video = coded_video.encode("h265", frames=frames, size=size, options=options, pixel_format=pixel_format)
    result = video.format
    ours, theirs = result.decoder_config, video.ffmpeg_config
    # FFmpeg adds x265's SEI as a fourth array, and as its `hev1` may hold sets in band its arrays are not complete.
    complete = bytearray(ours)
    position = 23
    for sets in video.sets:
        complete[position] &= 0x7F
        position += 3 + sum(2 + len(nal) for nal in sets)
    assert ours[:22] == theirs[:22]
    assert complete[23:] == theirs[23 : len(ours)]
    assert (result.width, result.height) == size
    assert result.frame_rate == 25
    assert result.reorder_depth == depth
    assert result.parameter_sets == tuple(nal for sets in video.sets for nal in sets)


def test_sample_aspect_and_broken_frame_rates() -> None:
    video = coded_video.encode("h265", frames=1, rate=Fraction(30_000, 1001), sample_aspect=Fraction(40, 33))
    assert (video.format.frame_rate, video.format.sample_aspect) == (Fraction(30_000, 1001), Fraction(40, 33))


# Parameter sets as cameras send them; which camera sent them is not known for sure.
@pytest.mark.parametrize(
    ("sprop_sps", "codec_string", "size", "rate"),
    [
        ("QgEBAWAAAAMAsAAAAwAAAwB4oAPAgBDljb5JMvTcBAQEAg==", "hvc1.1.6.L120.B0", (1920, 1080), None),
        ("QgEBAWAAAAMAsAAAAwAAAwBdoAKAgC0WNrkky/AIAAADAAgAAAMB5QgC", "hvc1.1.6.L93.B0", (1280, 720), 60),
        ("QgEBAWAAAAMAAAMAAAMAAAMAlqABICAFEf4qtO6JLpxuAgICAQ==", "hvc1.1.6.L150", (2304, 1296), None),
    ],
)
def test_sets_from_the_field(sprop_sps: str, codec_string: str, size: tuple[int, int], rate: int | None) -> None:
    result = video_format([VPS], [b64decode(sprop_sps)], [PPS])
    assert (result.codec_string, (result.width, result.height), result.frame_rate) == (codec_string, size, rate)


@pytest.mark.parametrize(
    ("profile_tier_level", "codec_string"),
    [
        (0x0160000000B000000000005D, "hvc1.1.6.L93.B0"),  # the example of ISO/IEC 14496-15 clause E.3
        (0x02200000009000000000007B, "hvc1.2.4.L123.90"),
        (0x6160000000000000000000BA, "hvc1.A1.6.H186"),
        (0xC41000000000010203000078, "hvc1.C4.8.L120.0.1.2.3"),
    ],
)
def test_codec_string(profile_tier_level: int, codec_string: str) -> None:
    bits = no_references(sps_tools(sps_picture(sps_start(profile_tier_level)))).u(1, 0)
    assert parse(bits).codec_string == codec_string


def test_reorder_depth_is_that_of_the_highest_sub_layer() -> None:
    bits = no_references(sps_tools(sps_picture(sps_start(sub_layers=3)), reorder=(0, 1, 3))).u(1, 0)
    assert parse(bits).reorder_depth == 3


def test_the_conformance_window_counts_in_chroma_units() -> None:
    for chroma, size in [(0, (636, 361)), (1, (632, 354)), (2, (632, 361)), (3, (636, 361))]:
        bits = no_references(sps_tools(sps_picture(sps_start(), chroma=chroma, window=(1, 3, 2, 5)))).u(1, 0)
        result = parse(bits)
        assert (result.width, result.height) == size


def test_everything_before_the_vui_is_stepped_over() -> None:
    bits = sps_picture(sps_start())
    bits.u(1, 1).ue(4, 0, 0).ue(0, 3, 0, 3, 0, 0)
    bits.u(2, 0b11)  # a scaling list of each kind: copied, and coded with and without a DC coefficient
    for size_id in range(4):
        for matrix in range(0, 6, 3 if size_id == 3 else 1):
            if matrix:
                bits.u(1, 0).ue(1)
            else:
                bits.u(1, 1).se(*([-5] if size_id > 1 else []), *([1, -1] * min(32, 8 << (size_id << 1))))
    bits.u(2, 0b11).u(1, 1).u(8, 0x77).ue(0, 1).u(1, 1)  # PCM
    bits.ue(3)  # short-term reference picture sets
    bits.ue(2, 1).ue(0).u(1, 1).ue(1).u(1, 0).ue(0).u(1, 1)
    bits.u(1, 1).u(1, 1).ue(0).u(1, 1).u(2, 0b01).u(2, 0b00).u(1, 1)  # predicted from 3 pictures: 4 entries, 3 kept
    bits.u(1, 1).u(1, 0).ue(2).u(1, 1).u(1, 1).u(1, 1).u(1, 1)  # predicted from those 3
    bits.u(1, 1).ue(2).u(8, 9).u(1, 1).u(8, 200).u(1, 0)  # long-term pictures
    bits.u(2, 0b11).u(1, 1)
    bits.u(1, 1).u(8, 3).u(2, 0b11).u(1, 1).u(4, 5).u(1, 1).u(24, 0x010101).u(1, 1).ue(1, 1)
    bits.u(3, 0).u(1, 1).ue(0, 1, 2, 3).u(1, 1).u(32, 1001).u(32, 15_000).u(1, 0)
    result = parse(bits)
    assert (result.sample_aspect, result.frame_rate) == (Fraction(10, 11), Fraction(15_000, 1001))


def test_a_vui_cut_short_keeps_what_came_before() -> None:
    bits = no_references(sps_tools(sps_picture(sps_start()))).u(1, 1).u(1, 1).u(8, 2)
    assert parse(bits).sample_aspect == Fraction(12, 11)


@pytest.mark.parametrize(
    "sets",
    [
        ([], [b"\x42\x01\x00"], [PPS]),
        ([VPS], [], [PPS]),
        ([VPS], [b"\x42\x01\x00"], []),
        ([VPS], [VPS], [PPS]),
        ([PPS], [b"\x42\x01\x00"], [PPS]),
        ([VPS], [b"\x42\x01"], [PPS]),
        ([VPS], [b"\x42\x01\x0e" + bytes(40)], [PPS]),
        ([VPS], [b"\x42\x01" + sps_picture(sps_start(), window=(160, 160, 0, 0)).rbsp()], [PPS]),
        ([VPS], [b"\x42\x01" + sps_picture(sps_start(), size=(20_000, 16)).rbsp()], [PPS]),
        ([VPS], [b"\x42\x01" + sps_tools(sps_picture(sps_start())).ue(65).rbsp()], [PPS]),
        ([VPS] * 65, [b"\x42\x01\x00"], [PPS]),
    ],
)
def test_wrong_sets_raise_our_error(sets: tuple[list[bytes], list[bytes], list[bytes]]) -> None:
    with pytest.raises(MediaError, match=r"H\.265"):
        video_format(*sets)


def test_the_format_comes_back_from_its_hvcc() -> None:
    video = coded_video.encode("h265", frames=1)
    assert format_of_hvcc(video.format.decoder_config) == video.format
    assert format_of_hvcc(video.ffmpeg_config) == video.format  # its SEI array is left out


@given(st.data())
def test_damaged_hvcc_raises_only_our_error(data: st.DataObject) -> None:
    hvcc = bytearray(coded_video.encode("h265", frames=1).format.decoder_config)
    hvcc[data.draw(st.integers(0, len(hvcc) - 1))] = data.draw(st.integers(0, 255))
    try:
        format_of_hvcc(bytes(hvcc[: data.draw(st.integers(0, len(hvcc)))]))
    except MediaError:
        return


@given(st.binary(max_size=80))
def test_hostile_sps_raise_only_our_error(data: bytes) -> None:
    try:
        video_format([VPS], [b"\x42\x01" + data], [PPS])
    except MediaError:
        return


@given(st.data())
def test_damaged_sps_raise_only_our_error(data: st.DataObject) -> None:
    whole = bytearray(coded_video.encode("h265", frames=1, options="scaling-list=default:bframes=0").sets[1][0])
    position = data.draw(st.integers(2, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    try:
        video_format([VPS], [bytes(whole)], [PPS])
    except MediaError:
        return


def test_nal_types() -> None:
    assert nal_type(b"\x42\x01") == NAL_SPS_NUT
    assert NAL_IDR_W_RADL in IRAP_NUTS
    assert NAL_CRA_NUT in IRAP_NUTS
    assert 15 not in IRAP_NUTS
    assert 24 not in IRAP_NUTS
