"""One footage file as an export sees it: its formats, and where its frames lie and when. Reads indexes, never footage."""

import os
from dataclasses import dataclass
from pathlib import Path

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.errors import MediaError, SegmentError
from mini_nvr.media.frame import AudioFormat, VideoFormat
from mini_nvr.media.mp4 import parse_index, parse_init
from mini_nvr.media.mp4.samples import Samples
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID
from mini_nvr.playback.errors import FootageUnreadable
from mini_nvr.playback.files import opened
from mini_nvr.segment.disk import read_at
from mini_nvr.segment.hybrid_reader import MAX_INDEX_BYTES, MAX_INIT_BYTES, HybridReader
from mini_nvr.segment.layout import HEAD_BYTES, parse_head


@dataclass(frozen=True, slots=True)
class Formats:
    """The tracks of a file."""

    video: VideoFormat
    audio: AudioFormat | None


@dataclass(frozen=True, slots=True)
class Tables:
    """The frames of a file; `audio` None without sound."""

    video: Samples
    audio: Samples | None


def read_formats(record_dir: Path, row: SegmentRow) -> Formats:
    """
    Raises:
        FootageUnreadable: the file is gone or damaged.
    """
    with opened(record_dir, row) as fd:
        return _formats(fd, row)


def read_file(record_dir: Path, row: SegmentRow) -> tuple[Formats, Tables]:
    """The tracks and the frames of a file.

    Raises:
        FootageUnreadable: the file is gone or damaged.
    """
    with opened(record_dir, row) as fd:
        return _formats(fd, row), _tables(fd, row)


def _formats(fd: int, row: SegmentRow) -> Formats:
    init = read_at(fd, row.init_offset, min(row.init_size_bytes, MAX_INIT_BYTES))
    try:
        tracks = parse_init(init).formats
    except MediaError as exc:
        raise FootageUnreadable(f"{row.path}: {exc}") from exc
    video = next((track for track in tracks if isinstance(track, VideoFormat)), None)
    if video is None:
        raise FootageUnreadable(f"{row.path} has no video")
    return Formats(video, next((track for track in tracks if isinstance(track, AudioFormat)), None))


def read_tables(record_dir: Path, row: SegmentRow) -> Tables:
    """The sample tables: from the index of a sealed file, from the heads of the parts of a growing one, as far as it is synced.

    Raises:
        FootageUnreadable: the file is gone or damaged.
    """
    with opened(record_dir, row) as fd:
        return _tables(fd, row)


def _tables(fd: int, row: SegmentRow) -> Tables:
    try:
        index = parse_index(_index_bytes(fd, row))
    except (MediaError, SegmentError) as exc:
        raise FootageUnreadable(f"{row.path}: {exc}") from exc
    tracks = {track.track_id: Samples.of(track) for track in index.tracks if track.sizes}
    if VIDEO_TRACK_ID not in tracks:
        raise FootageUnreadable(f"{row.path} holds no video frame")
    return Tables(tracks[VIDEO_TRACK_ID], tracks.get(AUDIO_TRACK_ID))


def _index_bytes(fd: int, row: SegmentRow) -> bytes:
    offset = parse_head(read_at(fd, 0, HEAD_BYTES)).index_offset
    if offset is not None:
        size = os.fstat(fd).st_size - offset
        return read_at(fd, offset, max(0, min(size, MAX_INDEX_BYTES)))
    reader = HybridReader(fd, row.path.name)
    reader.walk(row.size_bytes)
    return reader.tables.moov(b"")
