"""Writing a hybrid MP4: fragmented while it grows, an ordinary indexed MP4 once sealed, footage written once (storage I1).

Every whole part is playable the moment it is appended (storage I2). Layout: `segment/layout.py`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from mini_nvr.errors import MediaError, SegmentError
from mini_nvr.media.frame import TrackFormat
from mini_nvr.media.mp4 import MDAT_HEADER_BYTES, SampleTables, init_segment, part_header
from mini_nvr.media.part import Part
from mini_nvr.segment.disk import write_at
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.growing_file import GrowingFile, cut
from mini_nvr.segment.header import encode_header
from mini_nvr.segment.layout import GROWING_HEAD, SEAL_OFFSET, page_padding, sealing_bytes
from mini_nvr.segment.ledger import Ledger
from mini_nvr.segment.model import SegmentFacts, SegmentHeader
from mini_nvr.segment.summary import with_summary


class HybridWriter:
    """A growing MP4; implements `SegmentWriter`.

    `append` publishes the file's new extent in one assignment, after the bytes are written: a checkpoint on another thread
    promises whole parts only.
    """

    def __init__(self, path: Path, header: SegmentHeader, formats: Sequence[TrackFormat]) -> None:
        """Create the file, which must not exist, with its folders.

        Raises:
            SegmentError: the formats have no place in MP4, or the disk refuses.
        """
        self.path = path
        self._metadata = encode_header(header)
        try:
            init = init_segment(formats, self._metadata, start_utc_us=header.start_utc_us)
            self._tables = SampleTables(formats, header.start_utc_us)
        except MediaError as exc:
            raise SegmentError(f"{path.name}: cannot be recorded as MP4: {exc}") from exc
        self._ledger = Ledger(header, formats, len(init))
        self._sequence = 0
        self._file = GrowingFile(path, (GROWING_HEAD, init))

    def append(self, part: Part) -> None:
        """Write one part with one vectored write. A part that fails leaves the file as it was before.

        Raises:
            SegmentError: the part is malformed, or the disk refuses (then `__cause__` is the OSError).
        """
        fd = self._file.fd
        offset = self._ledger.extent.size_bytes
        try:
            self._tables.check(part)
            header = part_header(part, self._sequence + 1)
        except MediaError as exc:
            raise SegmentError(f"{self.path.name}: a part cannot be appended: {exc}") from exc
        padding = page_padding(offset, len(header) - MDAT_HEADER_BYTES)
        if self._sequence == 0 and not part.starts_at_key:
            raise SegmentError(f"{self.path.name}: the first part must start at a key frame")
        buffers = [padding, header] if padding else [header]
        for track in part.tracks:
            buffers += track.payloads
        try:
            end = write_at(fd, buffers, offset)
        except OSError as exc:
            cut(fd, offset)
            raise SegmentError(f"{self.path.name}: could not append a part: {exc.strerror}") from exc
        self._sequence += 1
        start = offset + len(padding)
        runs = self._tables.add(part, start + len(header))
        self._ledger.add(runs, start, end, starts_at_key=part.starts_at_key)

    def checkpoint(self) -> SegmentFacts:
        """Make all parts appended before the call durable and tell what is now safe (storage I3).

        Raises:
            SegmentError: the disk refuses; nothing new is safe, now or by a later checkpoint.
        """
        fd = self._file.fd
        extent = self._ledger.extent
        self._file.flush(fd)
        return self._ledger.facts(extent)

    def seal(self) -> SegmentFacts:
        """Append the index, make it durable, turn the head into one `mdat`, make that durable, close the file.

        Raises:
            EmptySegment: no part was appended; the file is closed, and the caller removes it.
            SegmentError: the disk refuses; the file is as before, still open, and may be sealed again or abandoned.
        """
        fd = self._file.fd
        extent = self._ledger.extent
        if not self._sequence:
            self.abandon()
            raise EmptySegment(f"{self.path.name}: holds no part")
        try:
            metadata = with_summary(self._metadata, self._ledger.facts(extent))
            size = write_seal(fd, extent.size_bytes, self._tables.moov(metadata), self._file.flush)
        except (OSError, MediaError) as exc:
            raise SegmentError(f"{self.path.name}: could not be sealed: {exc}") from exc
        self.abandon()
        return self._ledger.facts(extent, sealed_size_bytes=size)

    def abandon(self) -> None:
        """Close the file as it is; recovery finishes it later. Never raises; a second call does nothing."""
        self._file.close()


def write_seal(fd: int, parts_end: int, index: bytes, flush: Callable[[int], None]) -> int:
    """Seal the file whose parts end at `parts_end`, in the one order that survives a crash at any point; returns the file's size.

    flush: makes the file durable, such as `os.fdatasync`.

    Raises:
        OSError: the disk refuses, or what `flush` raises; a file whose head still says that it grows is cut back to `parts_end`.
    """
    try:
        end = write_at(fd, (index,), parts_end)
        flush(fd)
    except (OSError, SegmentError):
        cut(fd, parts_end)
        raise
    write_at(fd, (sealing_bytes(parts_end),), SEAL_OFFSET)
    flush(fd)
    return end
