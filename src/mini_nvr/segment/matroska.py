"""Writing Matroska: the streams as the cameras sent them, bit for bit, in a file that plays at every instant (storage I2).

Our own writer, because FFmpeg keeps the cluster under way in memory: a checkpoint could not promise what was appended with it, and
a kill would lose the last part. Here a part is one cluster and one vectored write, as in the hybrid MP4, and sealing appends an
index and rewrites some bytes of the head: footage is written once (storage I1). Layout: `segment/matroska_elements.py`.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mini_nvr.clock import US_PER_S
from mini_nvr.errors import SegmentError
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, TrackFormat, VideoFormat
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.segment.disk import read_at, write_at
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.growing_file import GrowingFile, cut
from mini_nvr.segment.header import encode_header
from mini_nvr.segment.matroska_cluster import blocks_of, clusters, milliseconds
from mini_nvr.segment.matroska_elements import SEAL_BYTES, SEAL_OFFSET, growing_head, sealing_bytes, tail
from mini_nvr.segment.matroska_scan import read_head, scan_matroska, sealed_facts, whole_clusters
from mini_nvr.segment.model import SegmentFacts, SegmentHeader

__all__ = ["MatroskaWriter", "recover_matroska", "scan_matroska"]


@dataclass(frozen=True, slots=True)
class _Extent:
    """The file up to one whole part. first, last, end: presented instants of the video, 90 kHz; equal while there is none."""

    size_bytes: int
    video_frames: int = 0
    first_90k: int = 0
    last_90k: int = 0
    end_90k: int = 0

    @property
    def duration_us(self) -> int:
        return (self.end_90k - self.first_90k) * US_PER_S // VIDEO_CLOCK_HZ


class MatroskaWriter:
    """A growing Matroska file; implements `SegmentWriter`.

    `append` publishes the file's new extent in one assignment, after the bytes are written: a checkpoint on another thread
    promises whole parts only.
    """

    def __init__(self, path: Path, header: SegmentHeader, formats: Sequence[TrackFormat]) -> None:
        """Create the file, which must not exist, with its folders.

        Raises:
            SegmentError: the disk refuses (then `__cause__` is the OSError), or the header is out of range.
        """
        self.path = path
        self._header = header
        self._formats = tuple(formats)
        self._clocks_hz = {VIDEO_TRACK_ID if isinstance(f, VideoFormat) else AUDIO_TRACK_ID: f.clock_hz for f in self._formats}
        self._codec = next((f.codec for f in self._formats if isinstance(f, VideoFormat)), None)
        self._cues: list[tuple[int, int]] = []
        head = growing_head(header, encode_header(header), self._formats)
        self._extent = _Extent(len(head))
        self._file = GrowingFile(path, (head,))

    def append(self, part: Part) -> None:
        """Write one part with one vectored write. A part that fails leaves the file as it was before.

        Raises:
            SegmentError: the part is malformed, or the disk refuses (then `__cause__` is the OSError).
        """
        fd = self._file.fd
        before = self._extent
        if not before.video_frames and not part.starts_at_key:
            raise SegmentError(f"{self.path.name}: the first part must start at a key frame")
        try:
            blocks = blocks_of(part, self._clocks_hz, self._codec)
        except (KeyError, IndexError) as exc:
            raise SegmentError(f"{self.path.name}: a part cannot be appended: it does not fit the tracks of the file") from exc
        if not blocks:
            return
        buffers = [buffer for cluster in clusters(blocks) for buffer in cluster]
        try:
            end = write_at(fd, buffers, before.size_bytes)
        except OSError as exc:
            cut(fd, before.size_bytes)
            raise SegmentError(f"{self.path.name}: could not append a part: {exc.strerror}") from exc
        video = next((track for track in part.tracks if track.track_id == VIDEO_TRACK_ID and track.payloads), None)
        if video is None:
            self._extent = _Extent(end, before.video_frames, before.first_90k, before.last_90k, before.end_90k)
            return
        if part.starts_at_key:
            first = video.base_dts + (video.cts_offsets[0] if video.cts_offsets else 0)
            self._cues.append((max(0, milliseconds(first, VIDEO_CLOCK_HZ)), before.size_bytes))
        self._extent = _extended(before, video, end)

    def checkpoint(self) -> SegmentFacts:
        """Make all parts appended before the call durable and tell what is now safe (storage I3).

        Raises:
            SegmentError: the disk refuses; nothing new is safe, now or by a later checkpoint.
        """
        fd = self._file.fd
        extent = self._extent
        self._file.flush(fd)
        return self._facts(extent, extent.size_bytes, sealed=False)

    def seal(self) -> SegmentFacts:
        """Append the index, make it durable, complete the head, make that durable, close the file.

        Raises:
            EmptySegment: no part was appended; the file is closed, and the caller removes it.
            SegmentError: the disk refuses; the file is as before, still open, and may be sealed again or abandoned.
        """
        fd = self._file.fd
        extent = self._extent
        if not extent.video_frames:
            self.abandon()
            raise EmptySegment(f"{self.path.name}: holds no part")
        try:
            size = _write_seal(fd, extent.size_bytes, self._cues, extent.duration_us, extent.video_frames, self._file.flush)
        except OSError as exc:
            raise SegmentError(f"{self.path.name}: could not be sealed: {exc.strerror}") from exc
        self.abandon()
        return self._facts(extent, size, sealed=True)

    def abandon(self) -> None:
        """Close the file as it is; recovery finishes it later. Never raises; a second call does nothing."""
        self._file.close()

    def _facts(self, extent: _Extent, size_bytes: int, *, sealed: bool) -> SegmentFacts:
        return SegmentFacts(
            header=self._header,
            container="mkv",
            formats=self._formats,
            duration_us=extent.duration_us,
            video_frames=extent.video_frames,
            size_bytes=size_bytes,
            init_offset=0,
            init_size_bytes=0,
            index=(),
            sealed=sealed,
        )


def recover_matroska(path: Path, synced_bytes: int = 0) -> SegmentFacts:
    """Seal a file that a kill or a power cut left growing, in place: cut behind the last whole cluster, then as `seal` does.

    A sealed file is left as it is. A crash at any point of the recovery leaves a file that can be recovered again.

    synced_bytes: what the last checkpoint said is durable; clusters below it are kept even when their checksum fails.

    Raises:
        EmptySegment: a file of ours without a whole part; the caller removes it.
        SegmentError: not a Matroska file of ours, or the disk refuses.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as exc:
        raise SegmentError(f"{path.name}: could not be opened for repair: {exc.strerror}") from exc
    try:
        return _recover(fd, synced_bytes)
    except OSError as exc:
        raise SegmentError(f"{path.name}: could not be repaired: {exc.strerror}") from exc
    except EmptySegment as exc:
        raise EmptySegment(f"{path.name}: {exc}") from exc
    except SegmentError as exc:
        raise SegmentError(f"{path.name}: {exc}") from exc
    finally:
        os.close(fd)


def _recover(fd: int, synced_bytes: int) -> SegmentFacts:
    head = read_head(fd)
    sealed = sealed_facts(fd, head)
    if sealed is not None:
        return sealed
    found = whole_clusters(fd, head, synced_bytes)
    os.ftruncate(fd, found.end)
    size = _write_seal(fd, found.end, found.cues, found.duration_us, found.video_frames, os.fdatasync)
    return head.facts(size_bytes=size, duration_us=found.duration_us, video_frames=found.video_frames, sealed=True)


def _write_seal(
    fd: int, end: int, cues: Sequence[tuple[int, int]], duration_us: int, video_frames: int, flush: Callable[[int], None]
) -> int:
    """Index behind the clusters, durable; then the head, durable. The file's size.

    Raises:
        OSError, or what `flush` raises: a file whose head still says that it grows is cut back to `end`.
    """
    index = tail(cues, duration_us=duration_us, video_frames=video_frames)
    size = end + len(index)
    try:
        write_at(fd, (index,), end)
        flush(fd)
    except (OSError, SegmentError):
        cut(fd, end)
        raise
    growing = read_at(fd, SEAL_OFFSET, SEAL_BYTES)
    write_at(fd, (sealing_bytes(growing, file_bytes=size, cues_offset=end, duration_us=duration_us),), SEAL_OFFSET)
    flush(fd)
    return size


def _extended(before: _Extent, video: TrackPart, size_bytes: int) -> _Extent:
    """The extent with one more part: the span from the first presented instant to the end of the last presented frame."""
    dts = video.base_dts
    first, last, end = before.first_90k, before.last_90k, before.end_90k
    if not before.video_frames:
        first = last = end = dts + (video.cts_offsets[0] if video.cts_offsets else 0)
    for index, duration in enumerate(video.durations):
        pts = dts + video.cts_offsets[index] if video.cts_offsets else dts
        first = min(first, pts)
        if pts >= last:
            last, end = pts, pts + duration
        dts += duration
    return _Extent(size_bytes, before.video_frames + len(video.payloads), first, last, end)
