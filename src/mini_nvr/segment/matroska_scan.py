"""Reading our Matroska files back: what a sealed one says of itself, and how far a growing one is whole.

Files may be damaged or foreign: every size is checked against its parent, and a cluster counts only when its CRC-32 holds, because
after a power cut the pages of a file may be zero although its size says that they were written.
"""

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mini_nvr.errors import MediaError, SegmentError
from mini_nvr.media import aac, g711, h264, h265
from mini_nvr.media.frame import AudioFormat, TrackFormat
from mini_nvr.media.part import VIDEO_TRACK_ID
from mini_nvr.segment import ebml
from mini_nvr.segment import matroska_elements as mkv
from mini_nvr.segment.disk import read_at
from mini_nvr.segment.ebml import Element, children, find, read_element
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.header import decode_header
from mini_nvr.segment.matroska_cluster import BLOCK_HEAD_BYTES, KEY_FRAME
from mini_nvr.segment.model import SegmentFacts, SegmentHeader

_MAX_HEAD_BYTES = 256 * 1024
_MAX_TAIL_BYTES = 16 * 1024 * 1024
_ELEMENT_HEAD_BYTES = 12  # the longest ID and size
_MAX_TRACKS = 2
_MAX_DURATION_US = 2**50
_FOREIGN = "was not written by this product, or its head is damaged"
_LONE_FRAME_MS = 40  # a frame's duration is the distance to the one before; a single one is shown for this long


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the first cluster, at `clusters_offset`.

    seal: the bytes that sealing rewrites; cues_offset: where they point to, None while the file grows.
    """

    header: SegmentHeader
    formats: tuple[TrackFormat, ...]
    clusters_offset: int
    seal: bytes
    cues_offset: int | None

    def facts(self, *, size_bytes: int, duration_us: int, video_frames: int, sealed: bool) -> SegmentFacts:
        return SegmentFacts(
            header=self.header,
            container="mkv",
            formats=self.formats,
            duration_us=duration_us,
            video_frames=video_frames,
            size_bytes=size_bytes,
            init_offset=0,
            init_size_bytes=0,
            index=(),
            sealed=sealed,
        )


@dataclass(slots=True)
class Clusters:
    """What the whole clusters of a file hold. end: offset behind the last; cues: as in `matroska_elements.tail`."""

    end: int
    video_frames: int = 0
    cues: list[tuple[int, int]] = field(default_factory=list)
    _first_ms: int = 0
    _last_ms: int = -1
    _before_last_ms: int = -1

    @property
    def duration_us(self) -> int:
        frame_ms = self._last_ms - self._before_last_ms if self.video_frames > 1 else _LONE_FRAME_MS
        return (self._last_ms + frame_ms - self._first_ms) * 1000

    def add_video(self, pts_ms: int) -> None:
        self._first_ms = min(self._first_ms, pts_ms) if self.video_frames else pts_ms
        self.video_frames += 1
        if pts_ms > self._last_ms:
            self._before_last_ms, self._last_ms = self._last_ms, pts_ms
        else:
            self._before_last_ms = max(self._before_last_ms, pts_ms)


def scan_matroska(path: Path) -> SegmentFacts:
    """What a file says of itself; of a growing one, up to its last whole cluster, the last frame's duration estimated.

    Raises:
        EmptySegment: a file of ours that holds no whole part.
        SegmentError: not a Matroska file of ours, damaged, or the disk refuses.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as exc:
        raise SegmentError(f"{path.name}: could not be opened: {exc.strerror}") from exc
    try:
        head = read_head(fd)
        sealed = sealed_facts(fd, head)
        if sealed is not None:
            return sealed
        found = whole_clusters(fd, head)
    except OSError as exc:
        raise SegmentError(f"{path.name}: could not be read: {exc.strerror}") from exc
    except EmptySegment as exc:
        raise EmptySegment(f"{path.name}: {exc}") from exc
    except SegmentError as exc:
        raise SegmentError(f"{path.name}: {exc}") from exc
    finally:
        os.close(fd)
    return head.facts(size_bytes=found.end, duration_us=found.duration_us, video_frames=found.video_frames, sealed=False)


def read_head(fd: int) -> Head:
    """The head of a file of ours.

    Raises:
        EmptySegment: the file ends, or is blank, before the head is complete.
        SegmentError: not a file of ours.
        OSError: the disk refuses.
    """
    data = read_at(fd, 0, _MAX_HEAD_BYTES)
    if not data.strip(b"\x00"):
        raise EmptySegment("holds nothing")
    _check_start(data)
    by_id: dict[bytes, Element] = {}
    position = mkv.INFO_OFFSET  # what lies before it is being rewritten when a crash interrupts sealing
    for child in _head_children(data, position):
        by_id.setdefault(child.id, child)
        position = child.end or 0
    if mkv.TRACKS not in by_id or mkv.TAGS not in by_id:
        raise _cut_or_foreign(data, _FOREIGN)
    metadata = _tag(data, by_id[mkv.TAGS], mkv.HEADER_TAG)
    if metadata is None:
        raise SegmentError(_FOREIGN)
    return Head(
        header=decode_header(metadata),
        formats=_formats(data, by_id[mkv.TRACKS]),
        clusters_offset=position,
        seal=data[mkv.SEAL_OFFSET :][: mkv.SEAL_BYTES],
        cues_offset=_cues_offset(data),
    )


def sealed_facts(fd: int, head: Head) -> SegmentFacts | None:
    """The facts of a sealed file from its tail alone; None when it is not sealed, or its tail is not whole. Raises OSError."""
    size = os.fstat(fd).st_size
    cues_offset = head.cues_offset
    if cues_offset is None or not head.clusters_offset < cues_offset < size or size - cues_offset > _MAX_TAIL_BYTES:
        return None
    data = read_at(fd, cues_offset, size - cues_offset)
    try:
        cues, tags = children(data, 0, len(data))
        if (cues.id, tags.id) != (mkv.CUES, mkv.TAGS):
            return None
        seal = json.loads(_tag(data, tags, mkv.SEAL_TAG) or b"")
        duration_us, video_frames = seal["duration_us"], seal["video_frames"]
    except (SegmentError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(duration_us, int) or not isinstance(video_frames, int):
        return None
    if not 0 <= duration_us <= _MAX_DURATION_US or video_frames < 1:
        return None
    if head.seal != mkv.sealing_bytes(head.seal, file_bytes=size, cues_offset=cues_offset, duration_us=duration_us):
        return None  # a crash came between index and head, or the file was cut or lengthened
    return head.facts(size_bytes=size, duration_us=duration_us, video_frames=video_frames, sealed=True)


def whole_clusters(fd: int, head: Head, synced_bytes: int = 0) -> Clusters:
    """Count the clusters that are whole, from the first on; what follows the first one that is not is left out.

    synced_bytes: what a checkpoint said is durable. A cluster below it that is damaged nevertheless is a fault of the disk: it is
        passed over, as a player does, and costs no good cluster behind it.

    Raises:
        EmptySegment: there is none, or none with a video frame.
        OSError: the disk refuses.
    """
    found = Clusters(head.clusters_offset)
    for offset, data, body in _checked_clusters(fd, head.clusters_offset, synced_bytes):
        with suppress(SegmentError):
            _count(found, offset, data, body)
        found.end = offset + len(data)
    if not found.video_frames:
        raise EmptySegment("holds no whole part")
    return found


def _checked_clusters(fd: int, offset: int, synced_bytes: int) -> Iterator[tuple[int, bytes, int]]:
    """Offset and bytes of each whole cluster, and where in them the checksum ends."""
    size = os.fstat(fd).st_size
    while True:
        try:
            cluster = read_element(read_at(fd, offset, _ELEMENT_HEAD_BYTES), 0)
        except SegmentError:
            return
        if cluster.id != mkv.CLUSTER or cluster.end is None or offset + cluster.end > size:
            return
        data = read_at(fd, offset, cluster.end)
        body = cluster.body + ebml.CRC_ELEMENT_BYTES
        checksum = zlib.crc32(memoryview(data)[body:])
        sound = data[cluster.body : body] == ebml.CRC_32 + b"\x84" + checksum.to_bytes(4, "little")
        if not sound and offset + cluster.end > synced_bytes:
            return
        yield offset, data, body
        offset += cluster.end


def _count(found: Clusters, offset: int, data: bytes, body: int) -> None:
    """Add the video frames of one cluster, and a cue when the first of them is a key frame."""
    origin_ms = 0
    is_first = True
    for child in children(data, body, len(data)):
        if child.id == mkv.TIMESTAMP:
            origin_ms = int.from_bytes(data[child.body : child.end])
        elif child.id == mkv.SIMPLE_BLOCK:
            block = data[child.body : child.body + BLOCK_HEAD_BYTES]
            if len(block) < BLOCK_HEAD_BYTES or block[0] & 0x7F != VIDEO_TRACK_ID:
                continue
            pts_ms = origin_ms + int.from_bytes(block[1:3], signed=True)
            found.add_video(pts_ms)
            if is_first and block[3] & KEY_FRAME:
                found.cues.append((pts_ms, offset))
            is_first = False


def _check_start(data: bytes) -> None:
    """Raise unless this is Matroska, with the Segment element where it stands in all our files."""
    try:
        head = read_element(data, 0)
        if head.id != ebml.EBML or head.end is None or head.end > len(data) or find(data, head, ebml.DOC_TYPE) != b"matroska":
            raise _cut_or_foreign(data, _FOREIGN)
        segment = read_element(data, head.end)
    except EmptySegment:
        raise
    except SegmentError as exc:
        raise _cut_or_foreign(data, _FOREIGN) from exc
    if segment.id != mkv.SEGMENT or segment.body != mkv.SEGMENT_BODY:
        raise SegmentError(_FOREIGN)


def _head_children(data: bytes, position: int) -> Iterator[Element]:
    """The elements before the first cluster."""
    while position < len(data) and not data.startswith(mkv.CLUSTER, position):
        try:
            child = read_element(data, position)
        except SegmentError as exc:
            raise _cut_or_foreign(data, _FOREIGN) from exc
        if child.end is None or child.end > len(data):
            raise _cut_or_foreign(data, _FOREIGN)
        yield child
        position = child.end


def _cut_or_foreign(data: bytes, cause: str) -> SegmentError:
    """A file of ours that ends within its head holds nothing; a longer one may hold footage that a person can save."""
    ours = data[: mkv.SEAL_OFFSET] == mkv.EBML_HEADER[: len(data)] + mkv.SEGMENT[: max(0, len(data) - len(mkv.EBML_HEADER))]
    if ours and len(data) < _MAX_HEAD_BYTES and mkv.CLUSTER not in data:
        return EmptySegment("ends within its head")
    return SegmentError(cause)


def _cues_offset(data: bytes) -> int | None:
    """Where the only entry of our SeekHead points to, from the start of the file; None while there is no whole SeekHead."""
    try:
        seek_head = read_element(data, mkv.SEGMENT_BODY)
        seek = read_element(data, seek_head.body)
        position = find(data, seek, mkv.SEEK_POSITION)
    except SegmentError:
        return None
    if (seek_head.id, seek.id) != (mkv.SEEK_HEAD, mkv.SEEK) or position is None:
        return None
    return mkv.SEGMENT_BODY + int.from_bytes(position)


def _tag(data: bytes, tags: Element, name: str) -> bytes | None:
    """The value of the first simple tag of that name."""
    for tag in children(data, tags.body, tags.end or 0):
        if tag.id != mkv.TAG:
            continue
        for simple in children(data, tag.body, tag.end or 0):
            if simple.id == mkv.SIMPLE_TAG and find(data, simple, mkv.TAG_NAME) == name.encode():
                return find(data, simple, mkv.TAG_STRING)
    return None


def _formats(data: bytes, tracks: Element) -> tuple[TrackFormat, ...]:
    entries = [entry for entry in children(data, tracks.body, tracks.end or 0) if entry.id == mkv.TRACK_ENTRY]
    if not 0 < len(entries) <= _MAX_TRACKS:
        raise SegmentError(f"has {len(entries)} tracks, 1 or {_MAX_TRACKS} are expected")
    try:
        return tuple(_format(data, entry) for entry in entries)
    except MediaError as exc:
        raise SegmentError(f"a track cannot be read: {exc}") from exc


def _format(data: bytes, entry: Element) -> TrackFormat:
    codec_id = (find(data, entry, mkv.CODEC_ID) or b"").decode("ascii", "replace")
    private = find(data, entry, mkv.CODEC_PRIVATE) or b""
    if codec_id == mkv.CODEC_IDS["h264"]:
        return h264.format_of_avcc(private)
    if codec_id == mkv.CODEC_IDS["h265"]:
        return h265.format_of_hvcc(private)
    if codec_id == mkv.CODEC_IDS["aac"]:
        return aac.audio_format(private)
    if codec_id == mkv.CODEC_IDS["pcma"]:
        return _g711_format(private)
    raise SegmentError(f"a track of the codec {codec_id!r} was not written by this product")


def _g711_format(wave_format: bytes) -> AudioFormat:
    if len(wave_format) < mkv.WAVE_FORMAT.size:
        raise SegmentError("the WAVEFORMATEX of a track is cut short")
    tag, channels, rate, *_ = mkv.WAVE_FORMAT.unpack_from(wave_format)
    if tag == mkv.WAVE_FORMAT_TAGS["pcma"]:
        return g711.audio_format("pcma", rate, channels)
    if tag == mkv.WAVE_FORMAT_TAGS["pcmu"]:
        return g711.audio_format("pcmu", rate, channels)
    raise SegmentError(f"audio of the wave format {tag} was not written by this product")
