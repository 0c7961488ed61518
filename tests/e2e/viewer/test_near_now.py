"""Footage that is seconds old: it plays on while it is still being recorded, and who plays it faster arrives at live."""

from collections.abc import Callable
from typing import Final

from mini_nvr.clock import US_PER_S
from tests.e2e.recorder_process import wait_until
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import Nvr
from tests.e2e.viewer.screen import Screen, now_us

CAMERA: Final = 4
PATIENCE_S: Final = 120.0
"""For what takes 20 seconds on a machine that has nothing else to do."""


def play_from(make_page: MakePage, nvr: Nvr, back_s: int) -> Screen:
    """The camera alone, from so many seconds ago; returns when that picture is seen."""
    wait_until(lambda: unbroken_s(nvr) > back_s + 3, f"{back_s} s of footage without a gap", PATIENCE_S)
    screen = Screen(make_page(f"/?camera={CAMERA}&view=single"))
    screen.wait_word(CAMERA, "LIVE")
    began = now_us()
    screen.go_to(began - back_s * US_PER_S)

    def there() -> bool:
        behind = screen.behind_s(CAMERA, began)
        return behind is not None and behind > back_s / 2

    screen.wait(there, f"the picture of {back_s} s ago")
    return screen


def unbroken_s(nvr: Nvr) -> float:
    """How long the camera has been recorded without a break."""
    rows = nvr.program.segments(CAMERA)
    run = max(rows, key=lambda row: row.start_utc_us).run_id
    return (now_us() - min(row.start_utc_us for row in rows if row.run_id == run)) / US_PER_S


def never_back(screen: Screen, done: Callable[[float], bool]) -> None:
    """Look on until `done`, which is told how many seconds of footage were seen; the clock in the picture never goes back."""
    began = now_us()
    seen: list[float] = []

    def over() -> bool:
        behind = screen.behind_s(CAMERA, began)
        if behind is None:
            return False
        seen.append(-behind)
        assert seen == sorted(seen), f"back, after {seen[-1] - seen[0]:.1f} s: {seen[-5:]}"
        return done(seen[-1] - seen[0])

    screen.wait(over, "the end", PATIENCE_S)


def test_playing_faster_becomes_live(make_page: MakePage, nvr: Nvr) -> None:
    screen = play_from(make_page, nvr, 25)
    screen.speed("2")
    never_back(screen, lambda _: screen.word(CAMERA) == "LIVE")
    screen.wait_live(CAMERA)


def test_at_the_worlds_pace_it_plays_on_and_stays_behind(make_page: MakePage, nvr: Nvr) -> None:
    """Over the end of what was recorded when it began, and of a file: they are 20 s long."""
    screen = play_from(make_page, nvr, 20)
    never_back(screen, lambda seen_s: seen_s > 24)
    assert screen.word(CAMERA) == "RECORDED"
    behind = screen.behind_s(CAMERA, now_us())
    assert behind is not None
    assert behind > 12
