"""What takes how much of the disk, for whoever keeps it under a limit: counters and the few files that change, in one view."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import bindparam, func, select, text

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.queries import DELETABLE, segments_between
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import segment_row
from mini_nvr.catalog.schema import channels, footage_totals, segments

_PATHS_A_STATEMENT = 500


# Built once: making a statement takes longer than its answer.
_OF = segments.alias()
_OLDEST_DELETABLE = select(segments).join_from(
    channels,
    segments,
    segments.c.id
    == select(_OF.c.id)
    .where(_OF.c.channel == channels.c.number, text(DELETABLE.text), _OF.c.start_utc_us >= 0)
    .order_by(_OF.c.start_utc_us, _OF.c.id)
    .limit(1)
    .scalar_subquery(),
)
_NEWEST_BEFORE = select(func.max(segments.c.start_utc_us + segments.c.duration_us)).join_from(
    channels,
    segments,
    segments.c.id
    == select(_OF.c.id)
    .where(_OF.c.channel == channels.c.number, _OF.c.start_utc_us < bindparam("before"))
    .order_by(_OF.c.start_utc_us.desc())
    .limit(1)
    .scalar_subquery(),
)
_TOTALS = select(footage_totals.c.channel, footage_totals.c.segments, footage_totals.c.size_bytes)
_PROTECTED_BYTES = (
    select(segments.c.channel, func.sum(segments.c.size_bytes))
    .where(text("protected = 1"))  # the partial index's own words
    .group_by(segments.c.channel)
)


@dataclass(frozen=True, slots=True)
class CountedSpace:
    """One moment of the catalog.

    files, size_bytes: by channel, of all rows whatever their state; a growing one counts as of its last checkpoint.
    growing, deleting: the rows in these states.
    known: those of the paths asked for that have a row.
    """

    files: dict[int, int]
    size_bytes: dict[int, int]
    growing: list[SegmentRow]
    deleting: list[SegmentRow]
    known: set[PurePosixPath]


def count_space(catalog: Catalog, paths: Collection[PurePosixPath] = ()) -> CountedSpace:
    """The counters and the rows under way; costs a row a channel, whatever the number of segments."""
    names = [str(path) for path in paths]
    known: set[PurePosixPath] = set()
    with catalog.database.read() as connection:
        counted = connection.execute(_TOTALS).all()
        growing, deleting = (
            [segment_row(row) for row in connection.execute(segments_between(None, None, None, state))]
            for state in (SegmentState.GROWING, SegmentState.DELETING)
        )
        for first in range(0, len(names), _PATHS_A_STATEMENT):
            some = names[first : first + _PATHS_A_STATEMENT]
            known.update(map(PurePosixPath, connection.scalars(select(segments.c.path).where(segments.c.path.in_(some)))))
    return CountedSpace(
        files={channel: files for channel, files, _ in counted},
        size_bytes={channel: size for channel, _, size in counted},
        growing=growing,
        deleting=deleting,
        known=known,
    )


def oldest_deletable(catalog: Catalog) -> dict[int, SegmentRow]:
    """The segment of each channel that clean-up would delete first, in one statement; channels without any are absent."""
    with catalog.database.read() as connection:
        return {row.channel: segment_row(row) for row in connection.execute(_OLDEST_DELETABLE)}


def footage_end_of_those_before(catalog: Catalog, utc_us: int) -> int | None:
    """Where the newest segment ends, of any channel, that begins before an instant; None without any. One seek a channel."""
    with catalog.database.read() as connection:
        end: int | None = connection.scalar(_NEWEST_BEFORE, {"before": utc_us})
        return end


def protected_bytes(catalog: Catalog) -> dict[int, int]:
    """What each channel's protected segments take; costs a step a protected segment, in an index that holds only those."""
    with catalog.database.read() as connection:
        return {channel: int(size) for channel, size in connection.execute(_PROTECTED_BYTES)}
