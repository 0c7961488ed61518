"""H.264 parameter sets: what a decoder, a container and a player must know (ITU-T H.264 | ISO/IEC 14496-10)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from mini_nvr.errors import MediaError
from mini_nvr.media.bits import BitReader
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.nal import CountedSets, counted_by_16_bits, remove_emulation_prevention
from mini_nvr.media.vui import Vui, plausible_rate, read_picture_description

# nal_unit_type (Table 7-1)
NAL_SLICE = 1
NAL_SLICE_DATA_PARTITION_A = 2
NAL_SLICE_DATA_PARTITION_B = 3
NAL_SLICE_DATA_PARTITION_C = 4
NAL_IDR_SLICE = 5
NAL_SEI = 6
NAL_SPS = 7
NAL_PPS = 8
NAL_ACCESS_UNIT_DELIMITER = 9
NAL_END_OF_SEQUENCE = 10
NAL_END_OF_STREAM = 11
NAL_FILLER_DATA = 12
NAL_SPS_EXTENSION = 13

NAL_TYPE_MASK = 0x1F

_SEI_RECOVERY_POINT = 6  # payloadType, clause D.1.1

PROFILE_BASELINE = 66
PROFILE_MAIN = 77
PROFILE_EXTENDED = 88
# profile_idc values whose SPS carries chroma format and bit depth (clause 7.3.2.1.1)
_PROFILES_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
# ... and those of them that are intra-only when constraint_set3_flag is set (clause A.2), so that nothing is reordered
_PROFILES_WITH_INTRA_VARIANT = frozenset({44, 86, 100, 110, 122, 244})

_MAX_SIDE_MBS = 1055  # macroblocks of the longest side that level 6.2 allows (clause A.3.1)
_MAX_SPS = 31
_MAX_PPS = 255


@dataclass(slots=True)
class _Sps:
    """The fields of a sequence parameter set that we use; sizes in luma samples."""

    profile_idc: int
    constraint_flags: int
    level_idc: int
    chroma_format_idc: int = 1
    separate_colour_plane: bool = False
    bit_depth_luma_minus8: int = 0
    bit_depth_chroma_minus8: int = 0
    pic_order_cnt_type: int = 0
    width: int = 0
    height: int = 0
    vui: Vui = field(default_factory=Vui)


def nal_type(nal: bytes) -> int:
    """nal_unit_type of a NAL unit that is not empty."""
    return nal[0] & NAL_TYPE_MASK


def video_format(sps: Sequence[bytes], pps: Sequence[bytes]) -> VideoFormat:
    """The format that these parameter sets announce; the first SPS speaks for the picture.

    sps, pps: NAL units with their header byte, without start code, in the order to keep.

    Raises:
        MediaError: a set is missing, of the wrong type, damaged, or too many are given.
    """
    _check_types(sps, NAL_SPS, "SPS", _MAX_SPS)
    _check_types(pps, NAL_PPS, "PPS", _MAX_PPS)
    try:
        parsed = _parse_sps(sps[0])
    except MediaError as exc:
        raise MediaError(f"H.264 SPS: {exc}") from exc
    return VideoFormat(
        codec="h264",
        parameter_sets=(*sps, *pps),
        decoder_config=_avcc(parsed, sps, pps),
        width=parsed.width,
        height=parsed.height,
        sample_aspect=parsed.vui.sample_aspect,
        frame_rate=parsed.vui.frame_rate,
        reorder_depth=_reorder_depth(parsed),
        codec_string=f"avc1.{sps[0][1:4].hex().upper()}",
    )


def format_of_avcc(avcc: bytes) -> VideoFormat:
    """The format from an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 clause 5.3.3.1), as a container holds it.

    Raises:
        MediaError: damaged, or as for `video_format`.
    """
    reader = CountedSets(avcc, 5)
    sps = reader.sets(reader.number(1) & 0x1F)
    return video_format(sps, reader.sets(reader.number(1)))


def is_recovery_point(sei_nal: bytes) -> bool:
    """Whether this SEI says that decoding can start at its very picture: a recovery point (clause D.1.8) with recovery_frame_cnt 0.

    Encoders without IDR pictures mark their intra pictures so. Damaged messages are no recovery point; never raises.
    """
    data = remove_emulation_prevention(sei_nal)
    position = 1
    while position + 2 < len(data):  # at least type, size and the trailing bits
        payload_type, position = _sei_number(data, position)
        payload_size, position = _sei_number(data, position)
        if payload_type == _SEI_RECOVERY_POINT:
            return position < len(data) and data[position] & 0x80 != 0  # ue(v) 0 is a single 1 bit
        position += payload_size
    return False


def _sei_number(data: bytes, position: int) -> tuple[int, int]:
    """payloadType or payloadSize, which are sums of bytes up to the first below 255 (clause 7.3.2.3.1), and where it ends."""
    value = 0
    while position < len(data) and data[position] == 0xFF:
        value += 0xFF
        position += 1
    if position < len(data):
        value += data[position]
    return value, position + 1


def _check_types(sets: Sequence[bytes], wanted: int, name: str, limit: int) -> None:
    if not 0 < len(sets) <= limit:
        raise MediaError(f"H.264 needs 1 to {limit} {name}, {len(sets)} given")
    for nal in sets:
        if len(nal) < 2 or nal_type(nal) != wanted:
            raise MediaError(f"not an H.264 {name}: {nal[:8].hex()}")


@lru_cache(64)
def _parse_sps(nal: bytes) -> _Sps:
    """seq_parameter_set_data, clause 7.3.2.1.1; kept, as a camera's files all have the same. The result is not to be changed."""
    bits = BitReader(remove_emulation_prevention(nal[1:]))
    sps = _Sps(profile_idc=bits.u(8), constraint_flags=bits.u(8), level_idc=bits.u(8))
    bits.ue_up_to(31, "seq_parameter_set_id")
    if sps.profile_idc in _PROFILES_WITH_CHROMA:
        _read_chroma(bits, sps)
    bits.ue_up_to(12, "log2_max_frame_num_minus4")
    _read_picture_order(bits, sps)
    bits.ue()  # max_num_ref_frames
    bits.skip(1)  # gaps_in_frame_num_value_allowed_flag
    _read_size(bits, sps)
    if bits.flag():  # vui_parameters_present_flag
        with suppress(MediaError):  # cameras cut their VUI short; what came before is good
            _read_vui(bits, sps.vui)
    return sps


def _read_chroma(bits: BitReader, sps: _Sps) -> None:
    sps.chroma_format_idc = bits.ue_up_to(3, "chroma_format_idc")
    if sps.chroma_format_idc == 3:
        sps.separate_colour_plane = bits.flag()
    sps.bit_depth_luma_minus8 = bits.ue_up_to(6, "bit_depth_luma_minus8")
    sps.bit_depth_chroma_minus8 = bits.ue_up_to(6, "bit_depth_chroma_minus8")
    bits.skip(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.flag():  # seq_scaling_matrix_present_flag
        for index in range(8 if sps.chroma_format_idc != 3 else 12):
            if bits.flag():  # seq_scaling_list_present_flag
                _skip_scaling_list(bits, 16 if index < 6 else 64)


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    """scaling_list, clause 7.3.2.1.1.1: deltas follow until the next scale becomes 0."""
    scale = 8
    for _ in range(size):
        scale = (scale + bits.se()) % 256
        if not scale:
            return


def _read_picture_order(bits: BitReader, sps: _Sps) -> None:
    sps.pic_order_cnt_type = bits.ue_up_to(2, "pic_order_cnt_type")
    if sps.pic_order_cnt_type == 0:
        bits.ue_up_to(12, "log2_max_pic_order_cnt_lsb_minus4")
    elif sps.pic_order_cnt_type == 1:
        bits.skip(1)  # delta_pic_order_always_zero_flag
        bits.se()  # offset_for_non_ref_pic
        bits.se()  # offset_for_top_to_bottom_field
        for _ in range(bits.ue_up_to(255, "num_ref_frames_in_pic_order_cnt_cycle")):
            bits.se()


def _read_size(bits: BitReader, sps: _Sps) -> None:
    """Size of the cropped frame; the crop units are those of Table 6-1 and equations 7-19 to 7-22."""
    width_mbs = 1 + bits.ue_up_to(_MAX_SIDE_MBS - 1, "pic_width_in_mbs_minus1")
    height_map_units = 1 + bits.ue_up_to(_MAX_SIDE_MBS - 1, "pic_height_in_map_units_minus1")
    frame_mbs_only = bits.flag()
    if not frame_mbs_only:
        bits.skip(1)  # mb_adaptive_frame_field_flag
    bits.skip(1)  # direct_8x8_inference_flag
    fields = 1 if frame_mbs_only else 2
    sps.width, sps.height = width_mbs * 16, height_map_units * 16 * fields
    if bits.flag():  # frame_cropping_flag
        chroma_array_type = 0 if sps.separate_colour_plane else sps.chroma_format_idc
        unit_x = 2 if chroma_array_type in {1, 2} else 1
        unit_y = (2 if chroma_array_type == 1 else 1) * fields
        sps.width -= (bits.ue() + bits.ue()) * unit_x
        sps.height -= (bits.ue() + bits.ue()) * unit_y
        if sps.width <= 0 or sps.height <= 0:
            raise MediaError("the cropping rectangle leaves no picture")


def _read_vui(bits: BitReader, vui: Vui) -> None:
    """vui_parameters, clause E.1.1; fills `vui` as far as the data goes."""
    read_picture_description(bits, vui)
    if bits.flag():  # timing_info_present_flag
        num_units_in_tick, time_scale = bits.u(32), bits.u(32)
        vui.frame_rate = plausible_rate(time_scale, 2 * num_units_in_tick)  # a tick is a field, equation D-2
        bits.skip(1)  # fixed_frame_rate_flag
    nal_hrd = bits.flag()
    if nal_hrd:
        _skip_hrd(bits)
    vcl_hrd = bits.flag()
    if vcl_hrd:
        _skip_hrd(bits)
    if nal_hrd or vcl_hrd:
        bits.skip(1)  # low_delay_hrd_flag
    bits.skip(1)  # pic_struct_present_flag
    if bits.flag():  # bitstream_restriction_flag
        bits.skip(1)  # motion_vectors_over_pic_boundaries_flag
        for _ in range(4):  # max_bytes_per_pic_denom to log2_max_mv_length_vertical
            bits.ue()
        vui.max_num_reorder_frames = bits.ue_up_to(16, "max_num_reorder_frames")


def _skip_hrd(bits: BitReader) -> None:
    """hrd_parameters, clause E.1.2."""
    count = 1 + bits.ue_up_to(31, "cpb_cnt_minus1")
    bits.skip(8)  # bit_rate_scale, cpb_size_scale
    for _ in range(count):
        bits.ue()  # bit_rate_value_minus1
        bits.ue()  # cpb_size_value_minus1
        bits.skip(1)  # cbr_flag
    bits.skip(20)  # four lengths of 5 bits


def _reorder_depth(sps: _Sps) -> int | None:
    """max_num_reorder_frames: 0 where the profile or the order count type rules reordering out, else what the VUI says."""
    intra_only = sps.constraint_flags & 0x10 != 0 and sps.profile_idc in _PROFILES_WITH_INTRA_VARIANT
    if sps.profile_idc == PROFILE_BASELINE or sps.pic_order_cnt_type == 2 or intra_only:
        return 0
    return sps.vui.max_num_reorder_frames


def _avcc(parsed: _Sps, sps: Sequence[bytes], pps: Sequence[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord, ISO/IEC 14496-15 clause 5.3.3.1, with lengths of 4 bytes."""
    record = bytearray((1, parsed.profile_idc, parsed.constraint_flags, parsed.level_idc, 0xFC | 3, 0xE0 | len(sps)))
    record += counted_by_16_bits(sps)
    record.append(len(pps))
    record += counted_by_16_bits(pps)
    if parsed.profile_idc not in {PROFILE_BASELINE, PROFILE_MAIN, PROFILE_EXTENDED}:
        record.append(0xFC | parsed.chroma_format_idc)
        record.append(0xF8 | parsed.bit_depth_luma_minus8)
        record.append(0xF8 | parsed.bit_depth_chroma_minus8)
        record.append(0)  # numOfSequenceParameterSetExt
    return bytes(record)
