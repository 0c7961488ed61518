"""Creates footage files in the known volume and nowhere else (storage I7)."""

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path, PurePosixPath

from mini_nvr.errors import SegmentError
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import Container, SegmentWriter
from mini_nvr.segment.names import segment_name

_MOST_COLLISIONS = 100  # files of one channel that start within the same second


class SegmentFiles:
    """Names and creates the files of all channels; called on the disk thread.

    verify: raises `SegmentError` unless `record_dir` is the known volume (`recorder.volume`).
    """

    def __init__(self, record_dir: Path, verify: Callable[[], None], zone: tzinfo, container: Container) -> None:
        self._record_dir = record_dir
        self._verify = verify
        self._zone = zone
        self._container = container

    def create(self, segment: GrowingSegment) -> tuple[PurePosixPath, SegmentWriter]:
        """A new file for this segment and its path relative to the recording folder.

        Raises:
            VolumeMissing, VolumeUnwritable, SegmentError: nothing was created.
        """
        self._verify()
        header = segment.header
        for collision in range(_MOST_COLLISIONS):
            name = segment_name(header.channel, header.start_utc_us, self._zone, self._container, collision)
            try:
                return name, self._open(self._record_dir / name, segment)
            except SegmentError as error:
                if not isinstance(error.__cause__, FileExistsError):
                    raise
        raise SegmentError(f"{name}: {_MOST_COLLISIONS} files start in this second; is the camera restarting in a loop?")

    def _open(self, path: Path, segment: GrowingSegment) -> SegmentWriter:
        if self._container == "mp4":
            return HybridWriter(path, segment.header, segment.formats)
        from mini_nvr.segment.matroska import MatroskaWriter  # noqa: PLC0415  FFmpeg's libraries load only where they are used

        return MatroskaWriter(path, segment.header, segment.formats)
