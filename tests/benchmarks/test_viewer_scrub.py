"""How far a still is from the hand, from what the browser noted."""

import pytest

from benchmarks.viewer_scrub import distances_ms

HAND = [(9_000.0, 0.0), (8_000.0, 10.0), (7_000.0, 20.0), (7_000.0, 30.0), (7_000.0, 40.0), (6_000.0, 50.0)]


@pytest.mark.parametrize(
    ("instant", "now", "distance"),
    [
        (None, 20.0, 20.0),
        (8_000.0, 30.0, 20.0),
        (8_200.0, 30.0, 20.0),
        (7_000.0, 33.0, 3.0),
        (7_000.0, 60.0, 20.0),
        (6_000.0, 20.0, 30.0),
        (1_000.0, 50.0, 0.0),
    ],
    ids=["none yet", "late", "between two places", "while it rests", "it went on", "too early", "it was never there"],
)
def test_the_time_between_a_still_and_the_hand(instant: float | None, now: float, distance: float) -> None:
    assert distances_ms(HAND, [(instant, now)]) == [distance]
