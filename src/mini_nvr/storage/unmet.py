"""Limits that cannot be kept, in words for the owner. Pure."""

from collections.abc import Set as AbstractSet

from mini_nvr.storage.alarms import AlarmKind
from mini_nvr.storage.limits import Limits
from mini_nvr.storage.policy import Reason
from mini_nvr.storage.tally import gigabytes


def unmet_alarm(unmet: AbstractSet[Reason], protected: int, used: int) -> tuple[AlarmKind | None, str]:
    """Which alarm it is that limits stay passed with nothing left to delete, and its message; None: there are no such limits.

    protected, used: bytes of footage.
    """
    if not unmet:
        return None, ""
    names = ", ".join(sorted(unmet))
    if protected:
        return AlarmKind.PROTECTED_FILLS_LIMIT, (
            f"{names}: {gigabytes(protected)} of {gigabytes(used)} are protected and nothing else is left to delete; "
            "end the protection of some footage, or raise the limit; recording goes on"
        )
    return AlarmKind.LIMIT_UNREACHABLE, (
        f"{names}: nothing is left to delete; raise the limit, or free the disk of other files; recording goes on"
    )


def above_volume(limits: Limits, volume_bytes: int) -> str | None:
    """What is wrong with a limit on footage that the volume could never hold; None: nothing, or free space is kept anyway."""
    if limits.max_bytes is None or limits.min_free_bytes is not None or limits.max_bytes <= volume_bytes:
        return None
    return (
        f"MAX_STORAGE_GB allows {gigabytes(limits.max_bytes)}, the volume of RECORD_DIR has {gigabytes(volume_bytes)}: it would be "
        "full before any footage is deleted; lower it, or set MIN_FREE_GB=1"
    )


def rebuild_alarm(data_dir_free_bytes: int) -> str:
    """What it means that the catalog is not filled again yet, and what may be the matter."""
    return (
        "the recorder reads all recordings to fill a new catalog; until it is done nothing is deleted for any limit and nothing is "
        "converted, while recording goes on. If it takes long, see the recorder's log: it must run, and needs room in DATA_DIR, "
        f"where {gigabytes(data_dir_free_bytes)} are left and catalog.db.damaged-* may be removed"
    )
