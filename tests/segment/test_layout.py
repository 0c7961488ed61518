"""The head of a file, growing, sealed and beyond 4 GiB, and the padding before a part."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mini_nvr.errors import SegmentError
from mini_nvr.media.mp4 import SampleTables, file_boxes, init_segment, part_header
from mini_nvr.media.part import Part
from mini_nvr.segment.hybrid import write_seal
from mini_nvr.segment.layout import (
    GROWING_HEAD,
    HEAD_BYTES,
    INIT_OFFSET,
    PAGE_BYTES,
    SEAL_OFFSET,
    Head,
    page_padding,
    parse_head,
    sealing_bytes,
)
from tests.support.footage import audio_clip, cut_into_parts, video_clip
from tests.support.hybrid_files import ffprobe_complaints, packets, pictures, seek_picture

GIB = 1 << 30


def sealed_head(index_offset: int) -> bytes:
    return GROWING_HEAD[:SEAL_OFFSET] + sealing_bytes(index_offset)


def test_the_layout_byte_by_byte() -> None:
    assert GROWING_HEAD.hex(" ", 4) == (
        "0000001c 66747970 69736f36 00000200 69736f36 636d6663 6d703431 00000008 66726565 00000008 66726565"
    )
    assert (HEAD_BYTES, INIT_OFFSET, SEAL_OFFSET) == (44, 44, 28)
    assert sealing_bytes(5_757).hex(" ", 4) == "00000008 66726565 00001659 6d646174"
    assert sealing_bytes(5 * GIB).hex(" ", 4) == "00000001 6d646174 00000001 3fffffe4"


@given(st.integers(INIT_OFFSET + 1, 1 << 50))
@example(36 + (1 << 32) - 1)
@example(36 + (1 << 32))
def test_head_reads_back_and_its_mdat_ends_at_the_index(index_offset: int) -> None:
    head = sealed_head(index_offset)
    assert parse_head(head) == Head(index_offset)
    *_, mdat = file_boxes(lambda offset, size: head[offset : offset + size], 0, HEAD_BYTES)
    assert (mdat.kind, mdat.end) == (b"mdat", index_offset)


def test_growing_head() -> None:
    assert parse_head(GROWING_HEAD + b"more") == Head(None)


@given(st.binary(max_size=60))
def test_foreign_heads_are_refused(data: bytes) -> None:
    with pytest.raises(SegmentError):
        parse_head(data)


@given(st.binary(min_size=16, max_size=16))
@example(sealing_bytes(INIT_OFFSET))
@example(b"\0\0\0\x01mdat" + (100).to_bytes(8, "big"))
def test_foreign_seals_are_refused(seal: bytes) -> None:
    with pytest.raises(SegmentError):
        parse_head(GROWING_HEAD[:SEAL_OFFSET] + seal)


@given(st.integers(0, 1 << 40), st.integers(100, 5_000))
@example(PAGE_BYTES - 4, 500)
@example(PAGE_BYTES - 500, 500)
@example(PAGE_BYTES - 499, PAGE_BYTES)
@example(PAGE_BYTES - 4, PAGE_BYTES - 4)
def test_padding_keeps_a_moof_within_a_page(offset: int, moof_size: int) -> None:
    padding = page_padding(offset, moof_size)
    start = offset + len(padding)
    if moof_size <= PAGE_BYTES - 8:
        assert start // PAGE_BYTES == (start + moof_size - 1) // PAGE_BYTES
    if offset // PAGE_BYTES == (offset + moof_size - 1) // PAGE_BYTES or moof_size > PAGE_BYTES:
        assert padding == b""
    if padding:
        (box,) = file_boxes(lambda position, size: padding[position : position + size], 0, len(padding))
        assert (box.kind, box.size) == (b"free", len(padding))
        assert len(padding) < moof_size + 8


@pytest.mark.parametrize("hole_end", [4 * GIB - 5_000, 4 * GIB + 44, 6 * GIB])
def test_files_around_and_beyond_4_gib(tmp_path: Path, hole_end: int) -> None:
    """Two parts with a hole of gibibytes between them (the file is sparse): 64-bit mdat header and chunk offsets."""
    clips = [video_clip(frames=50), audio_clip(seconds=2)]
    formats = [clip.format for clip in clips]
    path, init = tmp_path / "large.mp4", init_segment(formats, b"{}")
    tables = SampleTables(formats)
    first, second = cut_into_parts(clips)
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        os.pwrite(fd, GROWING_HEAD + init, 0)
        _put(fd, tables, first, len(GROWING_HEAD) + len(init))
        end = _put(fd, tables, second, hole_end)
        write_seal(fd, end, tables.moov(b"{}"), os.fsync)
        head = parse_head(os.pread(fd, HEAD_BYTES, 0))
    finally:
        os.close(fd)
    assert head == Head(end)
    for kind, clip in zip(("video", "audio"), clips, strict=True):
        assert packets(path, kind) == [(sample.pts, sample.duration, sample.data) for sample in clip.samples]
    assert len(pictures(path)) == 50
    assert seek_picture(path, 40 * 3_600)[0] == 40 * 3_600
    assert ffprobe_complaints(path) == ""


def _put(fd: int, tables: SampleTables, part: Part, offset: int) -> int:
    data = BytesIO()
    header = part_header(part, 1)
    data.write(header)
    for track in part.tracks:
        data.writelines(track.payloads)
    os.pwrite(fd, data.getvalue(), offset)
    tables.add(part, offset + len(header))
    return offset + data.tell()
