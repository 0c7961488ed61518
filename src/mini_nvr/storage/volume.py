"""Nothing is deleted from a folder that is not the volume that was recorded to (storage I7)."""

from pathlib import Path

from mini_nvr.errors import MiniNvrError, SegmentError
from mini_nvr.segment.volume import VolumeMissing, verify_volume

NOTE = "volume-id"
"""In DATA_DIR; the recorder writes it at its very first start."""


class NotRecordedYet(MiniNvrError):
    """No recorder has ever used this data folder: there is nothing to keep within limits."""


def require_known_volume(record_dir: Path, data_dir: Path) -> None:
    """Return when the recording folder is the one that the recorder uses, and can be written to. Makes and adopts nothing.

    Raises:
        NotRecordedYet: the recorder has not said yet which one that is.
        VolumeMissing, VolumeUnwritable, SegmentError: it is not there, or it is another one, or read-only.
    """
    note = data_dir / NOTE
    volume_id = known_volume_id(data_dir)
    if volume_id is None:
        raise NotRecordedYet(f"{note} is not there: the recorder has not started yet")
    if not volume_id:
        raise VolumeMissing(f"{note} is empty: restore it, or remove it and start the recorder to adopt {record_dir}")
    verify_volume(record_dir, volume_id)


def known_volume_id(data_dir: Path) -> str | None:
    """The volume that the recorder uses with this data folder; None when there was none yet, "" when a power cut took the note.

    Raises:
        SegmentError: the note cannot be read.
    """
    note = data_dir / NOTE
    try:
        return note.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise SegmentError(f"{note} cannot be read: {exc}; DATA_DIR must be readable") from exc
