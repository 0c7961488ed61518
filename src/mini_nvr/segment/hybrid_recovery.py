"""Finishing a hybrid MP4 that a crash left behind, whatever the point at which it happened.

    what is there                                   what is done
    nothing, or an unfinished head or init segment  EmptySegment: nothing can be played, the caller removes the file
    whole parts, then a piece of one                the piece is cut off, the file is sealed
    whole parts, the last ones with lost pages      those are cut off like a piece (power cut: the pages read as zeros)
    whole parts and an index, whole or not          the index is cut off and written again
    a sealed file                                   nothing
    damage with footage behind it, or throughout    SegmentError: nothing is cut, what plays goes on playing

Only what a crash can have left unfinished is cut: it lies beyond the last checkpoint or, where that is not known, has no whole part
behind it. Doing it twice does it once; a crash in between is one of the cases above.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from mini_nvr.errors import MediaError, SegmentError
from mini_nvr.media.mp4 import ReadAt, WholePart, read_part
from mini_nvr.media.mp4.read_boxes import parse_box
from mini_nvr.segment.disk import read_at, write_at
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.hybrid import write_seal
from mini_nvr.segment.hybrid_reader import HybridReader
from mini_nvr.segment.layout import GROWING_HEAD, GROWING_SEAL, HEAD_BYTES, INIT_OFFSET, SEAL_OFFSET
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.soundness import is_sound
from mini_nvr.segment.summary import with_summary

_PEEK_BYTES = 4096
_SEARCH_BYTES = 1 << 20
_MAX_CANDIDATES = 10_000


def recover_hybrid(path: Path, synced_bytes: int = 0) -> SegmentFacts:
    """Seal a growing file at its last whole, sound part; a sealed one is left as it is.

    synced_bytes: what the last checkpoint said is durable; parts below are taken as they are, those beyond are looked into.

    Raises:
        EmptySegment: no whole part.
        SegmentError: not one of our files, damaged below `synced_bytes`, or the disk refuses.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return _recover(fd, path.name, synced_bytes)
        finally:
            os.close(fd)
    except OSError as exc:
        raise SegmentError(f"{path.name}: could not be recovered: {exc.strerror}") from exc


def _recover(fd: int, name: str, synced_bytes: int) -> SegmentFacts:
    def read(offset: int, size: int) -> bytes:
        return read_at(fd, offset, size)

    size = os.fstat(fd).st_size
    if is_unfinished_start(read, size):
        if INIT_OFFSET < synced_bytes <= size:
            raise SegmentError(f"{name}: its first bytes are lost, although they were durable; the disk or file system is at fault")
        raise EmptySegment(f"{name}: ends before its first part")
    reader = HybridReader(fd, name)
    if reader.index_offset is not None and size > reader.index_offset:
        try:
            return reader.verify()
        except SegmentError:
            if reader.ledger.extent.size_bytes != reader.index_offset:
                raise  # the parts are damaged; otherwise it is the index alone, which is written again
        return _seal(fd, reader, reader.index_offset)
    parts_end = reader.walk(_last_sound_end(reader, size, synced_bytes))
    if parts_end < synced_bytes <= size or (not synced_bytes and _has_part_behind(reader, parts_end)):
        raise SegmentError(f"{name}: is damaged at byte {parts_end}, with footage behind it; left as it is")
    if reader.ledger.extent.video_frames:
        return _seal(fd, reader, parts_end)
    if any(True for _ in reader.parts(size)):
        raise SegmentError(f"{name}: none of its parts can be trusted; left as it is")
    raise EmptySegment(f"{name}: holds no whole part")


def _last_sound_end(reader: HybridReader, size: int, synced_bytes: int) -> int:
    """Where the last part ends that is whole and, beyond the checkpoint, sound; only the parts at the end are looked into."""
    synced_end = INIT_OFFSET + reader.init_size_bytes
    unsynced: list[WholePart] = []
    for part in reader.parts(size):
        if part.end <= synced_bytes:
            synced_end = part.end
        else:
            unsynced.append(part)
    while unsynced and not is_sound(unsynced[-1], reader.read_at):
        unsynced.pop()
    return unsynced[-1].end if unsynced else synced_end


def _has_part_behind(reader: HybridReader, start: int) -> bool:
    """Whether a whole, sound part lies anywhere behind `start`; taken for granted when too many places look like one."""
    for candidate in islice(_moof_candidates(reader, start), _MAX_CANDIDATES):
        with suppress(MediaError):
            if is_sound(read_part(reader.read_at, candidate, reader.size_bytes, reader.init), reader.read_at):
                return True
    return next(islice(_moof_candidates(reader, start), _MAX_CANDIDATES, None), None) is not None


def _moof_candidates(reader: HybridReader, start: int) -> Iterator[int]:
    """Where a moof could start behind `start`, by the sight of its type alone."""
    for offset in range(start, reader.size_bytes, _SEARCH_BYTES):
        chunk = reader.read_at(offset, _SEARCH_BYTES + 7)  # a box header may lie across the border
        found = chunk.find(b"moof", 4)
        while found >= 0:
            yield offset + found - 4
            found = chunk.find(b"moof", found + 1)


def _seal(fd: int, reader: HybridReader, parts_end: int) -> SegmentFacts:
    if reader.index_offset is not None and reader.index_offset != parts_end:
        write_at(fd, (GROWING_SEAL,), SEAL_OFFSET)
        os.fdatasync(fd)
    os.ftruncate(fd, parts_end)
    try:
        index = reader.tables.moov(with_summary(reader.init.metadata, reader.ledger.facts(reader.ledger.extent)))
    except MediaError as exc:
        raise SegmentError(f"the index could not be built: {exc}") from exc
    size = write_seal(fd, parts_end, index, os.fdatasync)
    return reader.ledger.facts(reader.ledger.extent, sealed_size_bytes=size)


def is_unfinished_start(read: ReadAt, size: int) -> bool:
    """Whether a file of `size` bytes stops, or was lost, before its init segment is whole. False for whatever is not ours."""
    head = read(0, HEAD_BYTES)
    if not any(head):
        return True
    if head != GROWING_HEAD:
        return size < HEAD_BYTES and GROWING_HEAD.startswith(head)
    init = read(INIT_OFFSET, _PEEK_BYTES)
    if not any(init):
        return True
    try:
        movie = parse_box(init, parse_box(init, 0, INIT_OFFSET).size, INIT_OFFSET)
    except MediaError:
        return size < INIT_OFFSET + _PEEK_BYTES
    return size < parse_box(init, 0, INIT_OFFSET).end + movie.size
