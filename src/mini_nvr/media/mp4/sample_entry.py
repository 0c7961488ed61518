"""The sample description of a track: what a decoder must know (ISO/IEC 14496-12 clause 8.5.2, 14496-14, 14496-15)."""

import struct

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import AudioFormat, TrackFormat, VideoFormat
from mini_nvr.media.mp4.boxes import box, full_box

# Parameter sets stay out of the samples, hence avc1 and hvc1 rather than avc3 and hev1.
VIDEO_BOXES = {"h264": (b"avc1", b"avcC"), "h265": (b"hvc1", b"hvcC")}

# Descriptor tags and the object type of MPEG-4 audio (ISO/IEC 14496-1 clauses 7.2.2.1, 7.2.6.6.2).
ES_DESCRIPTOR = 0x03
DECODER_CONFIG_DESCRIPTOR = 0x04
DECODER_SPECIFIC_INFO = 0x05
SL_CONFIG_DESCRIPTOR = 0x06
OBJECT_TYPE_MPEG4_AUDIO = 0x40
_AUDIO_STREAM = 0x15  # streamType 5, upStream 0, reserved 1


def sample_description(track: TrackFormat) -> bytes:
    """`stsd` with one entry.

    Raises:
        MediaError: the codec has no place in MP4, or a field does not fit.
    """
    entry = _visual_entry(track) if isinstance(track, VideoFormat) else _audio_entry(track)
    return full_box(b"stsd", 0, 0, (1).to_bytes(4, "big"), entry)


def _visual_entry(video: VideoFormat) -> bytes:
    entry_type, config_type = VIDEO_BOXES[video.codec]
    if not (0 < video.width <= 0xFFFF and 0 < video.height <= 0xFFFF):
        raise MediaError(f"a picture of {video.width}x{video.height} does not fit into MP4; sides are 1..65535 pixels")
    fields = struct.pack(
        ">6xH16xHHII4xH32xHh",
        1,  # data_reference_index
        video.width,
        video.height,
        0x48_0000,  # 72 dpi
        0x48_0000,
        1,  # frame_count
        0x18,  # depth: colour without alpha
        -1,
    )
    aspect = struct.pack(">II", video.sample_aspect.numerator, video.sample_aspect.denominator)
    return box(entry_type, fields, box(config_type, video.decoder_config), box(b"pasp", aspect))


def _audio_entry(audio: AudioFormat) -> bytes:
    if audio.codec != "aac":
        raise MediaError(f"{audio.codec} audio has no place in MP4; transcode it to AAC or record as mkv")
    rate = audio.sample_rate_hz if audio.sample_rate_hz <= 0xFFFF else 0  # 16.16; a higher rate stands in the decoder config alone
    fields = struct.pack(">6xH8xHH4xI", 1, audio.channels, 16, rate << 16)
    return box(b"mp4a", fields, full_box(b"esds", 0, 0, _elementary_stream(audio.decoder_config)))


def _elementary_stream(decoder_config: bytes) -> bytes:
    """ES_Descriptor as 14496-14 clause 3.1.2 asks for it: ES_ID 0, SL predefined 2."""
    specific = _descriptor(DECODER_SPECIFIC_INFO, decoder_config)
    config = bytes((OBJECT_TYPE_MPEG4_AUDIO, _AUDIO_STREAM)) + bytes(11) + specific  # buffer size and bit rates: not stated
    return _descriptor(
        ES_DESCRIPTOR, bytes(3) + _descriptor(DECODER_CONFIG_DESCRIPTOR, config) + _descriptor(SL_CONFIG_DESCRIPTOR, b"\x02")
    )


def _descriptor(tag: int, payload: bytes) -> bytes:
    """Tag, length in groups of 7 bits (ISO/IEC 14496-1 clause 8.3.3), payload."""
    size = len(payload)
    groups = [size & 0x7F]
    while size := size >> 7:
        groups.append(0x80 | (size & 0x7F))
    return bytes((tag, *reversed(groups))) + payload
