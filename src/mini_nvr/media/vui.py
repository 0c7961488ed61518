"""Video usability information, as far as H.264 (clause E.1.1) and H.265 (clause E.2.1) write it alike."""

from dataclasses import dataclass
from fractions import Fraction

from mini_nvr.media.bits import BitReader

EXTENDED_SAR = 255
MAX_FRAME_RATE = 480  # cameras that write nonsense into the timing write five-digit rates

# Sample aspect ratios by aspect_ratio_idc (H.264 Table E-1, H.265 Table E.1); 0 is unspecified.
SAMPLE_ASPECT_RATIOS = (
    Fraction(1),
    Fraction(1),
    Fraction(12, 11),
    Fraction(10, 11),
    Fraction(16, 11),
    Fraction(40, 33),
    Fraction(24, 11),
    Fraction(20, 11),
    Fraction(32, 11),
    Fraction(80, 33),
    Fraction(18, 11),
    Fraction(15, 11),
    Fraction(64, 33),
    Fraction(160, 99),
    Fraction(4, 3),
    Fraction(3, 2),
    Fraction(2),
)


@dataclass(slots=True)
class Vui:
    """What we want to know from the VUI; the defaults hold when it says nothing, or ends too early to say it."""

    sample_aspect: Fraction = Fraction(1)
    frame_rate: Fraction | None = None
    max_num_reorder_frames: int | None = None


def read_picture_description(bits: BitReader, vui: Vui) -> None:
    """From aspect_ratio_info_present_flag to chroma_sample_loc_type_bottom_field, the part that both standards share."""
    if bits.flag():  # aspect_ratio_info_present_flag
        vui.sample_aspect = _sample_aspect(bits)
    if bits.flag():  # overscan_info_present_flag
        bits.skip(1)
    if bits.flag():  # video_signal_type_present_flag
        bits.skip(4)  # video_format, video_full_range_flag
        if bits.flag():  # colour_description_present_flag
            bits.skip(24)
    if bits.flag():  # chroma_loc_info_present_flag
        bits.ue()
        bits.ue()


def _sample_aspect(bits: BitReader) -> Fraction:
    indicator = bits.u(8)
    if indicator == EXTENDED_SAR:
        width, height = bits.u(16), bits.u(16)
        return Fraction(width, height) if width and height else Fraction(1)
    return SAMPLE_ASPECT_RATIOS[indicator] if indicator < len(SAMPLE_ASPECT_RATIOS) else Fraction(1)


def plausible_rate(time_scale: int, units_per_frame: int) -> Fraction | None:
    """Frames a second, None when a field is zero or the rate is beyond any camera's."""
    if not time_scale or not units_per_frame:
        return None
    rate = Fraction(time_scale, units_per_frame)
    return rate if rate <= MAX_FRAME_RATE else None
