"""Reading an init segment back: the formats of its tracks, our metadata, and the defaults that parts rely on."""

import struct
from dataclasses import dataclass
from functools import lru_cache

from mini_nvr.errors import MediaError
from mini_nvr.media import aac, h264, h265
from mini_nvr.media.frame import AudioFormat, TrackFormat, VideoFormat
from mini_nvr.media.mp4.boxes import PRODUCT_UUID
from mini_nvr.media.mp4.read_boxes import Box, children, malformed, parse_box, require
from mini_nvr.media.mp4.sample_entry import (
    DECODER_CONFIG_DESCRIPTOR,
    DECODER_SPECIFIC_INFO,
    ES_DESCRIPTOR,
    OBJECT_TYPE_MPEG4_AUDIO,
)

_VISUAL_ENTRY_BYTES = 78  # fields of VisualSampleEntry before its boxes (ISO/IEC 14496-12 clause 12.1.3)
_AUDIO_ENTRY_BYTES = 28  # fields of AudioSampleEntry, version 0, before its boxes (clause 12.2.3)
_MAX_PARAMETER_SETS = 64


@dataclass(frozen=True, slots=True)
class TrackDefaults:
    """What `trex` says for fragments that do not say otherwise (clause 8.8.3)."""

    duration: int
    size: int
    flags: int


@dataclass(frozen=True, slots=True)
class Init:
    """A parsed init segment. `formats`: in the order of the tracks; `defaults`: by track number."""

    formats: tuple[TrackFormat, ...]
    metadata: bytes
    defaults: dict[int, TrackDefaults]


def parse_init(data: bytes) -> Init:
    """Read `ftyp` + `moov` as `init_segment` writes them.

    Raises:
        MediaError: malformed, or with a codec or a box that this product does not write.
    """
    moov = next((box for box in children(data) if box.kind == b"moov"), None)
    if moov is None:
        raise MediaError("an init segment lacks its moov box")
    with malformed("an init segment"):
        formats = tuple(_track_format(data, box) for box in children(data, moov.body, moov.end) if box.kind == b"trak")
        extends = require(data, moov, b"mvex")
        defaults = dict(_defaults(data, box) for box in children(data, extends.body, extends.end) if box.kind == b"trex")
    return Init(formats, parse_metadata(data, moov), defaults)


def movie_metadata(data: bytes) -> bytes:
    """What our `uuid` box holds in a whole `moov` box.

    Raises:
        MediaError: malformed, or there is none.
    """
    moov = parse_box(data, 0, 0)
    if moov.kind != b"moov" or moov.size != len(data):
        raise MediaError(f"a {moov.kind!r} box of {moov.size} bytes stands where an index of {len(data)} bytes should be")
    return parse_metadata(data, moov)


def parse_metadata(data: bytes, moov: Box) -> bytes:
    """What our `uuid` box in `moov/udta` holds.

    Raises:
        MediaError: there is none.
    """
    user_data = require(data, moov, b"udta")
    for box in children(data, user_data.body, user_data.end):
        start = box.body + len(PRODUCT_UUID)
        if box.kind == b"uuid" and data[box.body : start] == PRODUCT_UUID:
            return data[start : box.end]
    raise MediaError("a movie carries no metadata of this product")


def _defaults(data: bytes, trex: Box) -> tuple[int, TrackDefaults]:
    track_id, _, duration, size, flags = struct.unpack_from(">IIIII", data, trex.body + 4)
    return track_id, TrackDefaults(duration, size, flags)


def _track_format(data: bytes, trak: Box) -> TrackFormat:
    description = require(data, trak, b"mdia", b"minf", b"stbl", b"stsd")
    return _described_format(data[description.body : description.end])


@lru_cache(maxsize=256)  # the files of one camera say the same; a rescan reads a hundred thousand of them
def _described_format(data: bytes) -> TrackFormat:
    """The format that the payload of `stsd` (clause 8.5.2) describes."""
    entry = parse_box(data, 8, 8)
    if entry.end > len(data):
        raise MediaError("a sample entry reaches beyond its description")
    if entry.kind == b"avc1":
        return _h264_format(_config(data, entry, _VISUAL_ENTRY_BYTES, b"avcC"))
    if entry.kind == b"hvc1":
        return _h265_format(_config(data, entry, _VISUAL_ENTRY_BYTES, b"hvcC"))
    if entry.kind == b"mp4a":
        return _aac_format(_config(data, entry, _AUDIO_ENTRY_BYTES, b"esds"))
    raise MediaError(f"a track of the type {entry.kind!r} was not written by this product")


def _config(data: bytes, entry: Box, fields: int, kind: bytes) -> bytes:
    """The payload of the box in a sample entry that configures the decoder."""
    for box in children(data, entry.body + fields, entry.end):
        if box.kind == kind:
            return data[box.body : box.end]
    raise MediaError(f"a {entry.kind!r} sample entry lacks its {kind!r} box")


def _h264_format(config: bytes) -> VideoFormat:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15 clause 5.3.3.1.2)."""
    sps, position = _sets_of_16_bits(config, 6, config[5] & 0x1F)
    pps, _ = _sets_of_16_bits(config, position + 1, config[position])
    return h264.video_format(sps, pps)


def _h265_format(config: bytes) -> VideoFormat:
    """HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 clause 8.3.3.1.2)."""
    position = 23
    by_type: dict[int, list[bytes]] = {h265.NAL_VPS_NUT: [], h265.NAL_SPS_NUT: [], h265.NAL_PPS_NUT: []}
    for _ in range(config[22]):
        nal_type, count = struct.unpack_from(">BH", config, position)
        sets, position = _sets_of_16_bits(config, position + 3, count)
        by_type.setdefault(nal_type & 0x3F, []).extend(sets)
    return h265.video_format(by_type[h265.NAL_VPS_NUT], by_type[h265.NAL_SPS_NUT], by_type[h265.NAL_PPS_NUT])


def _sets_of_16_bits(config: bytes, position: int, count: int) -> tuple[list[bytes], int]:
    """`count` parameter sets, each behind its length in 16 bits, and the position behind them."""
    if count > _MAX_PARAMETER_SETS:
        raise MediaError(f"a decoder configuration claims {count} parameter sets")
    sets: list[bytes] = []
    for _ in range(count):
        (length,) = struct.unpack_from(">H", config, position)
        position += 2 + length
        if position > len(config):
            raise MediaError("a parameter set reaches beyond the decoder configuration")
        sets.append(config[position - length : position])
    return sets, position


def _aac_format(config: bytes) -> AudioFormat:
    """`esds`: version and flags, then an ES_Descriptor without optional fields (ISO/IEC 14496-14 clause 3.1.2)."""
    stream = _descriptor(config[4:], ES_DESCRIPTOR)
    decoder = _descriptor(stream[3:], DECODER_CONFIG_DESCRIPTOR)
    if decoder[0] != OBJECT_TYPE_MPEG4_AUDIO:
        raise MediaError(f"audio of object type {decoder[0]:#x} was not written by this product")
    return aac.audio_format(_descriptor(decoder[13:], DECODER_SPECIFIC_INFO))


def _descriptor(data: bytes, tag: int) -> bytes:
    """The payload of the descriptor that `data` starts with (ISO/IEC 14496-1 clause 8.3.3)."""
    if data[0] != tag:
        raise MediaError(f"a descriptor has the tag {data[0]:#x} in place of {tag:#x}")
    size = 0
    for position in range(1, 5):
        size = size << 7 | data[position] & 0x7F
        if data[position] < 0x80:
            payload = data[position + 1 : position + 1 + size]
            if len(payload) == size:
                return payload
            break
    raise MediaError(f"a descriptor with the tag {tag:#x} is cut short")
