"""Is a part what the recorder wrote? Asked of the parts that were not yet durable when the power went.

A file system may keep a file's length and lose pages of its contents, which then read as zeros. Such a page breaks the chain of
NAL unit lengths of the frame that it touches, or lies inside one frame, where no encoder writes a whole page of zeros: emulation
prevention forbids three zero bytes in a row (ITU-T H.264 clause 7.4.1, H.265 clause 7.4.2).
"""

from mini_nvr.media.mp4 import ReadAt, SampleRun, WholePart
from mini_nvr.media.nal import LENGTH_SIZE
from mini_nvr.media.part import VIDEO_TRACK_ID

_PAGE_BYTES = 4096
_ZERO_PAGE = bytes(_PAGE_BYTES)


def is_sound(part: WholePart, read_at: ReadAt) -> bool:
    """Whether every frame of a part could have come from a camera; reads all of its bytes."""
    return all(_is_sound_run(run, read_at(run.data_offset, run.size_bytes)) for run in part.runs)


def _is_sound_run(run: SampleRun, data: bytes) -> bool:
    if run.size_bytes != len(data) or holds_zero_page(data, run.data_offset):
        return False
    position = 0
    for size in run.sizes:
        end = position + size
        sound = is_nal_chain(data, position, end) if run.track_id == VIDEO_TRACK_ID else any(data[position:end])
        if not sound:
            return False
        position = end
    return True


def is_nal_chain(data: bytes, position: int, end: int) -> bool:
    """Whether `data[position:end]` is one or more NAL units, each behind its length, that add up exactly."""
    if position >= end:
        return False
    while position < end:
        length = int.from_bytes(data[position : position + LENGTH_SIZE], "big")
        position += LENGTH_SIZE + length
        if length == 0:
            return False
    return position == end


def holds_zero_page(data: bytes, offset: int) -> bool:
    """Whether `data`, which starts at `offset` in the file, covers a whole page of zeros."""
    first = -offset % _PAGE_BYTES
    return any(data[start : start + _PAGE_BYTES] == _ZERO_PAGE for start in range(first, len(data) - _PAGE_BYTES + 1, _PAGE_BYTES))
