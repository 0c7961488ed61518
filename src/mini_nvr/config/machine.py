"""What the machine says when a setting is left out: its time zone, and whether it is our container."""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

_CONTAINER_MARKS = (".dockerenv", "run/.containerenv")
_MOUNT_POINT = "recordings"


@dataclass(frozen=True, slots=True)
class Machine:
    """Defaults that differ from machine to machine.

    in_container: in a container that has the folder /recordings, as our image does; any other container is a machine like others.
    """

    zone: ZoneInfo
    in_container: bool

    @classmethod
    def detect(cls, root: Path = Path("/")) -> "Machine":
        """Look at the files below `root` that tell; never raises."""
        marked = any((root / mark).exists() for mark in _CONTAINER_MARKS)
        return cls(zone=_system_zone(root / "etc"), in_container=marked and (root / _MOUNT_POINT).is_dir())


def _system_zone(etc: Path) -> ZoneInfo:
    """The zone that `localtime` links to or is a copy of, else the one named in `timezone`, else UTC."""
    for find in (_linked_zone, _copied_zone, _named_zone):
        try:
            return find(etc)
        except (KeyError, ValueError, OSError):  # absent, or not a zone
            continue
    return ZoneInfo("UTC")


def _linked_zone(etc: Path) -> ZoneInfo:
    _, _, key = str((etc / "localtime").readlink()).partition("zoneinfo/")
    return ZoneInfo(key.removeprefix("posix/"))


def _copied_zone(etc: Path) -> ZoneInfo:
    with (etc / "localtime").open("rb") as file:
        return ZoneInfo.from_file(file, key="localtime")


def _named_zone(etc: Path) -> ZoneInfo:
    return ZoneInfo((etc / "timezone").read_text(encoding="utf-8").strip())
