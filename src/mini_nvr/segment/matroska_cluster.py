"""A part as Matroska clusters (RFC 9559 sections 5.1.3 and 10): what is written, and what it adds to the file's account. No I/O."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mini_nvr.media import h264, h265
from mini_nvr.media.frame import VideoCodec
from mini_nvr.media.nal import LENGTH_SIZE
from mini_nvr.media.part import VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.segment.ebml import crc_32, shortest_size, size_of_4_bytes, unsigned
from mini_nvr.segment.matroska_elements import CLUSTER, SIMPLE_BLOCK, TIMESTAMP

BLOCK_HEAD_BYTES = 4  # track number, time, flags
KEY_FRAME = 0x80
MAX_RELATIVE_MS = 32_767  # a block's time against its cluster's is a signed 16-bit number


@dataclass(slots=True)  # not frozen: that takes thrice as long to make
class Block:
    """One frame: decoding time for the order, presentation time for the block, both in ms from the segment's origin."""

    dts_ms: int
    pts_ms: int
    track_id: int
    is_key: bool
    payload: bytes


def milliseconds(ticks: int, clock_hz: int) -> int:
    """The nearest millisecond."""
    return (ticks * 2000 + clock_hz) // (2 * clock_hz)


def clusters(blocks: Sequence[Block]) -> Iterator[list[bytes]]:
    """The blocks of one part as buffers, one list a cluster: a single cluster unless the part spans more than 32 s."""
    start = 0
    origin = max(0, blocks[0].pts_ms)
    for position, block in enumerate(blocks):
        if abs(block.pts_ms - origin) > MAX_RELATIVE_MS:
            yield _cluster(blocks[start:position], origin)
            start, origin = position, block.pts_ms
    yield _cluster(blocks[start:], origin)


def _cluster(blocks: Sequence[Block], origin_ms: int) -> list[bytes]:
    buffers = [unsigned(TIMESTAMP, origin_ms)]
    for block in blocks:
        relative = max(block.pts_ms, 0) - origin_ms
        head = bytes((0x80 | block.track_id,)) + relative.to_bytes(2, signed=True) + (b"\x80" if block.is_key else b"\x00")
        buffers.append(SIMPLE_BLOCK + shortest_size(BLOCK_HEAD_BYTES + len(block.payload)) + head)
        buffers.append(block.payload)
    checksum = crc_32(*buffers)
    size = len(checksum) + sum(map(len, buffers))
    return [CLUSTER + size_of_4_bytes(size) + checksum, *buffers]


def blocks_of(part: Part, clocks_hz: Mapping[int, int], codec: VideoCodec | None) -> list[Block]:
    """The frames of all tracks of a part in decoding order, parameter sets back in their place."""
    tracks = [_track_blocks(track, clocks_hz[track.track_id], codec) for track in part.tracks]
    return list(heapq.merge(*tracks, key=lambda block: block.dts_ms))


def _track_blocks(track: TrackPart, clock_hz: int, codec: VideoCodec | None) -> Iterator[Block]:
    dts = track.base_dts
    for index, payload in enumerate(track.payloads):
        pts = dts + track.cts_offsets[index] if track.cts_offsets else dts
        sets = track.in_band_sets[index] if track.in_band_sets else b""
        whole = with_parameter_sets(payload, sets, codec) if sets and codec and track.track_id == VIDEO_TRACK_ID else payload
        is_key = track.keys[index] if track.keys else True
        yield Block(milliseconds(dts, clock_hz), milliseconds(pts, clock_hz), track.track_id, is_key, whole)
        dts += track.durations[index]


def with_parameter_sets(payload: bytes, sets: bytes, codec: VideoCodec) -> bytes:
    """A frame with its parameter sets at the start, but behind an access unit delimiter, which must come first.

    sets: length-prefixed like `payload`. The order is that of H.264 clause 7.4.1.2.3 and H.265 clause 7.4.2.4.4.
    """
    position = 0
    if len(payload) > LENGTH_SIZE:
        first = payload[LENGTH_SIZE : LENGTH_SIZE + 1]
        is_delimiter = (
            h264.nal_type(first) == h264.NAL_ACCESS_UNIT_DELIMITER if codec == "h264" else h265.nal_type(first) == h265.NAL_AUD_NUT
        )
        if is_delimiter:
            position = LENGTH_SIZE + int.from_bytes(payload[:LENGTH_SIZE])
    return payload[:position] + sets + payload[position:]
