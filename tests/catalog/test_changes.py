"""Whatever is committed, in whatever order, reading back gives what a plain model in memory says."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import GapCause
from mini_nvr.segment.model import IndexEntry, SegmentFacts
from tests.support.catalog import T0, change, facts, index_of, path_of, run_id

_channels = itertools.count(1)  # each example writes to a channel of its own


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with Catalog.open(tmp_path_factory.mktemp("data")) as opened:
        yield opened


@dataclass(frozen=True)
class Stated:
    start: int
    end: int | None
    cause: GapCause
    detail: str


instants = st.integers(0, 12)
stated_gaps = st.builds(
    Stated,
    instants,
    st.none() | instants,
    st.sampled_from([GapCause.CAMERA_OFFLINE, GapCause.DISK_FULL]),
    st.sampled_from(["", "refused"]),
)


def _put(model: dict[int, Stated], gap: Stated) -> None:
    """The rules of `GapChange`, on a dictionary by start."""
    if gap.end is not None and gap.end <= gap.start:
        model.pop(gap.start, None)
        return
    for other in list(model.values()):
        if other.start < gap.start and (other.end is None or other.end > gap.start):
            model[other.start] = Stated(other.start, gap.start, other.cause, other.detail)
    later = [start for start in model if start > gap.start]
    end = min([*later, *([gap.end] if gap.end is not None else [])], default=None)
    old = model.get(gap.start)
    detail = old.detail if old and old.cause is gap.cause and not gap.detail else gap.detail
    model[gap.start] = Stated(gap.start, end, gap.cause, detail)


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(stated_gaps, max_size=4), max_size=5), window=st.tuples(instants, instants))
def test_gaps_never_overlap_and_read_back_as_committed(
    shared: Catalog, batches: list[list[Stated]], window: tuple[int, int]
) -> None:
    channel = next(_channels)
    model: dict[int, Stated] = {}
    for batch in batches:
        shared.commit([], [GapChange(channel, gap.start, gap.end, gap.cause, gap.detail) for gap in batch])
        for gap in batch:
            _put(model, gap)
    expected = [model[start] for start in sorted(model)]
    found = [Stated(row.start_utc_us, row.end_utc_us, row.cause, row.detail) for row in shared.gaps(channel)]
    assert found == expected
    assert all(a.end is not None and a.end <= b.start for a, b in itertools.pairwise(found))
    start, end = window
    inside = [gap for gap in expected if gap.start < end and (gap.end is None or gap.end > start)]
    assert [row.start_utc_us for row in shared.gaps(channel, start, end)] == [gap.start for gap in inside]
    last = shared.last_gap(channel)
    assert (last.start_utc_us if last else None) == (expected[-1].start if expected else None)


entries = st.builds(
    IndexEntry,
    *(st.integers(0, 1 << 31) for _ in range(2)),
    st.integers(944, 1 << 33),
    st.integers(1, 1 << 24),
    st.integers(944, 1 << 33),
    st.integers(1, 1 << 24),
)


@st.composite
def files(draw: st.DrawFn) -> SegmentFacts:
    """One of a few paths, so that inserts and updates mix."""
    return facts(
        T0 + draw(st.integers(0, 5)) * 1_000_000,
        number=draw(st.integers(0, 3)),
        run=draw(st.integers(0, 3)),
        duration_us=draw(st.integers(0, 5_000_000)),
        size_bytes=draw(st.integers(0, 1 << 40)),
        sealed=draw(st.booleans()),
        index=tuple(draw(st.lists(entries, max_size=3))),
    )


@settings(max_examples=40, deadline=None)
@given(batches=st.lists(st.lists(files(), max_size=4), max_size=4), window=st.tuples(st.integers(-1, 12), st.integers(-1, 12)))
def test_segments_read_back_as_committed_last(shared: Catalog, batches: list[list[SegmentFacts]], window: tuple[int, int]) -> None:
    channel = next(_channels)
    model: dict[str, SegmentFacts] = {}
    for batch in batches:
        moved = [_on_channel(of, channel) for of in batch]
        shared.commit([change(of) for of in moved])
        model |= {str(path_of(of)): of for of in moved}
    rows = {str(row.path): row for row in shared.segments(channel)}
    assert rows.keys() == model.keys()
    for path, of in model.items():
        row = rows[path]
        assert (row.start_utc_us, row.duration_us, row.size_bytes) == (of.header.start_utc_us, of.duration_us, of.size_bytes)
        assert (row.state == "sealed", row.run_id, row.number) == (of.sealed, of.header.run_id, of.header.number)
        assert index_of(shared, row.id) == of.index
    start, end = (T0 + edge * 1_000_000 for edge in window)
    expected = {
        path for path, of in model.items() if of.header.start_utc_us < end and of.header.start_utc_us + of.duration_us > start
    }
    assert {str(row.path) for row in shared.segments(channel, start, end)} == expected
    ends = [of.header.start_utc_us + of.duration_us for of in model.values()]
    assert shared.footage_end(channel) == max(ends, default=None)


def _on_channel(of: SegmentFacts, channel: int) -> SegmentFacts:
    number = int(of.header.run_id, 16)
    return facts(
        of.header.start_utc_us,
        channel=channel,
        run=channel * 10 + number,
        number=of.header.number,
        duration_us=of.duration_us,
        size_bytes=of.size_bytes,
        sealed=of.sealed,
        index=of.index,
    )


def test_what_a_camera_says_in_a_detail_cannot_spoil_a_checkpoint(shared: Catalog) -> None:
    channel = next(_channels)
    shared.commit([], [GapChange(channel, 1, 2, GapCause.CAMERA_ERROR, "\ud800" + "x" * 100_000)])
    assert shared.gaps(channel)[0].detail == "?" + "x" * 299


def test_runs_have_ids_of_their_own(shared: Catalog) -> None:
    channel = next(_channels)
    shared.commit([change(facts(channel=channel, run=channel * 10))])
    assert [run.run_id for run in shared.runs(channel)] == [run_id(channel * 10)]
