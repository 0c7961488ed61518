"""What our Matroska files consist of (RFC 9559), as bytes: head, clusters, tail. No I/O.

    EBML header
    Segment, of unknown size while the file grows
      Void                  room for the SeekHead
      Info                  starts with room for the Duration
      Tracks
      Tags                  MINI_NVR: the segment's header as JSON
      Cluster ...           one a part, protected by a CRC-32
      Cues                  } only when sealed
      Tags                  } MINI_NVR_SEAL: what a scan need not count again

Everything that sealing changes ahead of the clusters lies in `SEAL_BYTES` bytes at `SEAL_OFFSET`.
"""

import json
import struct
from collections.abc import Sequence

from mini_nvr.clock import US_PER_S
from mini_nvr.media.frame import AudioFormat, TrackFormat, VideoFormat
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID
from mini_nvr.segment.ebml import (
    DOC_TYPE,
    EBML,
    UNKNOWN_SIZE,
    element,
    floating,
    size_of_4_bytes,
    size_of_8_bytes,
    text,
    unsigned,
    void,
)
from mini_nvr.segment.model import SegmentHeader

SEGMENT = b"\x18\x53\x80\x67"
SEEK_HEAD = b"\x11\x4d\x9b\x74"
SEEK = b"\x4d\xbb"
SEEK_ID = b"\x53\xab"
SEEK_POSITION = b"\x53\xac"
INFO = b"\x15\x49\xa9\x66"
TIMESTAMP_SCALE = b"\x2a\xd7\xb1"
DURATION = b"\x44\x89"
DATE_UTC = b"\x44\x61"
TITLE = b"\x7b\xa9"
MUXING_APP = b"\x4d\x80"
WRITING_APP = b"\x57\x41"
TRACKS = b"\x16\x54\xae\x6b"
TRACK_ENTRY = b"\xae"
TRACK_NUMBER = b"\xd7"
TRACK_UID = b"\x73\xc5"
TRACK_TYPE = b"\x83"
FLAG_LACING = b"\x9c"
LANGUAGE = b"\x22\xb5\x9c"
CODEC_ID = b"\x86"
CODEC_PRIVATE = b"\x63\xa2"
VIDEO = b"\xe0"
PIXEL_WIDTH = b"\xb0"
PIXEL_HEIGHT = b"\xba"
DISPLAY_WIDTH = b"\x54\xb0"
DISPLAY_HEIGHT = b"\x54\xba"
AUDIO = b"\xe1"
SAMPLING_FREQUENCY = b"\xb5"
OUTPUT_SAMPLING_FREQUENCY = b"\x78\xb5"
CHANNELS = b"\x9f"
BIT_DEPTH = b"\x62\x64"
TAGS = b"\x12\x54\xc3\x67"
TAG = b"\x73\x73"
TARGETS = b"\x63\xc0"
SIMPLE_TAG = b"\x67\xc8"
TAG_NAME = b"\x45\xa3"
TAG_STRING = b"\x44\x87"
CLUSTER = b"\x1f\x43\xb6\x75"
TIMESTAMP = b"\xe7"
SIMPLE_BLOCK = b"\xa3"
CUES = b"\x1c\x53\xbb\x6b"
CUE_POINT = b"\xbb"
CUE_TIME = b"\xb3"
CUE_TRACK_POSITIONS = b"\xb7"
CUE_TRACK = b"\xf7"
CUE_CLUSTER_POSITION = b"\xf1"

HEADER_TAG = "MINI_NVR"
SEAL_TAG = "MINI_NVR_SEAL"
CODEC_IDS = {"h264": "V_MPEG4/ISO/AVC", "h265": "V_MPEGH/ISO/HEVC", "aac": "A_AAC", "pcma": "A_MS/ACM", "pcmu": "A_MS/ACM"}
WAVE_FORMAT_TAGS = {"pcma": 6, "pcmu": 7}
WAVE_FORMAT = struct.Struct("<HHIIHHH")
"""WAVEFORMATEX: tag, channels, samples a second, bytes a second, bytes a block, bits a sample, size of what follows."""

MATROSKA_EPOCH_UTC_US = 978_307_200 * US_PER_S
"""DateUTC counts nanoseconds from 2001-01-01T00:00:00Z."""
NS_PER_TICK = 1_000_000
"""Block times are milliseconds: the only scale that all players treat well."""

EBML_HEADER = element(
    EBML,
    unsigned(b"\x42\x86", 1),  # EBMLVersion
    unsigned(b"\x42\xf7", 1),  # EBMLReadVersion
    unsigned(b"\x42\xf2", 4),  # EBMLMaxIDLength
    unsigned(b"\x42\xf3", 8),  # EBMLMaxSizeLength
    text(DOC_TYPE, "matroska"),
    unsigned(b"\x42\x87", 4),  # DocTypeVersion
    unsigned(b"\x42\x85", 2),  # DocTypeReadVersion: SimpleBlock
)
_SEEK_HEAD_BYTES = 32
_DURATION_BYTES = 11
_INFO_HEAD_BYTES = len(INFO) + 4

SEAL_OFFSET = len(EBML_HEADER) + len(SEGMENT)
SEGMENT_BODY = SEAL_OFFSET + len(UNKNOWN_SIZE)
"""Positions in SeekHead and Cues count from here."""
INFO_OFFSET = SEGMENT_BODY + _SEEK_HEAD_BYTES
SEAL_BYTES = INFO_OFFSET + _INFO_HEAD_BYTES + _DURATION_BYTES - SEAL_OFFSET


def growing_head(header: SegmentHeader, metadata: bytes, formats: Sequence[TrackFormat]) -> bytes:
    """Everything before the first cluster; `metadata` is the encoded `header`."""
    info = b"".join(
        (
            void(_DURATION_BYTES),
            unsigned(TIMESTAMP_SCALE, NS_PER_TICK),
            element(DATE_UTC, ((header.start_utc_us - MATROSKA_EPOCH_UTC_US) * 1000).to_bytes(8, signed=True)),
            text(TITLE, header.camera_name),
            text(MUXING_APP, "Mini-NVR"),
            text(WRITING_APP, "Mini-NVR"),
        )
    )
    return b"".join(
        (
            EBML_HEADER,
            SEGMENT,
            UNKNOWN_SIZE,
            void(_SEEK_HEAD_BYTES),
            INFO + size_of_4_bytes(len(info)) + info,
            element(TRACKS, *map(_track_entry, formats)),
            _tags(HEADER_TAG, metadata.decode("ascii")),
        )
    )


def sealing_bytes(growing: bytes, *, file_bytes: int, cues_offset: int, duration_us: int) -> bytes:
    """What replaces `growing`, the `SEAL_BYTES` bytes at `SEAL_OFFSET`, when everything else is on the disk."""
    info_head = growing[INFO_OFFSET - SEAL_OFFSET :][:_INFO_HEAD_BYTES]
    seek = element(SEEK, element(SEEK_ID, CUES), element(SEEK_POSITION, (cues_offset - SEGMENT_BODY).to_bytes(8)))
    seek_head = element(SEEK_HEAD, seek)
    return b"".join(
        (
            size_of_8_bytes(file_bytes - SEGMENT_BODY),
            seek_head,
            void(_SEEK_HEAD_BYTES - len(seek_head)),
            info_head,
            floating(DURATION, duration_us / 1000),
        )
    )


def tail(cues: Sequence[tuple[int, int]], *, duration_us: int, video_frames: int) -> bytes:
    """Cues and closing tags. cues: time in ms and offset in the file of each cluster that starts with a key frame."""
    points = [
        element(
            CUE_POINT,
            unsigned(CUE_TIME, time_ms),
            element(
                CUE_TRACK_POSITIONS,
                unsigned(CUE_TRACK, VIDEO_TRACK_ID),
                unsigned(CUE_CLUSTER_POSITION, offset - SEGMENT_BODY),
            ),
        )
        for time_ms, offset in cues
    ]
    seal = json.dumps({"duration_us": duration_us, "video_frames": video_frames}, separators=(",", ":"))
    return element(CUES, *points) + _tags(SEAL_TAG, seal)


def _tags(name: str, value: str) -> bytes:
    simple_tag = element(SIMPLE_TAG, text(TAG_NAME, name), text(TAG_STRING, value))
    return element(TAGS, element(TAG, element(TARGETS), simple_tag))


def _track_entry(track: TrackFormat) -> bytes:
    is_video = isinstance(track, VideoFormat)
    number = VIDEO_TRACK_ID if is_video else AUDIO_TRACK_ID
    private = _codec_private(track)
    return element(
        TRACK_ENTRY,
        unsigned(TRACK_NUMBER, number),
        unsigned(TRACK_UID, number),
        unsigned(TRACK_TYPE, 1 if is_video else 2),
        unsigned(FLAG_LACING, 0),
        text(LANGUAGE, "und"),
        text(CODEC_ID, CODEC_IDS[track.codec]),
        element(CODEC_PRIVATE, private),
        _video(track) if isinstance(track, VideoFormat) else _audio(track),
    )


def _codec_private(track: TrackFormat) -> bytes:
    if isinstance(track, VideoFormat):
        return track.decoder_config if track.codec == "h264" else _with_in_band_sets(track.decoder_config)
    if track.codec == "aac":
        return track.decoder_config
    rate, channels = track.sample_rate_hz, track.channels
    return WAVE_FORMAT.pack(WAVE_FORMAT_TAGS[track.codec], channels, rate, rate * channels, channels, 8, 0)


def _with_in_band_sets(hvcc: bytes) -> bytes:
    """`hvcC` with array_completeness cleared: more parameter sets stand in the frames, where the camera put them."""
    record = bytearray(hvcc)
    position = 23
    for _ in range(record[22]):
        record[position] &= 0x7F
        count = int.from_bytes(record[position + 1 : position + 3])
        position += 3
        for _ in range(count):
            position += 2 + int.from_bytes(record[position : position + 2])
    return bytes(record)


def _video(track: VideoFormat) -> bytes:
    fields = [unsigned(PIXEL_WIDTH, track.width), unsigned(PIXEL_HEIGHT, track.height)]
    aspect = track.sample_aspect
    if aspect != 1:  # one side is stretched, none shrunk
        fields.append(unsigned(DISPLAY_WIDTH, round(track.width * aspect) if aspect > 1 else track.width))
        fields.append(unsigned(DISPLAY_HEIGHT, round(track.height / aspect) if aspect < 1 else track.height))
    return element(VIDEO, *fields)


def _audio(track: AudioFormat) -> bytes:
    replicated = track.codec == "aac" and track.frame_samples > 1024  # HE-AAC: the core runs at half the rate
    core_rate = track.sample_rate_hz / (2 if replicated else 1)
    fields = [floating(SAMPLING_FREQUENCY, core_rate), unsigned(CHANNELS, track.channels)]
    if replicated:
        fields.append(floating(OUTPUT_SAMPLING_FREQUENCY, track.sample_rate_hz))
    if track.codec != "aac":
        fields.append(unsigned(BIT_DEPTH, 8))
    return element(AUDIO, *fields)
