"""Takes footage of other products into the catalog as it is, so that it is listed, counted and cleaned up before it is converted.

A file says little of itself: its name says channel and start, its container says how long it is, as far as it was completed.
"""

import hashlib
from dataclasses import dataclass
from datetime import tzinfo
from fractions import Fraction
from pathlib import Path, PurePosixPath

import av
from av.container import InputContainer

from mini_nvr.catalog.model import SegmentChange
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import MediaError
from mini_nvr.media.frame import TrackFormat
from mini_nvr.segment.model import Container, SegmentFacts, SegmentHeader
from mini_nvr.segment.names import ForeignName, foreign_start_utc_us, parse_foreign_name
from mini_nvr.storage.converter_errors import ConversionError, Unconvertible
from mini_nvr.storage.converter_file import MAX_DURATION_US
from mini_nvr.storage.converter_input import copied_codec, open_input, require_video
from mini_nvr.storage.converter_nal import NalReader


@dataclass(frozen=True, slots=True)
class Adopted:
    """A row for a file; `problem` says why nothing in it can be read."""

    change: SegmentChange
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Contents:
    duration_us: int
    formats: tuple[TrackFormat, ...] = ()
    video_frames: int = 0


def foreign_header(path: PurePosixPath, name: ForeignName, start_utc_us: int, camera_name: str) -> SegmentHeader:
    """What the converted file will say of itself. The run id follows from the path: the same file has the same one whenever."""
    run_id = hashlib.blake2s(f"foreign {path}".encode(), digest_size=16).hexdigest()
    return SegmentHeader(name.channel, camera_name, start_utc_us, run_id, 0, "file name")


def look_at(record_dir: Path, path: PurePosixPath, zone: tzinfo, camera_name: str) -> Adopted | None:
    """The row for a file of another product; None when its name means no instant that can be stored.

    Raises:
        ConversionError: the disk refuses.
    """
    name = parse_foreign_name(path)
    if name is None:
        return None
    try:
        status = (record_dir / path).lstat()
    except OSError as exc:
        raise ConversionError(f"{path}: cannot be looked at: {exc.strerror}") from exc
    start = foreign_start_utc_us(name, zone, status.st_mtime_ns // 1_000)
    if start is None:
        return None
    problem = None
    try:
        contents = _contents(record_dir / path, name.container)
    except Unconvertible as exc:
        contents, problem = _Contents(0), str(exc)
    facts = SegmentFacts(
        header=foreign_header(path, name, start, camera_name),
        container=name.container,
        formats=contents.formats,
        duration_us=contents.duration_us,
        video_frames=contents.video_frames,
        size_bytes=status.st_size,
        init_offset=0,
        init_size_bytes=0,
        index=(),
        sealed=True,
    )
    return Adopted(SegmentChange(path, facts), problem)


def _contents(path: Path, container: Container) -> _Contents:
    with open_input(path, container) as opened:
        video = require_video(opened, path)
        duration_us = opened.duration if opened.duration is not None else _counted_duration_us(opened, video)
        if not 0 < duration_us <= MAX_DURATION_US:
            raise Unconvertible(f"{path.name}: claims to last {duration_us // US_PER_S} s; it is kept as it is")
        return _Contents(duration_us, _formats(video), max(0, video.frames))


def _formats(video: "av.VideoStream") -> tuple[TrackFormat, ...]:
    """What a list shows of the video; nothing when it is of a kind that our files do not hold."""
    codec = copied_codec(video)
    if codec is None:
        return ()
    try:
        return (NalReader(codec, bytes(video.codec_context.extradata or b"")).format(),)
    except MediaError:
        return ()


def _counted_duration_us(opened: InputContainer, video: "av.VideoStream") -> int:
    """Of a file that was never completed: from its first frame to its last. Reads the whole file."""
    factor = (video.time_base or Fraction(1, 1000)) * US_PER_S
    first: int | None = None
    last = 0
    for packet in opened.demux(video):
        stamp = packet.pts if packet.pts is not None else packet.dts
        if packet.size and stamp is not None:
            first = stamp if first is None else min(first, stamp)
            last = max(last, stamp + (packet.duration or 0))
    return round((last - first) * factor) if first is not None else 0
