"""A recording that was put behind a link: its file, its day's folder or its channel's lie outside of the recording folder then."""

from pathlib import Path


def linked_file(path: Path) -> None:
    outside = path.parents[3] / "recordings-backup.mp4"
    path.rename(outside)
    path.symlink_to(outside)


def linked_day(path: Path) -> None:
    outside = path.parents[3] / "recordings-backup"
    path.parent.rename(outside)
    path.parent.symlink_to(outside)


def linked_channel(path: Path) -> None:
    outside = path.parents[3] / "recordings-backup"
    path.parents[1].rename(outside)
    path.parents[1].symlink_to(outside)
