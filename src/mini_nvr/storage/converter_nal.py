"""Coded video of any container as our files hold it: NAL units behind 4-byte lengths, parameter sets in the format. Pure.

FFmpeg hands out H.264 and H.265 as the container stores it: behind lengths of 1, 2 or 4 bytes when the decoder configuration is an
`avcC` or `hvcC` box, behind start codes (annex B) when it is a byte stream or absent.
"""

from collections.abc import Sequence

from mini_nvr.errors import MediaError
from mini_nvr.media import h264, h265
from mini_nvr.media.frame import VideoCodec, VideoFormat
from mini_nvr.media.nal import LENGTH_SIZE, length_prefixed, split_length_prefixed

_AVCC_LENGTH_BYTE, _HVCC_LENGTH_BYTE = 4, 21  # lengthSizeMinusOne (ISO/IEC 14496-15 clauses 5.3.3.1, 8.3.3.1)
_SETS: dict[VideoCodec, tuple[int, ...]] = {
    "h264": (h264.NAL_SPS, h264.NAL_PPS),
    "h265": (h265.NAL_VPS_NUT, h265.NAL_SPS_NUT, h265.NAL_PPS_NUT),
}


class NalReader:
    """Splits the frames of one track, and puts them together again.

    config: the decoder configuration as the container has it; may be empty.
    """

    def __init__(self, codec: VideoCodec, config: bytes) -> None:
        self.codec = codec
        self._config = config
        self._length_size = _length_size(codec, config)

    def format(self, first_key_frame: bytes = b"") -> VideoFormat:
        """The track's format, by the container's word, otherwise by the parameter sets in its first key frame.

        Raises:
            MediaError: neither tells.
        """
        boxed = format_of_config(self.codec, self._config) if self._length_size else None
        if boxed is not None:
            return boxed
        in_band = split_annex_b(self._config) if not self._length_size else []
        sets = _by_type(self.codec, [*in_band, *(self.split(first_key_frame) if first_key_frame else [])])
        return h264.video_format(sets[0], sets[1]) if self.codec == "h264" else h265.video_format(sets[0], sets[1], sets[2])

    def split(self, data: bytes) -> list[bytes]:
        """The NAL units of one frame.

        Raises:
            MediaError: they do not add up, or there is none.
        """
        nals = split_length_prefixed(data, self._length_size) if self._length_size else split_annex_b(data)
        if not nals:
            raise MediaError("a frame holds no NAL unit")
        return nals

    def normalized(self, data: bytes, parameter_sets: Sequence[bytes]) -> bytes:
        """A frame as our files hold it; empty when it holds nothing but what `parameter_sets` says already.

        Sets that differ from the format's stay where they are: decoders take them from there, and nothing is lost.

        Raises:
            MediaError: as for `split`.
        """
        nals = self.split(data)
        kept = [nal for nal in nals if nal not in parameter_sets]
        if len(kept) == len(nals) and self._length_size == LENGTH_SIZE:
            return data
        return length_prefixed(kept)


def format_of_config(codec: VideoCodec, config: bytes) -> VideoFormat | None:
    """The format that an `avcC` or `hvcC` announces; None when it cannot be read or holds no parameter sets."""
    try:
        return h264.format_of_avcc(config) if codec == "h264" else h265.format_of_hvcc(config)
    except MediaError:
        return None


def split_annex_b(data: bytes) -> list[bytes]:
    """The NAL units of a byte stream (ITU-T H.264 annex B, H.265 annex B); empty when there is no start code."""
    pieces = data.split(b"\x00\x00\x01")[1:]
    return [nal for nal in (piece.rstrip(b"\x00") for piece in pieces) if nal]


def _length_size(codec: VideoCodec, config: bytes) -> int:
    """How many bytes a NAL unit's length has; 0 for a byte stream."""
    position = _AVCC_LENGTH_BYTE if codec == "h264" else _HVCC_LENGTH_BYTE
    if len(config) <= position or config[0] != 1:
        return 0
    return (config[position] & 3) + 1


def _by_type(codec: VideoCodec, nals: Sequence[bytes]) -> list[list[bytes]]:
    """The parameter sets among `nals`, each once, one list a type in the order of `_SETS`."""
    kind = h264.nal_type if codec == "h264" else h265.nal_type
    return [list(dict.fromkeys(nal for nal in nals if kind(nal) == wanted)) for wanted in _SETS[codec]]
