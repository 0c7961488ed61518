"""A channel's time line: every instant is footage or a gap with its cause (storage I10)."""

from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.catalog.model import GapChange
from mini_nvr.errors import GapCause
from mini_nvr.recorder.gaps import GapTracker
from mini_nvr.segment.model import GapNote


def test_a_gap_opens_and_closes_and_goes_into_the_next_file() -> None:
    told: list[GapChange] = []
    gaps = GapTracker(3, told.append)
    gaps.begin(100, GapCause.CAMERA_OFFLINE, "refused")
    assert gaps.cause is GapCause.CAMERA_OFFLINE
    assert gaps.footage(250) == (GapNote(100, 250, GapCause.CAMERA_OFFLINE),)
    assert gaps.cause is None
    assert told == [
        GapChange(3, 100, None, GapCause.CAMERA_OFFLINE, "refused"),
        GapChange(3, 100, 250, GapCause.CAMERA_OFFLINE, "refused"),
    ]


def test_another_cause_splits_the_gap() -> None:
    gaps = GapTracker(1, lambda _: None)
    gaps.begin(100, GapCause.RECORDER_DOWN)
    gaps.begin(150, GapCause.CAMERA_OFFLINE)
    gaps.begin(170, GapCause.CAMERA_OFFLINE)
    gaps.begin(200, GapCause.WRONG_PASSWORD)
    assert gaps.footage(300) == (
        GapNote(100, 150, GapCause.RECORDER_DOWN),
        GapNote(150, 200, GapCause.CAMERA_OFFLINE),
        GapNote(200, 300, GapCause.WRONG_PASSWORD),
    )


def test_footage_that_never_came_to_be_is_taken_back() -> None:
    """A disk that stays full is one gap, however often it was tried."""
    told: dict[int, GapChange] = {}
    gaps = GapTracker(1, lambda gap: told.__setitem__(gap.start_utc_us, gap))
    gaps.begin(100, GapCause.CAMERA_OFFLINE)
    for start in (200, 203, 206):
        gaps.footage(start)
        gaps.retract()
        gaps.begin(start, GapCause.DISK_FULL)
    assert gaps.footage(260) == (GapNote(100, 200, GapCause.CAMERA_OFFLINE), GapNote(200, 260, GapCause.DISK_FULL))
    assert len(told) == 2


def test_a_gap_of_the_disk_goes_on_until_footage_is_written() -> None:
    """Whoever hears of each attempt hears of a recovery and a failure a second."""
    told: list[GapChange] = []
    gaps = GapTracker(1, told.append)
    gaps.begin(100, GapCause.DISK_FULL, "quota")
    for start in (200, 300):
        assert gaps.footage(start) == (GapNote(100, start, GapCause.DISK_FULL),)
        assert gaps.cause is GapCause.DISK_FULL
        gaps.retract()
        gaps.begin(start, GapCause.DISK_FULL, "quota")
    assert told == [GapChange(1, 100, None, GapCause.DISK_FULL, "quota")]
    gaps.footage(400)
    gaps.written()
    assert gaps.cause is None
    assert told[1:] == [GapChange(1, 100, 400, GapCause.DISK_FULL, "quota")]
    gaps.written()
    assert len(told) == 2
    assert gaps.footage(500) == ()


def test_a_gap_behind_footage_that_nobody_looked_for_ends_the_one_before() -> None:
    told: list[GapChange] = []
    gaps = GapTracker(1, told.append)
    gaps.begin(100, GapCause.DISK_ERROR)
    gaps.footage(200)
    gaps.begin(300, GapCause.CAMERA_OFFLINE)
    assert told[1:] == [GapChange(1, 100, 200, GapCause.DISK_ERROR), GapChange(1, 300, None, GapCause.CAMERA_OFFLINE)]
    assert gaps.footage(400) == (GapNote(300, 400, GapCause.CAMERA_OFFLINE),)


def test_gaps_from_before_this_process_go_into_the_next_file() -> None:
    gaps = GapTracker(1, lambda _: None)
    gaps.remember([GapNote(50, 100, GapCause.DISABLED)])
    gaps.begin(100, GapCause.RECORDER_DOWN)
    assert gaps.footage(120) == (GapNote(50, 100, GapCause.DISABLED), GapNote(100, 120, GapCause.RECORDER_DOWN))


def test_a_file_carries_at_most_sixteen_notes_the_newest() -> None:
    gaps = GapTracker(1, lambda _: None)
    causes = [GapCause.CAMERA_OFFLINE, GapCause.WRONG_PASSWORD]
    for i in range(40):
        gaps.begin(i * 10, causes[i % 2])
    notes = gaps.footage(400)
    assert len(notes) == 16
    assert notes[-1] == GapNote(390, 400, GapCause.WRONG_PASSWORD)


@given(st.lists(st.tuples(st.integers(0, 100), st.sampled_from([*GapCause, "footage", "written", "failed"])), max_size=40))
def test_gaps_never_overlap_whatever_the_clock_does(events: list[tuple[int, str]]) -> None:
    """Steps of the clock may send times backwards."""
    told: dict[int, GapChange] = {}
    gaps = GapTracker(1, lambda gap: told.__setitem__(gap.start_utc_us, gap))
    for at, event in events:
        if isinstance(event, GapCause):
            gaps.begin(at, event)
        elif event == "footage":
            gaps.footage(at)
        elif event == "written":
            gaps.written()
        else:
            gaps.retract()
            gaps.begin(at, GapCause.DISK_FULL)
    assert all(gap.end_utc_us is None or gap.end_utc_us >= gap.start_utc_us for gap in told.values())
    assert sum(gap.end_utc_us is None for gap in told.values()) <= 1
