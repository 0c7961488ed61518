"""Is the recording folder the volume that it should be? (storage I7)

An identity file at its root says so. When a disk is not mounted, its mount point is an empty folder of the system disk without that
file: nothing is written to it, and no catalog row is dropped because of it.
"""

import json
import os
from pathlib import Path
from uuid import UUID, uuid4

from mini_nvr.errors import SegmentError
from mini_nvr.segment.disk import make_folder, remove_drafts, write_whole

IDENTITY_FILE = ".mini-nvr-volume"
_MAX_IDENTITY_BYTES = 4096


class VolumeMissing(SegmentError):
    """The recording folder is absent, or is not the volume that was recorded to before."""


class VolumeUnwritable(SegmentError):
    """The recording folder is there, but cannot be written to."""


def read_volume_id(record_dir: Path) -> str | None:
    """The identity of the volume, a UUID; None when the folder or its identity file does not exist.

    Raises:
        VolumeMissing: the identity file cannot be read or does not hold an identity.
    """
    path = record_dir / IDENTITY_FILE
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MAX_IDENTITY_BYTES))
        return str(UUID(document["volume_id"]))
    except FileNotFoundError:
        return None
    except NotADirectoryError as exc:
        raise VolumeMissing(f"{record_dir} is not a folder; set RECORD_DIR to one") from exc
    except OSError as exc:
        raise VolumeMissing(f"{path} cannot be read: {exc.strerror}; check the disk and its permissions") from exc
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise VolumeMissing(f"{path} does not hold an identity; restore it, or remove it to make this a new volume") from exc


def create_volume(record_dir: Path) -> str:
    """Make the folder where it is missing, give it an identity and return that; a folder that has one keeps it.

    Raises:
        VolumeUnwritable: the disk refuses.
        VolumeMissing: there is an identity file that cannot be read.
    """
    known = read_volume_id(record_dir)
    if known is not None:
        return known
    volume_id = str(uuid4())
    try:
        make_folder(record_dir)
        remove_drafts(record_dir / IDENTITY_FILE)
        write_whole(record_dir / IDENTITY_FILE, json.dumps({"volume_id": volume_id}).encode() + b"\n")
    except OSError as exc:
        raise VolumeUnwritable(f"{record_dir} cannot be made a recording folder: {exc.strerror}; check its permissions") from exc
    return volume_id


def verify_volume(record_dir: Path, expected_id: str) -> None:
    """Return when the folder is the volume `expected_id` and can be written to. Writes nothing.

    Raises:
        VolumeMissing: it is not there, or it is another one.
        VolumeUnwritable: it is read-only, or its permissions forbid writing.
    """
    found = read_volume_id(record_dir)
    if found is None:
        raise VolumeMissing(f"{record_dir} is not the known recording volume: it has no identity file; is the disk mounted?")
    if found != expected_id:
        raise VolumeMissing(f"{record_dir} is another volume ({found}) than the one recorded to before ({expected_id})")
    if not os.access(record_dir, os.W_OK | os.X_OK):
        raise VolumeUnwritable(f"{record_dir} cannot be written to: read-only, or without permission for this user")
