"""ISO base media files (ISO/IEC 14496-12), written and read as bytes, with no I/O.

Writing: `init_segment`, `part_header`, `SampleTables`. Reading: bounded parsers that meet hostile bytes with `MediaError`.
"""

from mini_nvr.media.mp4.index import SampleTables
from mini_nvr.media.mp4.init import init_segment
from mini_nvr.media.mp4.part import part_header
from mini_nvr.media.mp4.sample_run import SampleRun

__all__ = ["SampleRun", "SampleTables", "init_segment", "part_header"]
