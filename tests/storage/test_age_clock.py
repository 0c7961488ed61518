"""A clock that is set deletes no footage by mistake."""

import pytest

from mini_nvr.clock import US_PER_S
from mini_nvr.storage.age_clock import BELIEVED_AFTER_S, AgeClock
from tests.support.catalog import DAY, T0
from tests.support.clock import FakeClock
from tests.support.kept_footage import KeptFootage

HOUR_S = 3_600


def ticking(clock: FakeClock, age: AgeClock, seconds: int) -> int:
    """Asked once a minute; what it says at the end."""
    for _ in range(seconds // 60):
        clock.advance(60)
        age.utc_us()
    return age.utc_us()


def test_time_goes_on() -> None:
    clock = FakeClock(T0)
    age = AgeClock(clock)
    assert ticking(clock, age, 7 * HOUR_S) == clock.utc_us() == T0 + 7 * HOUR_S * US_PER_S


@pytest.mark.parametrize("step_s", [HOUR_S, 10 * 365 * 86_400])
def test_a_step_forward_is_believed_when_it_has_lasted(step_s: int, caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock(T0)
    age = AgeClock(clock)
    clock.step_wall(step_s)
    assert age.utc_us() == T0
    assert ticking(clock, age, BELIEVED_AFTER_S - 60) == T0 + (BELIEVED_AFTER_S - 60) * US_PER_S
    assert ticking(clock, age, 120) == clock.utc_us()
    assert caplog.text.count("the clock is") == 1
    assert caplog.text.count("set forward") == 1


def test_a_step_forward_that_is_taken_back_was_never_believed() -> None:
    clock = FakeClock(T0)
    age = AgeClock(clock)
    for _ in range(5):
        clock.step_wall(HOUR_S)
        ticking(clock, age, HOUR_S // 2)
        clock.step_wall(-HOUR_S)
        assert ticking(clock, age, HOUR_S // 2) == clock.utc_us()


def test_a_step_back_counts_at_once() -> None:
    clock = FakeClock(T0)
    age = AgeClock(clock)
    clock.step_wall(-HOUR_S)
    assert age.utc_us() == T0 - HOUR_S * US_PER_S
    assert ticking(clock, age, HOUR_S) == T0


def test_small_corrections_are_followed() -> None:
    clock = FakeClock(T0)
    age = AgeClock(clock)
    for _ in range(100):
        clock.step_wall(30)
        assert age.utc_us() == clock.utc_us()


def test_cleanup_keeps_footage_while_the_clock_is_years_ahead(kept: KeptFootage) -> None:
    kept.fill(5)
    cleaner = kept.cleaner({"RETENTION_DAYS": "30", "CLEANUP_INTERVAL": "60"})
    kept.clock.step_wall(10 * 365 * 86_400)
    for _ in range(30):
        cleaner.look()
        kept.clock.advance(60)
    assert len(kept.files()) == 5
    kept.clock.step_wall(-10 * 365 * 86_400)
    kept.clock.advance(29 * DAY / US_PER_S)
    cleaner.look()
    assert len(kept.files()) == 5


YEARS_S = 10 * 365 * 86_400
RETENTION = {"RETENTION_DAYS": "30", "CLEANUP_INTERVAL": "60"}


class TestTheStart:
    """What the footage says about a clock that was wrong before anybody looked at it."""

    def test_a_clock_that_the_footage_bears_out_is_believed(self) -> None:
        clock = FakeClock(T0)
        age = AgeClock(clock)
        age.begin(T0 - DAY)
        assert age.utc_us() == T0
        assert not age.doubted

    def test_one_that_is_far_ahead_of_the_footage_has_to_last(self) -> None:
        clock = FakeClock(T0)
        age = AgeClock(clock)
        age.begin(T0 - 14 * DAY)
        assert age.utc_us() == T0 - 14 * DAY
        assert age.doubted
        assert ticking(clock, age, BELIEVED_AFTER_S - 60) < T0
        assert ticking(clock, age, 120) == clock.utc_us()
        assert not age.doubted

    def test_without_old_footage_there_is_nothing_to_lose(self) -> None:
        age = AgeClock(FakeClock(T0))
        age.begin(None)
        assert age.utc_us() == T0


def test_a_machine_that_boots_with_its_clock_ahead_keeps_its_footage(kept: KeptFootage) -> None:
    """The recorder was quicker and has made footage that bears the wrong time already."""
    kept.fill(5)
    kept.clock.step_wall(YEARS_S)
    kept.put(YEARS_S // 300 - 1)
    cleaner = kept.cleaner(RETENTION)
    for _ in range(30):
        cleaner.look()
        kept.clock.advance(60)
    assert len(kept.files()) == 6


def test_a_recorder_that_was_off_applies_retention_after_an_hour(kept: KeptFootage) -> None:
    kept.fill(5)
    kept.clock.advance(40 * DAY / US_PER_S)
    cleaner = kept.cleaner(RETENTION)
    cleaner.look()
    assert len(kept.files()) == 5
    for _ in range(62):
        kept.clock.advance(60)
        cleaner.look()
    assert kept.files() == []


def test_doubts_outlive_the_cleaner(kept: KeptFootage) -> None:
    """A catalog that is locked for a moment costs the service its cleaner, not its memory of the clock."""
    kept.fill(5)
    age_clock = AgeClock(kept.clock)
    kept.cleaner(RETENTION, age_clock=age_clock).look()
    kept.clock.step_wall(DAY / US_PER_S / 2)
    kept.clock.advance(60)
    kept.cleaner(RETENTION, age_clock=age_clock).look()
    assert age_clock.doubted
    kept.clock.advance(60)
    kept.cleaner(RETENTION, age_clock=age_clock).look()
    assert age_clock.doubted


def test_a_plan_has_the_same_doubts(kept: KeptFootage) -> None:
    kept.fill(5)
    kept.clock.step_wall(YEARS_S)
    cleaner = kept.cleaner(RETENTION)
    assert cleaner.plan_all()[0].deletions == ()
    assert cleaner.age_clock.doubted
