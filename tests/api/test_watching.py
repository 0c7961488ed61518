"""What was watched lately: bounded in memory."""

from mini_nvr.api.watching import EVERY_US, MOST, WatchNotes


def test_the_same_is_new_again_after_some_minutes() -> None:
    notes = WatchNotes()
    assert notes.is_new("session", 1, "playback", 0)
    assert not notes.is_new("session", 1, "playback", EVERY_US - 1)
    assert notes.is_new("session", 1, "playback", EVERY_US)
    assert notes.is_new("session", 2, "playback", EVERY_US)
    assert notes.is_new("session", 1, "stills", EVERY_US)
    assert notes.is_new("session", 1, "playback", 0)  # the clock was set back


def test_no_more_is_remembered_than_the_bound() -> None:
    notes = WatchNotes(most=3)
    for number in range(10):
        assert notes.is_new(str(number), 1, "playback", number)
        assert len(notes) <= 3
    assert not notes.is_new("9", 1, "playback", 10)
    assert notes.is_new("0", 1, "playback", 10)


def test_the_bound_that_the_service_has() -> None:
    notes = WatchNotes()
    for number in range(2 * MOST):
        notes.is_new(str(number), 1, "playback", 0)
    assert len(notes) == MOST
