"""How far the stills are from a hand that drags the playhead over footage.

The hand goes at a steady pace, rests and goes on. For each picture of the screen it is told how long before or after it the hand
was at the place whose still is seen: a still that comes late makes the next pictures worse, and so does one of a place
where the hand is not yet.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page

from benchmarks.waiting import BenchmarkFailed, pause, wait_until
from mini_nvr.clock import to_datetime

PROBE = Path(__file__).with_name("viewer_scrub.js")
PX_PER_S = 300
STROKE_PX = 250
STROKES = 2
REST_S = 0.4
SECONDS_PER_PX = 21.6
"""Six hours over a thousand pixels, as the timeline begins: each pixel is of another key frame."""

_TIMELINE = "[role=slider]"
_RULER_PX = 10
_STEP_S = 1 / 60
_LEAST_FPS = 10


def address(at_utc_us: int) -> str:
    """The watch page with camera 1 alone, the playhead and the middle of the timeline at an instant."""
    at = to_datetime(at_utc_us, UTC).isoformat(timespec="milliseconds")
    return "/?" + urlencode({"camera": 1, "view": "single", "at": at, "zoom": SECONDS_PER_PX})


def drag_ms(page: Page) -> list[float]:
    """Drag the playhead to earlier once; `distances_ms` of it.

    page: was opened at `address`.

    Raises:
        BenchmarkFailed: there is no timeline, or the drag was hardly seen.
    """
    wait_until(lambda: page.locator("[data-state=RECORDED]").count() > 0, 30, "footage in the tile")
    pause(1)  # the timeline knows where there is footage
    box = page.locator(_TIMELINE).bounding_box()
    if box is None:
        raise BenchmarkFailed("there is no timeline on the page")
    page.evaluate(PROBE.read_text())
    x, y = box["x"] + box["width"] / 2, box["y"] + _RULER_PX
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("window.__scrub.on = true")
    for gone_px in _hand():
        page.mouse.move(x - gone_px, y)
    page.evaluate("window.__scrub.on = false")
    page.mouse.up()
    found = page.evaluate("window.__scrub")
    if len(found["seen"]) < STROKES * STROKE_PX / PX_PER_S * _LEAST_FPS:
        raise BenchmarkFailed(f"the screen was painted {len(found['seen'])} times while the playhead was dragged")
    return distances_ms(found["hand"], found["seen"])


def _hand() -> Iterator[float]:
    """How far it is from where it began, about sixty times a second."""
    for stroke in range(STROKES):
        if stroke > 0:
            pause(REST_S)
        began = time.perf_counter()
        while (gone_px := (time.perf_counter() - began) * PX_PER_S) < STROKE_PX:
            yield stroke * STROKE_PX + gone_px
            pause(_STEP_S)


def distances_ms(hand: Sequence[tuple[float, float]], seen: Sequence[tuple[float | None, float]]) -> list[float]:
    """How long before or after each picture of the screen the hand was at the instant of the still that is seen.

    hand: (instant, when it was there). seen: (instant of the still, when); None, while there is none, is where the hand began. When
    it was nowhere at that instant, the nearest one counts. All in milliseconds.
    """

    def distance(instant: float | None, now: float) -> float:
        wanted = hand[0][0] if instant is None else instant
        nearest = min(abs(at - wanted) for at, _ in hand)
        return min(abs(now - when) for at, when in hand if abs(at - wanted) == nearest)

    return [distance(instant, now) for instant, now in seen]
