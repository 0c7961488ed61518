"""H.265 parameter sets: what a decoder, a container and a player must know (ITU-T H.265 | ISO/IEC 23008-2)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from mini_nvr.errors import MediaError
from mini_nvr.media.bits import BitReader
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.nal import CountedSets, counted_by_16_bits, remove_emulation_prevention
from mini_nvr.media.vui import Vui, plausible_rate, read_picture_description

# nal_unit_type (Table 7-1)
NAL_BLA_W_LP = 16
NAL_IDR_W_RADL = 19
NAL_IDR_N_LP = 20
NAL_CRA_NUT = 21
NAL_RSV_IRAP_VCL23 = 23
NAL_VPS_NUT = 32
NAL_SPS_NUT = 33
NAL_PPS_NUT = 34
NAL_AUD_NUT = 35
NAL_EOS_NUT = 36
NAL_EOB_NUT = 37
NAL_FD_NUT = 38
NAL_PREFIX_SEI_NUT = 39
NAL_SUFFIX_SEI_NUT = 40

IRAP_NUTS = range(NAL_BLA_W_LP, NAL_RSV_IRAP_VCL23 + 1)
"""Intra random access points: 16..21, and 22 and 23 which are reserved for more of them."""
VCL_NUTS = range(32)
"""Slices, as opposed to parameter sets, delimiters and SEI."""

_MAX_SIDE = 16_888  # luma samples of the longest side that level 6.2 allows (clause A.4.1)
_MAX_SETS = 64  # 16 VPS, 16 SPS and 64 PPS identifiers exist


@dataclass(slots=True)
class _Sps:
    """The fields of a sequence parameter set that we use; sizes in luma samples.

    profile_tier_level: the 12 general bytes that `hvcC` repeats.
    """

    profile_tier_level: bytes
    max_sub_layers: int
    temporal_id_nesting: bool
    chroma_format_idc: int = 1
    bit_depth_luma_minus8: int = 0
    bit_depth_chroma_minus8: int = 0
    width: int = 0
    height: int = 0
    max_num_reorder_pics: int = 0
    vui: Vui = field(default_factory=Vui)


def nal_type(nal: bytes) -> int:
    """nal_unit_type of a NAL unit that is not empty."""
    return (nal[0] >> 1) & 0x3F


def video_format(vps: Sequence[bytes], sps: Sequence[bytes], pps: Sequence[bytes]) -> VideoFormat:
    """The format that these parameter sets announce; the first SPS speaks for the picture.

    vps, sps, pps: NAL units with their two header bytes, without start code, in the order to keep.

    Raises:
        MediaError: a set is missing, of the wrong type, damaged, or too many are given.
    """
    _check_types(vps, NAL_VPS_NUT, "VPS")
    _check_types(sps, NAL_SPS_NUT, "SPS")
    _check_types(pps, NAL_PPS_NUT, "PPS")
    try:
        parsed = _parse_sps(sps[0])
    except MediaError as exc:
        raise MediaError(f"H.265 SPS: {exc}") from exc
    return VideoFormat(
        codec="h265",
        parameter_sets=(*vps, *sps, *pps),
        decoder_config=_hvcc(parsed, vps, sps, pps),
        width=parsed.width,
        height=parsed.height,
        sample_aspect=parsed.vui.sample_aspect,
        frame_rate=parsed.vui.frame_rate,
        reorder_depth=parsed.max_num_reorder_pics,
        codec_string=_codec_string(parsed.profile_tier_level),
    )


def format_of_hvcc(hvcc: bytes) -> VideoFormat:
    """The format from an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 clause 8.3.3.1); arrays of other NAL units are left out.

    Raises:
        MediaError: damaged, or as for `video_format`.
    """
    reader = CountedSets(hvcc, 22)
    by_type: dict[int, list[bytes]] = {}
    for _ in range(reader.number(1)):
        nal_unit_type = reader.number(1) & 0x3F
        by_type.setdefault(nal_unit_type, []).extend(reader.sets(reader.number(2)))
    return video_format(by_type.get(NAL_VPS_NUT, []), by_type.get(NAL_SPS_NUT, []), by_type.get(NAL_PPS_NUT, []))


def _check_types(sets: Sequence[bytes], wanted: int, name: str) -> None:
    if not 0 < len(sets) <= _MAX_SETS:
        raise MediaError(f"H.265 needs 1 to {_MAX_SETS} {name}, {len(sets)} given")
    for nal in sets:
        if len(nal) < 3 or nal_type(nal) != wanted:
            raise MediaError(f"not an H.265 {name}: {nal[:8].hex()}")


def _parse_sps(nal: bytes) -> _Sps:
    """seq_parameter_set_rbsp, clause 7.3.2.2.1."""
    bits = BitReader(remove_emulation_prevention(nal[2:]))
    bits.skip(4)  # sps_video_parameter_set_id
    max_sub_layers_minus1 = bits.u(3)
    if max_sub_layers_minus1 > 6:
        raise MediaError("sps_max_sub_layers_minus1 is 7, at most 6 is allowed")
    nesting = bits.flag()
    sps = _Sps(_read_profile_tier_level(bits, max_sub_layers_minus1), max_sub_layers_minus1 + 1, nesting)
    bits.ue_up_to(15, "sps_seq_parameter_set_id")
    _read_picture(bits, sps)
    log2_max_poc_lsb = 4 + bits.ue_up_to(12, "log2_max_pic_order_cnt_lsb_minus4")
    every_layer = bits.flag()  # sps_sub_layer_ordering_info_present_flag
    for _ in range(sps.max_sub_layers if every_layer else 1):  # the last one is of the highest layer
        bits.ue()  # sps_max_dec_pic_buffering_minus1
        sps.max_num_reorder_pics = bits.ue_up_to(15, "sps_max_num_reorder_pics")
        bits.ue()  # sps_max_latency_increase_plus1
    _skip_coding_tools(bits)
    _skip_reference_pictures(bits, log2_max_poc_lsb)
    bits.skip(2)  # sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    if bits.flag():  # vui_parameters_present_flag
        with suppress(MediaError):  # cameras cut their VUI short; what came before is good
            _read_vui(bits, sps.vui)
    return sps


def _read_profile_tier_level(bits: BitReader, max_sub_layers_minus1: int) -> bytes:
    """profile_tier_level(1, ...), clause 7.3.3: the general part, which is 96 bits; what is said of sub-layers is left out."""
    general = bits.u(96).to_bytes(12)
    present = [(bits.flag(), bits.flag()) for _ in range(max_sub_layers_minus1)]
    if present:
        bits.skip(2 * (8 - max_sub_layers_minus1))  # reserved_zero_2bits
    for profile_present, level_present in present:
        bits.skip(88 * profile_present + 8 * level_present)
    return general


def _read_picture(bits: BitReader, sps: _Sps) -> None:
    """Chroma format, size of the picture inside the conformance window (Table 6-1 has its units), bit depths."""
    sps.chroma_format_idc = bits.ue_up_to(3, "chroma_format_idc")
    if sps.chroma_format_idc == 3:
        bits.skip(1)  # separate_colour_plane_flag; the window's unit is 1 sample either way
    sps.width = bits.ue_up_to(_MAX_SIDE, "pic_width_in_luma_samples")
    sps.height = bits.ue_up_to(_MAX_SIDE, "pic_height_in_luma_samples")
    if bits.flag():  # conformance_window_flag
        unit_x = 2 if sps.chroma_format_idc in {1, 2} else 1
        unit_y = 2 if sps.chroma_format_idc == 1 else 1
        sps.width -= (bits.ue() + bits.ue()) * unit_x
        sps.height -= (bits.ue() + bits.ue()) * unit_y
    if sps.width <= 0 or sps.height <= 0:
        raise MediaError("the conformance window leaves no picture")
    sps.bit_depth_luma_minus8 = bits.ue_up_to(7, "bit_depth_luma_minus8")
    sps.bit_depth_chroma_minus8 = bits.ue_up_to(7, "bit_depth_chroma_minus8")


def _skip_coding_tools(bits: BitReader) -> None:
    """From log2_min_luma_coding_block_size_minus3 to the PCM fields."""
    for _ in range(6):  # block size and transform hierarchy limits
        bits.ue()
    if bits.flag() and bits.flag():  # scaling_list_enabled_flag, sps_scaling_list_data_present_flag
        _skip_scaling_list_data(bits)
    bits.skip(2)  # amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if bits.flag():  # pcm_enabled_flag
        bits.skip(8)  # bit depths
        bits.ue()
        bits.ue()
        bits.skip(1)  # pcm_loop_filter_disabled_flag


def _skip_scaling_list_data(bits: BitReader) -> None:
    """scaling_list_data, clause 7.3.4."""
    for size_id in range(4):
        for _ in range(0, 6, 3 if size_id == 3 else 1):
            if not bits.flag():  # scaling_list_pred_mode_flag
                bits.ue()  # scaling_list_pred_matrix_id_delta
                continue
            coefficients = min(64, 1 << (4 + (size_id << 1)))
            for _ in range(coefficients + (size_id > 1)):  # the larger ones have a DC coefficient ahead
                bits.se()


def _skip_reference_pictures(bits: BitReader, log2_max_poc_lsb: int) -> None:
    delta_pocs = 0  # NumDeltaPocs of the set before, which an inter predicted set counts on
    for index in range(bits.ue_up_to(64, "num_short_term_ref_pic_sets")):
        delta_pocs = _skip_short_term_set(bits, index, delta_pocs)
    if bits.flag():  # long_term_ref_pics_present_flag
        for _ in range(bits.ue_up_to(32, "num_long_term_ref_pics_sps")):
            bits.skip(log2_max_poc_lsb + 1)


def _skip_short_term_set(bits: BitReader, index: int, delta_pocs_before: int) -> int:
    """st_ref_pic_set, clause 7.3.7; the number of pictures in the set."""
    if index and bits.flag():  # inter_ref_pic_set_prediction_flag
        bits.skip(1)  # delta_rps_sign
        bits.ue()  # abs_delta_rps_minus1
        # used_by_curr_pic_flag, and use_delta_flag only when that is 0
        return sum(1 for _ in range(delta_pocs_before + 1) if bits.flag() or bits.flag())
    negative = bits.ue_up_to(16, "num_negative_pics")
    positive = bits.ue_up_to(16, "num_positive_pics")
    for _ in range(negative + positive):
        bits.ue()  # delta_poc_minus1
        bits.skip(1)  # used_by_curr_pic_flag
    return negative + positive


def _read_vui(bits: BitReader, vui: Vui) -> None:
    """vui_parameters up to the timing, clause E.2.1; fills `vui` as far as the data goes."""
    read_picture_description(bits, vui)
    bits.skip(3)  # neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
    if bits.flag():  # default_display_window_flag
        for _ in range(4):
            bits.ue()
    if bits.flag():  # vui_timing_info_present_flag
        num_units_in_tick, time_scale = bits.u(32), bits.u(32)
        vui.frame_rate = plausible_rate(time_scale, num_units_in_tick)


def _hvcc(parsed: _Sps, vps: Sequence[bytes], sps: Sequence[bytes], pps: Sequence[bytes]) -> bytes:
    """HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 clause 8.3.3.1, with lengths of 4 bytes and complete arrays (`hvc1`)."""
    record = bytearray((1,))
    record += parsed.profile_tier_level
    record += (0xF000).to_bytes(2)  # min_spatial_segmentation_idc 0: no promise
    record.append(0xFC)  # parallelismType 0: unknown
    record.append(0xFC | parsed.chroma_format_idc)
    record.append(0xF8 | parsed.bit_depth_luma_minus8)
    record.append(0xF8 | parsed.bit_depth_chroma_minus8)
    record += bytes(2)  # avgFrameRate 0: unspecified
    record.append(parsed.max_sub_layers << 3 | parsed.temporal_id_nesting << 2 | 3)
    arrays = ((NAL_VPS_NUT, vps), (NAL_SPS_NUT, sps), (NAL_PPS_NUT, pps))
    record.append(len(arrays))
    for nal_unit_type, sets in arrays:
        record.append(0x80 | nal_unit_type)  # array_completeness
        record += len(sets).to_bytes(2)
        record += counted_by_16_bits(sets)
    return bytes(record)


def _codec_string(profile_tier_level: bytes) -> str:
    """RFC 6381 parameter of `hvc1`, ISO/IEC 14496-15 clause E.3."""
    space = ("", "A", "B", "C")[profile_tier_level[0] >> 6]
    tier = "H" if profile_tier_level[0] & 0x20 else "L"
    profile = profile_tier_level[0] & 0x1F
    compatibility = int(f"{int.from_bytes(profile_tier_level[1:5]):032b}"[::-1], 2)  # bits in reverse order
    constraints = "".join(f".{byte:X}" for byte in profile_tier_level[5:11].rstrip(b"\x00"))
    return f"hvc1.{space}{profile}.{compatibility:X}.{tier}{profile_tier_level[11]}{constraints}"
