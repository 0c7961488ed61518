"""What is asked of the catalog, as statements; each one is answered from an index (`tests/catalog/test_queries.py`)."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, ScalarSelect, Select, cast, func, or_, select, text

from mini_nvr.catalog.changes import LONGEST_SEGMENT
from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.schema import channels, gaps, meta, runs, segments
from mini_nvr.catalog.timeline import Stretch

ROWS_A_FETCH = 1000
_UNSEALED = text("state <> 'sealed'")  # the partial indexes' own words: SQLite uses them for nothing less
DELETABLE = text("state IN ('sealed', 'damaged') AND protected = 0")


def meta_number(key: str) -> ScalarSelect[int]:
    """A number kept in `meta`; 0 when absent."""
    return func.coalesce(select(cast(meta.c["value"], Integer)).where(meta.c.key == key).scalar_subquery(), 0)  # type: ignore[return-value]


def segments_between(
    channel: int | None, start_utc_us: int | None, end_utc_us: int | None, state: SegmentState | None
) -> Select[Any]:
    """Segments with footage inside [start, end), in order of their start."""
    conditions: list[ColumnElement[bool]] = []
    if state is not None:
        conditions.append(segments.c.state == state.value)
    if state not in {None, SegmentState.SEALED} and start_utc_us is None and end_utc_us is None:
        statement = select(segments).where(_UNSEALED, *conditions)
        if channel is not None:
            statement = statement.where(segments.c.channel == channel)
        return statement.order_by(segments.c.start_utc_us, segments.c.id)
    conditions.append(segments.c.channel == channel if channel is not None else segments.c.channel.in_(select(channels.c.number)))
    if start_utc_us is not None:
        conditions.append(segments.c.start_utc_us > start_utc_us - meta_number(LONGEST_SEGMENT))
        conditions.append(segments.c.start_utc_us + segments.c.duration_us > start_utc_us)
    if end_utc_us is not None:
        conditions.append(segments.c.start_utc_us < end_utc_us)
    return select(segments).where(*conditions).order_by(segments.c.start_utc_us, segments.c.id)


def segments_below(folder: PurePosixPath) -> Select[Any]:
    """Segments whose path begins with the folder's, by path: a range, since "0" follows "/"."""
    return select(segments).where(segments.c.path > f"{folder}/", segments.c.path < f"{folder}0").order_by(segments.c.path)


def paths_newest_first() -> Select[Any]:
    """The paths of the segments that are not being deleted, the row made last first."""
    return select(segments.c.path).where(segments.c.state != SegmentState.DELETING.value).order_by(segments.c.id.desc())


def deletable(channel: int, after: tuple[int, int], limit: int) -> Select[Any]:
    """The oldest segments of a channel that clean-up may delete (storage I8), behind the one that `after` (start, id) names."""
    start, last_id = after
    behind = (segments.c.start_utc_us > start) | (segments.c.id > last_id)
    return (
        select(segments)
        .where(DELETABLE, segments.c.channel == channel, segments.c.start_utc_us >= start, behind)
        .order_by(segments.c.start_utc_us, segments.c.id)
        .limit(limit)
    )


def footage_end(channel: int) -> Select[Any]:
    """The latest end of a channel's footage: no segment that started a longest duration before the last one can reach it."""
    of_channel = segments.c.channel == channel
    last_start = select(func.max(segments.c.start_utc_us)).where(of_channel).scalar_subquery()
    return select(func.max(segments.c.start_utc_us + segments.c.duration_us)).where(
        of_channel, segments.c.start_utc_us >= last_start - meta_number(LONGEST_SEGMENT)
    )


def footage_start_after(channel: int, utc_us: int) -> Select[Any]:
    """Where the first segment begins that starts at or after an instant."""
    return select(func.min(segments.c.start_utc_us)).where(segments.c.channel == channel, segments.c.start_utc_us >= utc_us)


def stretches(channel: int) -> Select[Any]:
    """(start, end, run id, number) of a channel's segments that are not being deleted, in order of their start."""
    return (
        select(segments.c.start_utc_us, segments.c.start_utc_us + segments.c.duration_us, segments.c.run_id, segments.c.number)
        .where(segments.c.channel == channel, segments.c.state != SegmentState.DELETING.value)
        .order_by(segments.c.start_utc_us, segments.c.id)
    )


def read_stretches(connection: Connection, channel: int) -> Iterator[Stretch]:
    """A channel's footage in order, fetched a thousand rows at a time; the connection is busy until the end is reached."""
    result = connection.execution_options(yield_per=ROWS_A_FETCH).execute(stretches(channel))
    for start, end, run_id, number in result:
        yield Stretch(start, end, run_id, number)


def gaps_between(channel: int, start_utc_us: int | None, end_utc_us: int | None) -> Select[Any]:
    """Gaps inside [start, end), in order. Being disjoint, at most the last that began before the range reaches into it."""
    of_channel = gaps.c.channel == channel
    conditions: list[ColumnElement[bool]] = [of_channel]
    if start_utc_us is not None:
        last_before = select(func.max(gaps.c.start_utc_us)).where(of_channel, gaps.c.start_utc_us <= start_utc_us).scalar_subquery()
        conditions.append(gaps.c.start_utc_us >= func.coalesce(last_before, start_utc_us))
        conditions.append(or_(gaps.c.end_utc_us.is_(None), gaps.c.end_utc_us > start_utc_us))
    if end_utc_us is not None:
        conditions.append(gaps.c.start_utc_us < end_utc_us)
    return select(gaps).where(*conditions).order_by(gaps.c.start_utc_us)


def last_gap(channel: int) -> Select[Any]:
    """The gap that began last, open or not."""
    return select(gaps).where(gaps.c.channel == channel).order_by(gaps.c.start_utc_us.desc()).limit(1)


def runs_of(channel: int) -> Select[Any]:
    """A channel's runs in order."""
    return select(runs).where(runs.c.channel == channel).order_by(runs.c.start_utc_us, runs.c.id)


def open_runs() -> Select[Any]:
    """Runs whose end is not known."""
    return select(runs).where(runs.c.end_utc_us.is_(None))


def run_end(run_id: str, channel: int, start_utc_us: int) -> Select[Any]:
    """Where the footage of a run ends; searched from the run's start on."""
    return select(func.max(segments.c.start_utc_us + segments.c.duration_us)).where(
        segments.c.channel == channel,
        segments.c.start_utc_us >= start_utc_us - meta_number(LONGEST_SEGMENT),
        segments.c.run_id == run_id,
    )
