"""How SQLite answers: from indexes, and in time that depends on the answer and not on the archive."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from sqlalchemy import Select, TextClause
from sqlalchemy.dialects import sqlite

from mini_nvr.catalog import playback_queries, queries
from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.repository import Catalog
from tests.support.catalog import DAY, MINUTE, T0, run_id

CHANNELS = 16
BY_TIME = "SEARCH segments USING INDEX segments_by_time"
BY_TIME_ALONE = "SEARCH segments USING COVERING INDEX segments_by_time"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """100,000 segments of five minutes on 16 channels, and 1,000 gaps."""
    data_dir = tmp_path_factory.mktemp("data")
    with Catalog.open(data_dir) as catalog:
        catalog.register_channels([(number, f"Camera {number}") for number in range(1, CHANNELS + 1)], T0)
        _fill(data_dir / "catalog.db", 100_000)
        yield catalog


def _fill(path: Path, count: int) -> None:
    segments = (
        (n % CHANNELS + 1, T0 + n // CHANNELS * 5 * MINUTE, 5 * MINUTE, 1 << 27, "sealed", run_id(n % CHANNELS), n // CHANNELS)
        + (f"ch{n % CHANNELS + 1}/{n:08}.mp4", "mp4", 7_500, "avc1.640028", 1920, 1080, "25", None, 44, 900, "arrival")
        for n in range(count)
    )
    names = "channel, start_utc_us, duration_us, size_bytes, state, run_id, number, path, container, video_frames, video_codec, "
    names += "width, height, frame_rate, audio_codec, init_offset, init_size_bytes, time_source"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(f"INSERT INTO segments ({names}) VALUES ({', '.join('?' * 18)})", segments)  # noqa: S608  constants
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('longest_segment_us', ?)", (str(5 * MINUTE),))
        connection.executemany(
            "INSERT INTO gaps (channel, start_utc_us, end_utc_us, cause) VALUES (1, ?, ?, 'camera offline')",
            ((T0 + n * MINUTE, T0 + n * MINUTE + 30) for n in range(1_000)),
        )


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            queries.segments_between(1, T0, T0 + DAY, None),
            [f"{BY_TIME} (channel=? AND start_utc_us>?"],
        ),
        (
            queries.segments_between(1, None, T0, SegmentState.SEALED),
            [f"{BY_TIME} (channel=? AND"],
        ),
        (
            queries.segments_between(None, T0, T0 + DAY, None),
            [f"{BY_TIME} (channel=? AND start_utc_us>?"],
        ),
        (
            queries.segments_between(None, None, None, SegmentState.GROWING),
            ["USING INDEX segments_unsealed (state=?)"],
        ),
        (
            queries.segments_below(PurePosixPath("ch1/x")),
            ["sqlite_autoindex_segments_1 (path>? AND path<?)"],
        ),
        (queries.deletable(1, (T0, 7), 10), ["USING INDEX segments_deletable (channel=? AND start_utc_us>?)"]),
        (
            queries.footage_end(1),
            [f"{BY_TIME_ALONE} (channel=?)", "segments_by_time (channel=? AND"],
        ),
        (
            queries.footage_start_after(1, T0),
            [f"{BY_TIME_ALONE} (channel=? AND start_utc_us>?)"],
        ),
        (queries.stretches(1), [f"{BY_TIME} (channel=?)"]),
        (queries.gaps_between(1, T0, T0 + DAY), ["SEARCH gaps USING INDEX sqlite_autoindex_gaps_1 (channel=? AND start_utc_us>?"]),
        (queries.last_gap(1), ["SEARCH gaps USING INDEX sqlite_autoindex_gaps_1 (channel=?)"]),
        (queries.runs_of(1), ["SEARCH runs USING INDEX runs_by_time (channel=?)"]),
        (queries.open_runs(), ["USING INDEX runs_open"]),
        (queries.run_end("a", 1, T0), [f"{BY_TIME} (channel=? AND start_utc_us>?)"]),
    ],
)
def test_every_question_is_answered_from_an_index(archive: Catalog, statement: Select[Any], expected: list[str]) -> None:
    sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with closing(sqlite3.connect(archive.database.path)) as connection:
        plan = "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
    for step in expected:
        assert step in plan, plan
    assert "SCAN segments\n" not in f"{plan}\n", plan
    assert "SCAN gaps\n" not in f"{plan}\n", plan


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (playback_queries.PLAYABLE, [f"{BY_TIME} (channel=? AND start_utc_us>? AND start_utc_us<?)"]),
        (
            playback_queries.INDEXED,
            [f"{BY_TIME} (channel=? AND", "SEARCH segment_indexes USING INTEGER PRIMARY KEY (rowid=?)"],
        ),
        (
            playback_queries.INDEX_HEADS,
            [f"{BY_TIME} (channel=? AND", "SEARCH segment_indexes USING INTEGER PRIMARY KEY (rowid=?)"],
        ),
    ],
)
def test_playback_is_answered_from_an_index(archive: Catalog, statement: Select[Any], expected: list[str]) -> None:
    bound = statement.params(channel=1, start=T0, end=T0 + DAY)
    plan = _plan(archive, str(bound.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})))
    for step in expected:
        assert step in plan, plan


def test_a_time_line_is_answered_from_an_index_alone_and_not_sorted(archive: Catalog) -> None:
    plan = _plan(archive, _of_two_channels(playback_queries.FOOTAGE))
    assert f"{BY_TIME_ALONE} (channel=? AND start_utc_us>? AND start_utc_us<?)" in plan
    assert "TEMP B-TREE" not in plan


def test_known_gaps_are_found_by_their_index(archive: Catalog) -> None:
    plan = _plan(archive, _of_two_channels(playback_queries.GAPS))
    assert "SEARCH gaps USING INDEX sqlite_autoindex_gaps_1 (channel=? AND start_utc_us>?" in plan


def _of_two_channels(statement: TextClause) -> str:
    bound = statement.bindparams(channels="[1, 3]", start=T0, end=T0 + DAY)
    if "longest" in bound.compile().params:
        bound = bound.bindparams(longest="longest_segment_us")
    return str(bound.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))


def _plan(archive: Catalog, sql: str) -> str:
    with closing(sqlite3.connect(archive.database.path)) as connection:
        return "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))


@pytest.mark.parametrize(
    ("narrow", "rows"),
    [
        (queries.segments_between(1, T0 + 10 * DAY, T0 + 10 * DAY + 60 * MINUTE, None), 12),
        (queries.segments_between(None, T0 + 10 * DAY, T0 + 10 * DAY + 5 * MINUTE, None), 16),
        (queries.segments_between(None, None, None, SegmentState.GROWING), 0),
        (queries.deletable(1, (-1, -1), 16), 16),
        (queries.footage_end(1), 1),
    ],
)
def test_the_work_depends_on_the_answer_and_not_on_the_archive(archive: Catalog, narrow: Select[Any], rows: int) -> None:
    """SQLite's own count of virtual machine steps, which no other load on the machine can change."""
    sql = str(narrow.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with closing(sqlite3.connect(archive.database.path)) as connection:
        assert len(connection.execute(sql).fetchall()) == rows
        work = _hundreds_of_steps(connection, sql)
        everything = _hundreds_of_steps(connection, "SELECT * FROM segments WHERE size_bytes = 0")
    assert work * 100 < everything


def _hundreds_of_steps(connection: sqlite3.Connection, sql: str) -> int:
    calls = 0

    def count() -> int:
        nonlocal calls
        calls += 1
        return 0

    connection.set_progress_handler(count, 100)
    connection.execute(sql).fetchall()
    connection.set_progress_handler(None, 0)
    return calls
