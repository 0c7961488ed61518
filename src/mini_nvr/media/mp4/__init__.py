"""ISO base media files (ISO/IEC 14496-12), written and read as bytes, with no I/O.

Writing: `init_segment`, `part_header`, `SampleTables`. Reading: bounded parsers that meet hostile bytes with `MediaError`.
"""

from mini_nvr.media.mp4.index import SampleTables
from mini_nvr.media.mp4.init import init_segment
from mini_nvr.media.mp4.part import MDAT_HEADER_BYTES, part_header
from mini_nvr.media.mp4.read_boxes import ReadAt, file_boxes
from mini_nvr.media.mp4.read_index import MovieIndex, TrackIndex, parse_index
from mini_nvr.media.mp4.read_init import Init, movie_metadata, parse_init
from mini_nvr.media.mp4.read_part import WholePart, parse_moof, read_part
from mini_nvr.media.mp4.sample_run import SampleRun

__all__ = [
    "MDAT_HEADER_BYTES",
    "Init",
    "MovieIndex",
    "ReadAt",
    "SampleRun",
    "SampleTables",
    "TrackIndex",
    "WholePart",
    "file_boxes",
    "init_segment",
    "movie_metadata",
    "parse_index",
    "parse_init",
    "parse_moof",
    "part_header",
    "read_part",
]
