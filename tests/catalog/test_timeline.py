import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.timeline import ALWAYS, Gap, Span, Stretch, covered, explain, inside, joined, recorder_down_gaps, subtract
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause

OFFLINE, STALLED, DELETED, UNKNOWN = GapCause.CAMERA_OFFLINE, GapCause.STREAM_STALLED, GapCause.DELETED, GapCause.UNKNOWN


def stretch(start: float, end: float, run: str = "a", number: int = 0) -> Stretch:
    return Stretch(round(start * US_PER_S), round(end * US_PER_S), run, number)


def gap(start: float, end: float | None, cause: GapCause = OFFLINE, detail: str = "") -> Gap:
    return Gap(round(start * US_PER_S), None if end is None else round(end * US_PER_S), cause, detail)


@pytest.mark.parametrize(
    ("footage", "expected"),
    [
        ([], []),
        ([(0, 0, "a", 0)], []),
        ([(0, 5, "a", 0), (5, 10, "a", 1)], [(0, 10)]),
        ([(0, 5, "a", 0), (5.15, 10, "a", 1)], [(0, 10)]),  # drift correction at a border within the run
        ([(0, 5, "a", 0), (10, 15, "a", 2)], [(0, 5), (10, 15)]),  # number 1 is missing
        ([(0, 5, "a", 0), (5.15, 10, "b", 1)], [(0, 5), (5.15, 10)]),
        ([(0, 9, "a", 0), (3, 5, "b", 0), (9, 10, "a", 1)], [(0, 10)]),  # the clock was set back
    ],
)
def test_covered(footage: list[tuple[float, float, str, int]], expected: list[tuple[float, float]]) -> None:
    spans = list(covered(stretch(*one) for one in footage))
    assert spans == [(round(start * US_PER_S), round(end * US_PER_S)) for start, end in expected]


spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair)))


@given(span=spans, taken=st.lists(spans).map(sorted))
def test_subtract_leaves_exactly_what_is_not_taken(span: Span, taken: list[Span]) -> None:
    left = list(subtract(span, taken))
    instants = {instant for start, end in left for instant in range(start, end)}
    assert instants == set(range(*span)) - {instant for start, end in taken for instant in range(start, end)}
    assert left == sorted(left)
    assert all(start < end for start, end in left)


def test_inside_clips_and_drops_slivers_that_clipping_leaves() -> None:
    gaps = [gap(0, 10), gap(10, 10.5), gap(20, 30), gap(30, None, STALLED)]
    assert list(inside((9_500_000, 21 * US_PER_S), gaps)) == [gap(10, 10.5), gap(20, 21)]
    assert list(inside((40 * US_PER_S, ALWAYS), gaps)) == [gap(40, None, STALLED)]
    assert list(inside((-ALWAYS, 0), gaps)) == []


class TestExplain:
    def test_what_the_file_states_is_believed(self) -> None:
        footage = [stretch(0, 5), stretch(60, 65, "b")]
        stated = [gap(5, 40, OFFLINE), gap(40, 60, STALLED)]
        assert explain(footage, stated, []) == stated

    def test_a_hole_that_nobody_explains_is_unknown(self) -> None:
        assert explain([stretch(0, 5), stretch(60, 65, "b")], [], []) == [gap(5, 60, UNKNOWN)]
        assert explain([stretch(0, 5), stretch(60, 65, "b")], [gap(5, 40)], []) == [gap(5, 40), gap(40, 60, UNKNOWN)]

    def test_rounding_is_no_gap(self) -> None:
        assert explain([stretch(0, 5), stretch(5.9, 65, "b")], [], []) == []
        assert explain([stretch(0, 5), stretch(60, 65, "b")], [gap(5.04, 59.9)], []) == [gap(5.04, 59.9)]

    def test_footage_beats_a_statement(self) -> None:
        assert explain([stretch(0, 9), stretch(60, 65, "b")], [gap(5, 60)], []) == [gap(9, 60)]
        assert explain([stretch(0, 65)], [gap(5, 60)], [gap(6, 7)]) == []

    def test_the_catalog_fills_in_where_the_files_are_silent(self) -> None:
        footage = [stretch(100, 105), stretch(200, 205, "b"), stretch(300, 305, "c")]
        known = [gap(0, 100, DELETED), gap(105, 200, DELETED), gap(205, 300, UNKNOWN), gap(305, 310, STALLED), gap(310, None)]
        stated = [gap(205, 300, OFFLINE)]
        assert explain(footage, stated, known) == [known[0], known[1], stated[0], known[3], known[4]]

    def test_an_open_gap_that_footage_followed_ends_there(self) -> None:
        assert explain([stretch(0, 5), stretch(60, 65, "b")], [], [gap(5, None)]) == [gap(5, 60), gap(65, None)]

    def test_without_footage_the_catalog_is_all_there_is(self) -> None:
        known = [gap(0, 10, DELETED), gap(10, None)]
        assert explain([], [], known) == known

    def test_nothing_is_left_between_footage_and_the_gaps_around_it(self) -> None:
        known = [gap(0, 10, DELETED), gap(60, None)]
        assert explain([stretch(20, 30)], [], known) == [known[0], gap(10, 20, UNKNOWN), gap(30, 60, UNKNOWN), known[1]]

    def test_a_known_detail_survives(self) -> None:
        footage = [stretch(0, 5), stretch(60, 65, "b")]
        assert explain(footage, [gap(5, 60)], [gap(5, 60, OFFLINE, "no route")]) == [gap(5, 60, OFFLINE, "no route")]

    @given(
        footage=st.lists(st.tuples(spans, st.sampled_from("ab"), st.integers(0, 3)), max_size=6),
        stated=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.sampled_from(list(GapCause)[:2])), max_size=5),
        known=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.sampled_from(list(GapCause)[2:4])), max_size=5),
    )
    def test_every_second_between_footage_is_footage_or_one_gap_and_explaining_again_changes_nothing(
        self,
        footage: list[tuple[Span, str, int]],
        stated: list[tuple[int, int, GapCause]],
        known: list[tuple[int, int, GapCause]],
    ) -> None:
        stretches = sorted(
            (stretch(*span, run, number) for span, run, number in footage), key=lambda one: (one.start_utc_us, one.end_utc_us)
        )
        gaps = explain(stretches, _in_a_row(stated), _in_a_row(known))
        times = [(one.start_utc_us, one.end_utc_us or ALWAYS) for one in gaps]
        union = list(covered(stretches))
        assert all(end <= start for (_, end), (start, _) in zip(times, times[1:], strict=False))
        for start, end in times:
            assert list(subtract((start, end), union)) == [(start, end)]
        if union:
            assert list(subtract((union[0][0], union[-1][1]), sorted(times + union))) == []
        assert explain(stretches, _in_a_row(stated), gaps) == gaps
        assert explain(stretches, gaps, []) == gaps


def _in_a_row(steps: list[tuple[int, int, GapCause]]) -> list[Gap]:
    """Disjoint gaps from (pause, length, cause)."""
    position, gaps = 0, []
    for pause, length, cause in steps:
        gaps.append(gap(position + pause, position + pause + length, cause))
        position += pause + length
    return gaps


def test_joined() -> None:
    assert list(joined([gap(0, 5), gap(5, 6), gap(6, 7, STALLED), gap(8, 9, STALLED)])) == [
        gap(0, 6),
        gap(6, 7, STALLED),
        gap(8, 9, STALLED),
    ]


class TestRecorderDown:
    @pytest.mark.parametrize(
        ("footage_end", "last_gap", "start"),
        [
            (100, None, 100),
            (None, None, None),  # a channel without any past
            (100, gap(50, 60), 100),
            (100, gap(100, 130), 130),
            (100, gap(100, None), 150),  # the camera was off until the recorder died
            (100, gap(100, None, GapCause.RECORDER_DOWN), 100),  # it told so itself when it stopped
            (None, gap(170, None), 170),  # the gap began at the very last moment that is known
            (100, gap(100, None, GapCause.DISABLED), None),
            (300, None, None),  # the clock went back
        ],
    )
    def test_starts_where_the_time_line_ends(self, footage_end: int | None, last_gap: Gap | None, start: int | None) -> None:
        changes = recorder_down_gaps(
            [7],
            {7: footage_end * US_PER_S} if footage_end is not None else {},
            {7: last_gap} if last_gap else {},
            alive_until_utc_us=150 * US_PER_S,
            now_utc_us=200 * US_PER_S,
        )
        expected = [] if start is None else [GapChange(7, start * US_PER_S, 200 * US_PER_S, GapCause.RECORDER_DOWN)]
        assert changes == expected
