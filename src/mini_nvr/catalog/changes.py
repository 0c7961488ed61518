"""How changes are written: each function is a part of the caller's transaction and leaves the tables' invariants intact.

Gaps of a channel never overlap each other. `meta.longest_segment_us` is at least the duration of every segment, which lets a range
query start its search that far before the range.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Integer, LargeBinary, bindparam, case, cast, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from mini_nvr.catalog.model import GapChange, RunChange
from mini_nvr.catalog.schema import channels, gaps, meta, runs, segment_indexes, segments
from mini_nvr.catalog.timeline import SLIVER_US, Span, subtract

LONGEST_SEGMENT = "longest_segment_us"
LAST_CHECKPOINT = "last_checkpoint_utc_us"
RESCAN_DUE = "rescan_due"

_DETAIL_CHARACTERS = 300

_segment_insert = insert(segments)
_segment_updates = {
    column.name: _segment_insert.excluded[column.name]
    for column in segments.columns
    if column.name not in {"id", "path", "protected"}
}
PUT_SEGMENT = _segment_insert.on_conflict_do_update(index_elements=["path"], set_=_segment_updates)

_index_insert = insert(segment_indexes).from_select(
    ["segment_id", "entries"],
    select(segments.c.id, bindparam("blob", type_=LargeBinary)).where(segments.c.path == bindparam("of_path")),
)
_PUT_INDEX = _index_insert.on_conflict_do_update(index_elements=["segment_id"], set_={"entries": _index_insert.excluded.entries})
_DROP_INDEX = delete(segment_indexes).where(
    segment_indexes.c.segment_id == select(segments.c.id).where(segments.c.path == bindparam("of_path")).scalar_subquery()
)
_ADD_CHANNEL = insert(channels).on_conflict_do_nothing()
_ADD_RUN = insert(runs).on_conflict_do_nothing()


def add_channels(connection: Connection, found: Iterable[tuple[int, str, int]]) -> None:
    """Make (number, name, first seen) known, where they are not yet: every row refers to a channel."""
    values = [{"number": number, "name": name, "first_seen_utc_us": seen} for number, name, seen in found]
    if values:
        connection.execute(_ADD_CHANNEL, values)


def name_channels(connection: Connection, named: Iterable[tuple[int, str]], now_utc_us: int) -> None:
    """Make channels known under their present names."""
    statement = insert(channels)
    statement = statement.on_conflict_do_update(index_elements=["number"], set_={"name": statement.excluded["name"]})
    values = [{"number": number, "name": name, "first_seen_utc_us": now_utc_us} for number, name in named]
    if values:
        connection.execute(statement, values)


def put_segments(connection: Connection, entries: Sequence[tuple[dict[str, Any], bytes]]) -> None:
    """Insert or update by path, the last one of a path winning; `protected` and `id` stay. An empty blob: no key-frame index."""
    if not entries:
        return
    latest = {columns["path"]: (columns, blob) for columns, blob in entries}
    values = [columns for columns, _ in latest.values()]
    connection.execute(_ADD_RUN, [{"id": v["run_id"], "channel": v["channel"], "start_utc_us": v["start_utc_us"]} for v in values])
    connection.execute(PUT_SEGMENT, values)
    if indexed := [{"of_path": path, "blob": blob} for path, (_, blob) in latest.items() if blob]:
        connection.execute(_PUT_INDEX, indexed)
    if bare := [{"of_path": path} for path, (_, blob) in latest.items() if not blob]:
        connection.execute(_DROP_INDEX, bare)
    raise_meta(connection, LONGEST_SEGMENT, max(value["duration_us"] for value in values))


def put_runs(connection: Connection, changes: Sequence[RunChange]) -> None:
    """Insert or update by id."""
    if not changes:
        return
    statement = insert(runs)
    fields = ("channel", "start_utc_us", "end_utc_us", "end_cause")
    statement = statement.on_conflict_do_update(index_elements=["id"], set_={name: statement.excluded[name] for name in fields})
    connection.execute(statement, [{"id": change.run_id, **{name: getattr(change, name) for name in fields}} for change in changes])


def put_gap(connection: Connection, change: GapChange) -> None:
    """Insert or update by (channel, start); the gap before ends here at the latest, and this one where the next begins.

    A change without detail keeps the detail that a gap of the same cause has.
    """
    start, end = change.start_utc_us, change.end_utc_us
    of_channel = gaps.c.channel == change.channel
    if end is not None and end <= start:
        connection.execute(delete(gaps).where(of_channel, gaps.c.start_utc_us == start))
        return
    previous = select(func.max(gaps.c.start_utc_us)).where(of_channel, gaps.c.start_utc_us < start).scalar_subquery()
    connection.execute(
        update(gaps)
        .where(of_channel, gaps.c.start_utc_us == previous, or_(gaps.c.end_utc_us.is_(None), gaps.c.end_utc_us > start))
        .values(end_utc_us=start)
    )
    following = connection.scalar(select(func.min(gaps.c.start_utc_us)).where(of_channel, gaps.c.start_utc_us > start))
    if following is not None:
        end = following if end is None else min(end, following)
    statement = insert(gaps).values(
        channel=change.channel, start_utc_us=start, end_utc_us=end, cause=change.cause.value, detail=_storable(change.detail)
    )
    new = statement.excluded
    keeps_detail = (new.detail == "") & (new.cause == gaps.c.cause)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["channel", "start_utc_us"],
            set_={
                "end_utc_us": new.end_utc_us,
                "cause": new.cause,
                "detail": case((keeps_detail, gaps.c.detail), else_=new.detail),
            },
        )
    )


def _storable(detail: str) -> str:
    """A detail may quote a camera, which must not spoil the checkpoint of the others."""
    return detail[:_DETAIL_CHARACTERS].encode("utf-8", "replace").decode()


def fill_with_gap(connection: Connection, change: GapChange, taken: Sequence[Span]) -> None:
    """Book what `taken` (footage and gaps, in order) leaves of a closed gap, as one with the gaps of its kind that it touches."""
    assert change.end_utc_us is not None  # noqa: S101  for mypy; callers book what is past
    alike = (gaps.c.channel == change.channel, gaps.c.cause == change.cause.value, gaps.c.detail == change.detail)
    for start, end in subtract((change.start_utc_us, change.end_utc_us), taken):
        before = connection.execute(
            select(gaps).where(*alike, gaps.c.start_utc_us < start, gaps.c.end_utc_us.between(start - SLIVER_US, start)).limit(1)
        ).first()
        after = connection.execute(select(gaps).where(*alike, gaps.c.start_utc_us.between(end, end + SLIVER_US)).limit(1)).first()
        if after is not None:
            connection.execute(delete(gaps).where(gaps.c.id == after.id))
        put_gap(
            connection,
            GapChange(
                change.channel,
                start if before is None else before.start_utc_us,
                end if after is None else after.end_utc_us,
                change.cause,
                change.detail,
            ),
        )


def raise_meta(connection: Connection, key: str, value: int) -> None:
    """Keep the largest value ever given for `key`."""
    statement = insert(meta).values(key=key, value=str(value))
    new = statement.excluded["value"]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"value": new}, where=cast(new, Integer) > cast(meta.c["value"], Integer)
        )
    )
