"""The one folder that footage may be written to (storage I7).

The folder carries an identity file; the data folder remembers which identity it recorded to. A mount that is missing, or another
disk in its place, is then told from the real one. The first start adopts what it finds, or makes it.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from mini_nvr.errors import SegmentError
from mini_nvr.segment.disk import remove_drafts, write_whole
from mini_nvr.segment.volume import VolumeMissing, create_volume, read_volume_id, verify_volume

_log = logging.getLogger(__name__)

_KNOWN = "volume-id"


class RecordingVolume:
    """Verifies the folder before each file that is created in it.

    prepare: called once, as soon as the folder is there for the first time in this process: repairs what a crash left.
    """

    def __init__(self, record_dir: Path, data_dir: Path, prepare: Callable[[], None]) -> None:
        self._record_dir = record_dir
        self._note = data_dir / _KNOWN
        self._prepare = prepare
        self._id: str | None = None
        self._prepared = False

    def verify(self) -> None:
        """Return when the folder is the known volume and writable.

        Raises:
            VolumeMissing, VolumeUnwritable, SegmentError: it is not; nothing was written.
        """
        if self._id is None:
            self._id = self._known_id()
        try:
            verify_volume(self._record_dir, self._id)
        except VolumeMissing as exc:
            raise VolumeMissing(f"{exc}; to record to this folder from now on, remove {self._note}") from exc
        if not self._prepared:
            self._prepared = True
            self._prepare()

    def _known_id(self) -> str:
        """The identity to insist on: the remembered one, at the very first start the folder's own or a new one."""
        try:
            remembered = self._note.read_text("ascii").strip() if self._note.exists() else ""
            if remembered:  # an empty note was cut short by the power, at the first start
                return remembered
            found = read_volume_id(self._record_dir)
            volume_id = found or create_volume(self._record_dir)
            remove_drafts(self._note)
            write_whole(self._note, volume_id.encode() + b"\n")
        except (OSError, UnicodeDecodeError) as exc:
            raise SegmentError(f"cannot read or write {self._note}: {exc}; DATA_DIR must be writable") from exc
        _log.info("recording to %s (%s volume %s)", self._record_dir, "known" if found else "new", volume_id)
        return volume_id
