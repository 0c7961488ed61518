"""What playback asks of the catalog: footage between two instants with its key-frame indexes, and the days that have any.

Each function is one consistent view. Footage that is being deleted or cannot be read is not there for playback.

Days are found by seeking, not kept in a table: days are local, a kept table would have to be rebuilt for each time zone, and one
seek of `segments_by_time` a day answers a year of 64 channels in a few milliseconds.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Integer, Row, Select, bindparam, func, select, text

from mini_nvr.catalog.changes import LONGEST_SEGMENT
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.queries import meta_number
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rows import segment_row
from mini_nvr.catalog.schema import segment_indexes, segments
from mini_nvr.catalog.timeline import ALWAYS, Gap, Span
from mini_nvr.errors import GapCause, SegmentError
from mini_nvr.segment.index import decode_index, index_length
from mini_nvr.segment.model import IndexEntry

_PLAYABLE = (SegmentState.GROWING.value, SegmentState.SEALED.value)
_CAUSES = {cause.value: cause for cause in GapCause}
_IDS_A_STATEMENT = 500

_STARTS_IN_DAY = "footage.start_utc_us >= day.value ->> 0 AND footage.start_utc_us < day.value ->> 1"
_REACHES_INTO_DAY = """footage.start_utc_us < day.value ->> 0 AND footage.start_utc_us > (day.value ->> 0) - :longest
    AND footage.start_utc_us + footage.duration_us > day.value ->> 0 AND day.value ->> 0 < day.value ->> 1"""
_IN_CHANNEL = """SELECT 1 FROM segments AS footage
    WHERE footage.channel = :channel AND footage.state IN ('growing', 'sealed') AND {condition}"""
_IN_ANY_CHANNEL = """SELECT 1 FROM channels CROSS JOIN segments AS footage
    WHERE footage.channel = channels.number AND footage.state IN ('growing', 'sealed') AND {condition}"""
_DAYS = "SELECT day.key FROM json_each(:days) AS day WHERE EXISTS ({first}) OR EXISTS ({second}) ORDER BY day.key"
_DAYS_OF_ONE, _DAYS_OF_ANY = (
    text(_DAYS.format(first=form.format(condition=_STARTS_IN_DAY), second=form.format(condition=_REACHES_INTO_DAY)))
    for form in (_IN_CHANNEL, _IN_ANY_CHANNEL)
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexedSegment:
    """A segment and its key-frame index; empty for a container without one."""

    row: SegmentRow
    index: tuple[IndexEntry, ...]


class Footage(NamedTuple):
    """Playable segments of a channel in order of their start, column by column: an object for each costs more than the query."""

    starts_utc_us: Sequence[int] = ()
    ends_utc_us: Sequence[int] = ()
    sizes_bytes: Sequence[int] = ()
    segment_ids: Sequence[int] = ()

    def flows(self) -> Iterator[tuple[int, int, int]]:
        """(start, end, bytes) of each."""
        return zip(self.starts_utc_us, self.ends_utc_us, self.sizes_bytes, strict=True)


def _playable(*columns: Any) -> Select[Any]:
    """Columns of the playable segments of :channel with footage inside [:start, :end), in order of their start."""
    of = segments.c
    start = bindparam("start", type_=Integer)
    return (
        select(*columns)
        .where(
            of.channel == bindparam("channel"),
            of.start_utc_us > start - meta_number(LONGEST_SEGMENT),
            of.start_utc_us < bindparam("end"),
            of.start_utc_us + of.duration_us > start,
            text("segments.state IN ('growing', 'sealed')"),  # in words: values would be bound anew for each answer
        )
        .order_by(of.start_utc_us, of.id)
    )


# Built once: making a statement takes longer than most answers.
PLAYABLE = _playable(segments)
INDEXED = _playable(segments, segment_indexes.c.entries).select_from(
    segments.outerjoin(segment_indexes, segment_indexes.c.segment_id == segments.c.id)
)
INDEX_HEADS = _playable(segments, func.substr(segment_indexes.c.entries, 1, 11)).select_from(
    segments.join(segment_indexes, segment_indexes.c.segment_id == segments.c.id)
)
FOOTAGE = text(  # `segments_by_time` alone answers it, and in its order the values come (SQLite sorts nothing before grouping)
    """
    SELECT channel, json_group_array(start_utc_us), json_group_array(start_utc_us + duration_us), json_group_array(size_bytes),
        json_group_array(id)
    FROM segments WHERE channel IN (SELECT value FROM json_each(:channels)) AND start_utc_us < :end
    AND start_utc_us > :start - coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = :longest), 0)
    AND start_utc_us + duration_us > :start AND state IN ('growing', 'sealed') GROUP BY channel
    """
)
GAPS = text(
    """
    SELECT channel, start_utc_us, end_utc_us, cause, detail FROM json_each(:channels) AS wanted CROSS JOIN gaps
    WHERE channel = wanted.value AND start_utc_us < :end AND start_utc_us >= coalesce((
        SELECT max(start_utc_us) FROM gaps WHERE channel = wanted.value AND start_utc_us <= :start), :start)
    AND (end_utc_us IS NULL OR end_utc_us > :start) ORDER BY channel, start_utc_us
    """
)
_LONGEST = select(meta_number(LONGEST_SEGMENT))
_FIRST_AND_LAST_START = text(
    """
    SELECT (SELECT min(start_utc_us) FROM segments WHERE channel = channels.number AND state IN ('growing', 'sealed')),
           (SELECT max(start_utc_us) FROM segments WHERE channel = channels.number AND state IN ('growing', 'sealed')
            AND start_utc_us < :before)
    FROM channels WHERE number = coalesce(:channel, number)
    """
)


def _range(channel: int, start_utc_us: int, end_utc_us: int | None) -> dict[str, int]:
    return {"channel": channel, "start": start_utc_us, "end": ALWAYS if end_utc_us is None else end_utc_us}


def playable_segments(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int | None = None) -> list[SegmentRow]:
    """The segments of a channel with footage inside [start, end) that can be played."""
    with catalog.database.read() as connection:
        return [segment_row(row) for row in connection.execute(PLAYABLE, _range(channel, start_utc_us, end_utc_us)).all()]


def segment_by_id(catalog: Catalog, segment_id: int) -> SegmentRow | None:
    """A segment that can be played; None when the id is unknown, or its footage is being deleted or unreadable."""
    statement = select(segments).where(segments.c.id == segment_id, segments.c.state.in_(_PLAYABLE))
    with catalog.database.read() as connection:
        row = connection.execute(statement).first()
        return segment_row(row) if row is not None else None


def segments_by_ids(catalog: Catalog, segment_ids: Sequence[int]) -> dict[int, SegmentRow]:
    """Segments that can be played, by id; at most 500 at once."""
    statement = select(segments).where(segments.c.id.in_(segment_ids), segments.c.state.in_(_PLAYABLE))
    with catalog.database.read() as connection:
        return {row.id: segment_row(row) for row in connection.execute(statement)}


def indexed_segments(catalog: Catalog, channel: int, start_utc_us: int, end_utc_us: int | None = None) -> list[IndexedSegment]:
    """The same with their key-frame indexes, from one query; one whose index is damaged is left out and logged (storage I11)."""
    with catalog.database.read() as connection:
        return list(_indexed(connection.execute(INDEXED, _range(channel, start_utc_us, end_utc_us)).all()))


def _indexed(rows: Iterable[Row[Any]]) -> Iterator[IndexedSegment]:
    for row in rows:
        try:
            yield IndexedSegment(segment_row(row), decode_index(row.entries) if row.entries else ())
        except SegmentError as exc:
            log.warning("recording %s cannot be played: %s; run `mini-nvr rescan`", row.path, exc)


def index_lengths(catalog: Catalog, channel: int, start_utc_us: int) -> list[tuple[SegmentRow, int]]:
    """The playable segments from an instant on, each with the number of its index entries, which are not decoded."""
    with catalog.database.read() as connection:
        rows = connection.execute(INDEX_HEADS, _range(channel, start_utc_us, None)).all()
    found = []
    for row in rows:
        try:
            found.append((segment_row(row), index_length(row[-1])))
        except SegmentError:
            continue  # told when its index itself is asked for
    return found


def indexes_of(catalog: Catalog, segment_ids: Sequence[int]) -> dict[int, tuple[IndexEntry, ...]]:
    """Key-frame indexes by segment; one that is unknown, damaged or has none is absent."""
    found: dict[int, tuple[IndexEntry, ...]] = {}
    with catalog.database.read() as connection:
        for first in range(0, len(segment_ids), _IDS_A_STATEMENT):
            some = segment_ids[first : first + _IDS_A_STATEMENT]
            for segment_id, blob in connection.execute(select(segment_indexes).where(segment_indexes.c.segment_id.in_(some))):
                try:
                    found[segment_id] = decode_index(blob)
                except SegmentError as exc:
                    log.warning("segment %d cannot be played: %s; run `mini-nvr rescan`", segment_id, exc)
    return found


def footage_in(catalog: Catalog, channels: Sequence[int], start_utc_us: int, end_utc_us: int) -> dict[int, Footage]:
    """The footage of channels inside [start, end), not clipped; channels without any are absent."""
    bounds = {"channels": json.dumps(channels), "start": start_utc_us, "end": end_utc_us, "longest": LONGEST_SEGMENT}
    with catalog.database.read() as connection:
        rows = connection.execute(FOOTAGE, bounds).all()
    return {channel: Footage(*map(json.loads, columns)) for channel, *columns in rows}


def gaps_in(catalog: Catalog, channels: Sequence[int], start_utc_us: int, end_utc_us: int) -> dict[int, list[Gap]]:
    """The gaps of channels that the catalog knows inside [start, end), in order, not clipped; channels without any are absent.

    A cause of a newer program is unknown to this one.
    """
    found: dict[int, list[Gap]] = {}
    with catalog.database.read() as connection:
        rows = connection.execute(GAPS, {"channels": json.dumps(channels), "start": start_utc_us, "end": end_utc_us}).all()
    for channel, start, end, cause, detail in rows:
        found.setdefault(channel, []).append(Gap(start, end, _CAUSES.get(cause, GapCause.UNKNOWN), detail))
    return found


def days_with_footage(catalog: Catalog, channel: int | None, days: Sequence[Span]) -> list[int]:
    """Which of `days`, half-open spans of time, have playable footage of a channel (None: of any); their positions, in order."""
    values: dict[str, object] = {"days": json.dumps(days)}
    if channel is not None:
        values["channel"] = channel
    with catalog.database.read() as connection:
        values["longest"] = connection.scalar(_LONGEST)
        return list(connection.execute(_DAYS_OF_ANY if channel is None else _DAYS_OF_ONE, values).scalars())


def footage_bounds(catalog: Catalog, channel: int | None, before_utc_us: int) -> Span | None:
    """Where playable footage of a channel (None: of any) begins, and an instant by which all has ended that starts before another.

    None when no footage starts before that.
    """
    with catalog.database.read() as connection:
        rows = connection.execute(_FIRST_AND_LAST_START, {"channel": channel, "before": before_utc_us}).all()
        longest = connection.scalar(_LONGEST) or 0
    known = [(first, last) for first, last in rows if last is not None]
    return (min(first for first, _ in known), max(last for _, last in known) + longest) if known else None
