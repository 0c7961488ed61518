"""What a sealed file says of its contents, kept beside the copy of its header in its index (storage I5).

A rescan of a long archive then reads the beginning and the end of each file, not its parts: a file of five minutes has some 375,
and a disk that turns takes 8 ms to get to each. The index is on the disk before the head says "sealed", so what it says holds.

In the JSON of the header, under the key `contents`: `duration_us`, `video_frames`, and `index`, the key-frame index of
`segment/index.py` in base64. Files without it, older ones and those whose index is too long for a header, are walked part by part.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from itertools import pairwise

from mini_nvr.errors import SegmentError
from mini_nvr.segment.header import MAX_HEADER_BYTES
from mini_nvr.segment.index import MAX_VALUE, decode_index, encode_index
from mini_nvr.segment.model import IndexEntry, SegmentFacts

_KEY = "contents"


@dataclass(frozen=True, slots=True)
class Summary:
    """Of the fields of `SegmentFacts` those that take a walk to find out."""

    duration_us: int
    video_frames: int
    index: tuple[IndexEntry, ...]


def with_summary(header: bytes, facts: SegmentFacts) -> bytes:
    """An encoded header with the summary of a file that is about to be sealed; as it was when that would be too long to be read."""
    index = b64encode(encode_index(facts.index)).decode("ascii")
    contents = {"duration_us": facts.duration_us, "video_frames": facts.video_frames, "index": index}
    encoded = json.dumps({**json.loads(header), _KEY: contents}, separators=(",", ":")).encode("ascii")
    return encoded if len(encoded) <= MAX_HEADER_BYTES else header


def read_summary(metadata: bytes, parts_start: int, parts_end: int) -> Summary | None:
    """The summary in the metadata of an index; None where there is none.

    parts_start, parts_end: what the parts take of the file, which the entries must fill.

    Raises:
        SegmentError: there is one, and it cannot be true.
    """
    if len(metadata) > MAX_HEADER_BYTES:
        raise SegmentError(f"the summary of a file has {len(metadata)} bytes; at most {MAX_HEADER_BYTES} are read")
    try:
        contents = json.loads(metadata).get(_KEY)
        if contents is None:
            return None
        summary = Summary(contents["duration_us"], contents["video_frames"], decode_index(b64decode(contents["index"])))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
        raise SegmentError("the summary of a file is malformed") from exc
    _require_plausible(summary, parts_start, parts_end)
    return summary


def _require_plausible(summary: Summary, parts_start: int, parts_end: int) -> None:
    for number in (summary.duration_us, summary.video_frames):
        if type(number) is not int or not 0 <= number <= MAX_VALUE:
            raise SegmentError(f"the summary of a file says {number!r}, which no recorder writes")
    if not summary.index or summary.index[0].offset < parts_start or _end(summary.index[-1]) != parts_end:
        raise SegmentError("the summary of a file lists other parts than the file has")
    if any(later.offset < _end(earlier) for earlier, later in pairwise(summary.index)):
        raise SegmentError("the summary of a file lists parts that lie across each other")
    if any(not entry.offset <= entry.key_offset <= _end(entry) - entry.key_size_bytes for entry in summary.index):
        raise SegmentError("the summary of a file lists a key frame outside of its part")


def _end(entry: IndexEntry) -> int:
    return entry.offset + entry.size_bytes
