"""What to say when there is no footage at an instant."""

from collections.abc import Sequence

from mini_nvr.catalog.model import GapRow, SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import to_datetime
from mini_nvr.playback.errors import NoFootage, NotPlayable


def no_footage(catalog: Catalog, channel: int, utc_us: int) -> NoFootage:
    """The error for an instant without footage, with the cause that the catalog knows."""
    gaps = catalog.gaps(channel, utc_us, utc_us + 1)
    cause = gaps[0].cause if gaps else None
    reason = f": {_words(gaps[0])}" if gaps else "; see the recordings of the day for what there is"
    return NoFootage(f"channel {channel} has no footage at {to_datetime(utc_us).isoformat(timespec='seconds')}{reason}", cause)


def _words(gap: GapRow) -> str:
    """The cause and its detail, as that a user deleted it."""
    return f"{gap.cause.value}, {gap.detail}" if gap.detail else gap.cause.value


def require_mp4(rows: Sequence[SegmentRow]) -> None:
    """Raise NotPlayable when a file is no MP4 of ours: Matroska, or another product's, before they are converted."""
    for row in rows:
        if row.container != "mp4":
            raise NotPlayable(f"{row.path} is recorded as {row.container}, which has no key-frame index: download the file itself")
        if not row.init_size_bytes:
            raise NotPlayable(
                f"{row.path} is of another product and not converted yet: download the file itself, or come back later"
            )
