"""What counts as lost of what a recorder had taken; the measuring itself is tried by every kill."""

import pytest

from mini_nvr.clock import NS_PER_S
from mini_nvr.demo import SentFrame
from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from tests.e2e.taken_frames import Taken, lost_of_taken_s

FRAMES = 100
FRAME_BYTES = 1000
FPS = 25
SENT = [
    SentFrame(1, 0, number.to_bytes(2), number * VIDEO_CLOCK_HZ // FPS, number == 0, "sent", (number + 1) * FRAME_BYTES)
    for number in range(FRAMES)
]
KILLED_NS = FRAMES * NS_PER_S // FPS


def look(at_frame: int, taken: int, held_up_s: float = 0.0) -> Taken:
    """At the time of a frame, so many frames had been taken, and half of the one behind them."""
    stream_bytes = taken * FRAME_BYTES + FRAME_BYTES // 2
    return Taken(at_frame * NS_PER_S // FPS, round(held_up_s * NS_PER_S), {1: stream_bytes}, settled=True)


EACH = [look(number, number) for number in range(FRAMES + 1)]


def lost(stored: int, looks: list[Taken]) -> float:
    return lost_of_taken_s(1, SENT, [frame.digest for frame in SENT[:stored]], looks, KILLED_NS, VIDEO_CLOCK_HZ)


@pytest.mark.parametrize(
    ("stored", "looks", "lost_s"),
    [
        (FRAMES, EACH, 0.0),
        (60, EACH, 1.6),
        (60, [*(look(number, number) for number in range(80)), look(FRAMES, 80)], 0.8),
        (60, [*(look(number, 60) for number in range(FRAMES)), look(FRAMES, FRAMES)], 0.04),
        (60, [*(look(number, 60) for number in range(95)), look(95, FRAMES), look(FRAMES, FRAMES)], 0.24),
        (60, [*(look(number, 60) for number in range(87)), *(look(number, FRAMES) for number in range(87, FRAMES + 1))], 1.6),
        (60, [look(number, number, held_up_s=number / 50) for number in range(FRAMES + 1)], 1.34),
        (
            60,
            [look(number, min(number, 70), held_up_s=number / FPS) for number in range(FRAMES)] + [look(FRAMES, FRAMES, 4.0)],
            0.0,
        ),
        (0, [look(number, 0) for number in range(FRAMES + 1)], 0.0),
    ],
    ids=[
        "nothing",
        "two parts",
        "what was not taken",
        "taken at one go just now",
        "taken at one go a moment ago",
        "taken at one go and not written in time",
        "held up half of the time",
        "held up all the time",
        "nothing was taken",
    ],
)
def test_lost(stored: int, looks: list[Taken], lost_s: float) -> None:
    assert lost(stored, looks) == pytest.approx(lost_s)


def test_what_is_stored_was_taken() -> None:
    with pytest.raises(AssertionError, match="never sent"):
        lost(60, [look(FRAMES, 50)])
