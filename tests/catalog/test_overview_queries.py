"""Long time lines read sums and small partial indexes, never a channel's files one by one."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import TextClause

from mini_nvr.catalog import overview_queries
from mini_nvr.catalog.repository import Catalog
from tests.support.catalog import DAY, FIVE_MINUTES, T0, change, facts

BY_TIME = "SEARCH segments USING COVERING INDEX segments_by_time"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (overview_queries.DAYS, ["SEARCH footage_days USING PRIMARY KEY (channel=? AND day>?", f"{BY_TIME} (channel=? AND start"]),
        (overview_queries.COUNTS, ["SEARCH footage_days USING PRIMARY KEY (channel=? AND day>?"]),
        (overview_queries.UNPLAYABLE, ["SEARCH segments USING INDEX segments_unsealed (state=?)"]),
        (overview_queries.SAMPLES, [f"{BY_TIME} (channel=? AND start_utc_us>?)"]),
        (overview_queries.PROTECTED, ["SEARCH segments USING INDEX segments_protected (channel=?)"]),
    ],
)
def test_every_question_is_answered_from_an_index(catalog: Catalog, statement: TextClause, expected: list[str]) -> None:
    values = {"channel": 1, "channels": "[1, 2]", "start": T0, "end": T0 + DAY, "first": 1, "last": 2, "instants": "[]"}
    with closing(sqlite3.connect(catalog.database.path)) as connection:
        plan = "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values))
    for step in expected:
        assert step in plan, plan
    assert "SCAN segments" not in plan


def test_rates_are_those_of_the_next_file(catalog: Catalog) -> None:
    catalog.commit([change(facts(T0 + n * FIVE_MINUTES, number=n, size_bytes=300 * (n + 1))) for n in range(3)])
    instants = [T0, T0 + 1, T0 + 2 * FIVE_MINUTES, T0 + DAY]
    assert overview_queries.sampled_rates(catalog, 1, instants) == [1, 2, 3, 0]


def test_a_day_says_how_far_its_last_file_reaches(catalog: Catalog) -> None:
    midnight = (T0 // DAY + 1) * DAY
    catalog.commit([change(facts(midnight - FIVE_MINUTES + 7, number=0)), change(facts(midnight + 7, number=1))])
    found = overview_queries.overview(catalog, 1, midnight // DAY, midnight // DAY + 3)
    assert [(day.day - midnight // DAY, day.last_end_utc_us - midnight) for day in found.days] == [
        (-1, 7),
        (0, FIVE_MINUTES + 7),
    ]
    assert overview_queries.segments_in_days(catalog, 1, midnight // DAY - 1, midnight // DAY) == 2
