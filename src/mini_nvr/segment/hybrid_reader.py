"""Reading a hybrid MP4 back from its own bytes, growing or sealed: header, formats, parts, index.

A sealed file is asked for the summary in its index (`scan`); the heads of all parts, not the footage, are read of a growing one, of
an older one without summary, and by `verify`. The reader is bounded by the file's size and trusts nothing in it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from mini_nvr.errors import MediaError, SegmentError
from mini_nvr.media.mp4 import Init, SampleTables, WholePart, file_boxes, movie_metadata, parse_index, parse_init, read_part
from mini_nvr.media.mp4.boxes import file_type
from mini_nvr.segment.disk import read_at
from mini_nvr.segment.header import decode_header
from mini_nvr.segment.layout import HEAD_BYTES, INIT_OFFSET, parse_head
from mini_nvr.segment.ledger import Ledger
from mini_nvr.segment.model import SegmentFacts, SegmentHeader
from mini_nvr.segment.summary import read_summary

MAX_INIT_BYTES = 1 << 20
MAX_INDEX_BYTES = 1 << 26
_INDEX_BOX = b"moov"
_FRONT_BYTES = 4096  # read at once: head and init segment, as a rule


def scan_hybrid(path: Path) -> SegmentFacts:
    """What a file says about itself; of a growing one, up to its last whole part. Changes nothing.

    Raises:
        SegmentError: not one of our files, damaged, or unreadable.
    """
    with _opened(path) as reader:
        return reader.scan()


def verify_hybrid(path: Path) -> SegmentFacts:
    """The same from the heads of all parts, which must be whole and agree with the index. Changes nothing.

    Raises:
        SegmentError: not one of our files, damaged anywhere but in the footage itself, or unreadable.
    """
    with _opened(path) as reader:
        return reader.verify()


@contextmanager
def _opened(path: Path) -> Iterator["HybridReader"]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            yield HybridReader(fd, path.name)
        finally:
            os.close(fd)
    except OSError as exc:
        raise SegmentError(f"{path.name}: could not be read: {exc.strerror}") from exc


class HybridReader:
    """An open file, read up to its init segment on construction."""

    def __init__(self, fd: int, name: str) -> None:
        """
        Raises:
            SegmentError: not one of our files, or without a whole and readable init segment.
            OSError: the disk refuses.
        """
        self._fd = fd
        self._name = name
        self.size_bytes = os.fstat(fd).st_size
        self._front = read_at(fd, 0, _FRONT_BYTES)
        self.index_offset = parse_head(self.read_at(0, HEAD_BYTES)).index_offset
        self.init_size_bytes = self._init_size()
        self.init: Init
        self.header: SegmentHeader
        try:
            self.init = parse_init(self.read_at(INIT_OFFSET, self.init_size_bytes))
            self.header = decode_header(self.init.metadata)
            self.tables = SampleTables(self.init.formats, self.header.start_utc_us)
        except MediaError as exc:
            raise SegmentError(f"{name}: the init segment cannot be read: {exc}") from exc
        self.ledger = Ledger(self.header, self.init.formats, self.init_size_bytes)

    def read_at(self, offset: int, size: int) -> bytes:
        if offset + size <= len(self._front):
            return self._front[offset : offset + size]
        return read_at(self._fd, offset, size)

    def scan(self) -> SegmentFacts:
        """The facts of the file: as its summary tells them; by `verify` while it grows or has no sound summary.

        Raises:
            SegmentError: the file is sealed, but its index is not whole; or see `verify`.
        """
        if self.index_offset is None:
            return self.verify()
        index = self._index(self.index_offset)
        parts_start = INIT_OFFSET + self.init_size_bytes
        try:
            summary = read_summary(movie_metadata(index), parts_start, self.index_offset)
        except (MediaError, SegmentError):
            summary = None  # the footage may be whole all the same: every part is looked at
        if summary is None:
            return self.verify()
        return SegmentFacts(
            header=self.header,
            container="mp4",
            formats=self.init.formats,
            duration_us=summary.duration_us,
            video_frames=summary.video_frames,
            size_bytes=self.size_bytes,
            init_offset=INIT_OFFSET,
            init_size_bytes=self.init_size_bytes,
            index=summary.index,
            sealed=True,
        )

    def verify(self) -> SegmentFacts:
        """The facts of the file as its parts tell them.

        Raises:
            SegmentError: the file is sealed, but its parts or its index are not whole.
        """
        if self.index_offset is None:
            self.walk(self.size_bytes)
            return self.ledger.facts(self.ledger.extent)
        if self.walk(min(self.index_offset, self.size_bytes)) != self.index_offset:
            raise SegmentError(f"{self._name}: is damaged at byte {self.ledger.extent.size_bytes}")
        self.check_index(self.index_offset)
        return self.ledger.facts(self.ledger.extent, sealed_size_bytes=self.size_bytes)

    def parts(self, end: int) -> Iterator[WholePart]:
        """The parts of the file up to `end`, or to the first that is not whole."""
        offset = INIT_OFFSET + self.init_size_bytes
        with suppress(MediaError):
            while offset < end:
                part = read_part(self.read_at, offset, end, self.init)
                yield part
                offset = part.end

    def walk(self, end: int) -> int:
        """Take in the parts up to `end`, or to the first that does not follow the one before; returns where the last one ends."""
        with suppress(MediaError, SegmentError):
            for part in self.parts(end):
                self.tables.add_runs(part.runs)
                self.ledger.add(part.runs, part.offset, part.end, starts_at_key=part.starts_at_key)
        return self.ledger.extent.size_bytes

    def check_index(self, offset: int) -> None:
        """Compare the index at `offset` with the parts that were walked.

        Raises:
            SegmentError: it is not whole, or speaks of other frames.
        """
        try:
            index = parse_index(self._index(offset))
        except MediaError as exc:
            raise SegmentError(f"{self._name}: the index cannot be read: {exc}") from exc
        if {track.track_id: len(track.sizes) for track in index.tracks} != self.tables.sample_counts():
            raise SegmentError(f"{self._name}: the index and the parts speak of different frames")

    def _index(self, offset: int) -> bytes:
        size = self.size_bytes - offset
        if not 0 < size <= MAX_INDEX_BYTES:
            raise SegmentError(f"{self._name}: has an index of {size} bytes")
        return self.read_at(offset, size)

    def _init_size(self) -> int:
        """`ftyp` and `moov`, which must lie whole in the file."""
        try:
            boxes = list(islice(file_boxes(self.read_at, INIT_OFFSET, self.size_bytes), 2))
        except MediaError as exc:
            raise SegmentError(f"{self._name}: the init segment cannot be read: {exc}") from exc
        size = sum(box.size for box in boxes)
        if [box.kind for box in boxes] != [b"ftyp", _INDEX_BOX] or not len(file_type()) < size <= MAX_INIT_BYTES:
            raise SegmentError(f"{self._name}: has no init segment")
        if INIT_OFFSET + size > self.size_bytes:
            raise SegmentError(f"{self._name}: the init segment is cut short")
        return size
