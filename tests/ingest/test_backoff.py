"""The delays between attempts, as a table."""

import pytest

from mini_nvr.errors import GapCause
from mini_nvr.ingest.backoff import WRONG_PASSWORD_S, Backoff, Ending

OFFLINE = Ending(GapCause.CAMERA_OFFLINE, 0)


def test_the_ladder_ends_at_thirty_seconds() -> None:
    backoff = Backoff()
    assert [backoff.after(OFFLINE, 0) for _ in range(7)] == [1, 2, 5, 10, 30, 30, 30]


@pytest.mark.parametrize("jitter", [-1.0, -0.3, 0.0, 0.7, 1.0])
def test_jitter_moves_a_delay_by_at_most_a_fifth(jitter: float) -> None:
    backoff = Backoff()
    for nominal in (1, 2, 5, 10, 30):
        assert abs(backoff.after(OFFLINE, jitter) - nominal) == pytest.approx(nominal * 0.2 * abs(jitter))


def test_a_clean_end_after_footage_is_followed_at_once() -> None:
    assert Backoff().after(Ending(None, 60), 1.0) == 0


def test_a_camera_that_ends_cleanly_right_away_is_not_hammered() -> None:
    backoff = Backoff()
    assert [backoff.after(Ending(None, 0.1), 0) for _ in range(3)] == [1, 2, 5]


def test_footage_starts_the_ladder_anew() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(OFFLINE, 0)
    assert backoff.after(Ending(GapCause.CAMERA_OFFLINE, 60), 0) == 1


def test_a_refused_password_never_waits_less_than_five_minutes() -> None:
    backoff = Backoff()
    for jitter in (-1.0, 0.0, 1.0):
        assert backoff.after(Ending(GapCause.WRONG_PASSWORD, 0), jitter) >= WRONG_PASSWORD_S


@pytest.mark.parametrize("cause", [GapCause.STREAM_STALLED, GapCause.NO_KEY_FRAME])
def test_a_silent_camera_is_asked_again_soon_each_time(cause: GapCause) -> None:
    backoff = Backoff()
    assert [backoff.after(Ending(cause, 0), 0) for _ in range(4)] == [1, 1, 1, 1]


def test_reset_starts_from_the_shortest_delay() -> None:
    backoff = Backoff()
    for _ in range(4):
        backoff.after(OFFLINE, 0)
    backoff.reset()
    assert backoff.after(OFFLINE, 0) == 1
