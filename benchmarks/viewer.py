"""What a person at the viewer waits for, in Debian's Chromium without a screen, against the real program on this machine.

Live, 1080p25: from a packet's arrival in the browser to its frame on the screen, the first picture after opening the page, dropped
frames; a wall of nine sub streams; seeking anywhere in 30 days; how near the stills of a dragged playhead are to the hand. Chromium
decodes in software and shares the machine with all else.

    python -m benchmarks.viewer                        # five minutes of live pictures
    python -m benchmarks.viewer --seconds 20 --only live
"""

import argparse
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks import viewer_scrub
from benchmarks.machine import describe, load_average
from benchmarks.viewer_nvr import DAY_US, PASSWORD, SEGMENT_S, USER, Nvr, cameras, fill, running
from benchmarks.waiting import BenchmarkFailed, pause, wait_until
from mini_nvr.clock import to_datetime

PROBE = Path(__file__).with_name("viewer_probe.js")
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --autoplay-policy=no-user-gesture-required"
).split()
WARM_UP_S = 6.0
OPENINGS = 40
SEEKS = 40
SCRUBS = 6
DAYS = 30
WALL = 9


class Figure(NamedTuple):
    """A measured value beside its target; `least`: more is better."""

    what: str
    measured: float
    target: float
    unit: str
    least: bool = False

    @property
    def met(self) -> bool:
        return self.measured >= self.target if self.least else self.measured <= self.target


def p95(values: Sequence[float]) -> float:
    """The nearest rank.

    Raises:
        BenchmarkFailed: there are no values.
    """
    if not values:
        raise BenchmarkFailed("nothing was painted")
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


@contextmanager
def signed_in(browser: Browser, url: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, timezone_id="UTC")
    context.add_init_script(path=str(PROBE))
    answer = context.request.post(f"{url}/api/login", data={"username": USER, "password": PASSWORD})
    if answer.status != 200:
        raise BenchmarkFailed(f"signing in was answered with {answer.status}")
    try:
        yield context
    finally:
        context.close()


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    # not wait_for_function, which the page's content security policy forbids
    wait_until(lambda: bool(page.evaluate("window.__probe.first !== undefined")), 20, "a first picture")
    return page


def first_picture_ms(context: BrowserContext, url: str) -> list[float]:
    """From opening the page to its first picture, again and again; the script is in the browser's cache."""
    opened(context, url).close()
    found = []
    for _ in range(OPENINGS):
        page = opened(context, url)
        found.append(float(page.evaluate("window.__probe.first")))
        page.close()
    return found


class Watched(NamedTuple):
    """What was painted in a stretch of time. delays_ms: of each frame; longest_ms: without a new frame, of any tile."""

    delays_ms: list[float]
    longest_ms: float
    dropped: int
    painted: int
    tiles: int


_QUALITY = "[...document.querySelectorAll('video')].map((video) => video.getVideoPlaybackQuality())"
_DROPPED = f"{_QUALITY}.reduce((sum, quality) => sum + quality.droppedVideoFrames, 0)"


def watched(page: Page, seconds: float) -> Watched:
    pause(WARM_UP_S)
    before = page.evaluate(_DROPPED)
    page.evaluate("window.__probe.on = true")
    pause(seconds)
    page.evaluate("window.__probe.on = false")
    dropped = page.evaluate(_DROPPED) - before
    notes: list[tuple[int, float | None, float]] = page.evaluate("window.__probe.painted")
    delays = [seen - came for _, came, seen in notes if came is not None]
    return Watched(delays, _longest_ms(notes), int(dropped), len(notes), len({channel for channel, _, _ in notes}))


def _longest_ms(notes: Sequence[tuple[int, float | None, float]]) -> float:
    last: dict[int, float] = {}
    longest = 0.0
    for channel, _, seen in notes:
        longest = max(longest, seen - last.get(channel, seen))
        last[channel] = seen
    return longest


def measure_live(browser: Browser, nvr: Nvr, seconds: float) -> Iterator[Figure]:
    with signed_in(browser, nvr.url) as context:
        yield Figure("first picture after opening the page, p95", p95(first_picture_ms(context, nvr.url)), 500, "ms")
        page = opened(context, nvr.url)
        found = watched(page, seconds)
        yield Figure("1080p25: packet received -> painted, p95", p95(found.delays_ms), 150, "ms")
        yield Figure(f"1080p25: frames dropped in {seconds:g} s ({found.painted} painted)", found.dropped, 0, "")
        yield Figure("1080p25: longest time without a new frame", found.longest_ms, 200, "ms")
    wait_until(lambda: nvr.sealed() > 0, 2 * SEGMENT_S, "a file is complete")


def measure_wall(browser: Browser, nvr: Nvr, seconds: float) -> Iterator[Figure]:
    with signed_in(browser, nvr.url) as context:
        page = opened(context, nvr.url)
        found = watched(page, seconds)
        yield Figure("wall: tiles that show frames", found.tiles, WALL, "", least=True)
        yield Figure("wall: frames a second of a tile", found.painted / found.tiles / seconds, 20, "", least=True)
        yield Figure("wall: packet received -> painted, p95", p95(found.delays_ms), 500, "ms")
        yield Figure("wall: longest time without a new frame", found.longest_ms, 2_000, "ms")


def measure_seeks(browser: Browser, nvr: Nvr, first_us: int, last_us: int) -> Iterator[Figure]:
    """In footage between two instants."""
    choose = random.Random(1)  # noqa: S311  the same instants in every run
    with signed_in(browser, nvr.url) as context:
        page = context.new_page()
        page.goto(nvr.url)
        page.get_by_role("button", name="Pause").click()
        pause(1)
        for _ in range(SEEKS):
            _seek(page, choose.randrange(first_us, last_us))
        near = [choose.randrange(first_us, last_us)]
        found = page.evaluate("window.__probe.seeks.splice(0)")
        yield Figure(f"seek anywhere in {DAYS} days: first frame painted, p95", p95(found), 300, "ms")
        for _ in range(SEEKS):
            near.append(near[0] + choose.randrange(20 * 60_000_000))
            _seek(page, near[-1])
        found = page.evaluate("window.__probe.seeks.splice(0)")[1:]
        yield Figure("seek within 20 minutes: first frame painted, p95", p95(found), 300, "ms")


def _seek(page: Page, utc_us: int) -> None:
    before = page.evaluate("window.__probe.seeks.length")
    page.keyboard.press("g")
    page.keyboard.insert_text(f"{to_datetime(utc_us, UTC):%Y-%m-%dT%H:%M:%S}Z")
    page.keyboard.press("Enter")
    wait_until(lambda: bool(page.evaluate("window.__probe.seeks.length") > before), 60, "the frame of a seek")
    pause(0.3)


def measure_scrubs(browser: Browser, nvr: Nvr, last_us: int) -> Iterator[Figure]:
    """Over footage of the days before an instant, of which no still was made yet."""
    found: list[float] = []
    with signed_in(browser, nvr.url) as context:
        for number in range(1, SCRUBS + 1):
            page = context.new_page()
            page.goto(nvr.url + viewer_scrub.address(last_us - 4 * number * DAY_US))
            found += viewer_scrub.drag_ms(page)
            page.close()
    yield Figure("dragging the playhead: its stills from where the hand is, p95", p95(found), 100, "ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=300, help="of live pictures")
    parser.add_argument("--only", choices=["live", "wall", "seek", "scrub"])
    parser.add_argument("--package", type=Path, help="folder with another mini_nvr to measure, for comparison")
    arguments = parser.parse_args()
    for name, value in describe():
        print(f"{name}: {value}")
    print(f"load before the start: {load_average():.2f}\n\n{'':62} {'measured':>10} {'target':>8}")
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("this needs Debian's chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        try:
            for figure in _all(browser, arguments):
                sign = ">=" if figure.least else "<="
                target = f"{sign} {figure.target:g}"
                print(
                    f"{figure.what:62} {figure.measured:10.1f} {target:>8} {figure.unit:3} {'' if figure.met else 'MISSED'}",
                    flush=True,
                )
        finally:
            browser.close()


def _all(browser: Browser, arguments: Any) -> Iterator[Figure]:
    only, seconds, package = arguments.only, arguments.seconds, arguments.package
    if only != "wall":
        with tempfile.TemporaryDirectory() as folder, cameras(1) as port, running(Path(folder), port, 1, package=package) as nvr:
            if only in {None, "live"}:
                yield from measure_live(browser, nvr, seconds)
            else:
                wait_until(lambda: nvr.sealed() > 0, 2 * SEGMENT_S + 10, "a file is complete")
            if only != "live":
                first_us, last_us = fill(nvr, DAYS)
            if only in {None, "seek"}:
                yield from measure_seeks(browser, nvr, first_us, last_us)
            if only in {None, "scrub"}:
                yield from measure_scrubs(browser, nvr, last_us)
    if only in {None, "wall"}:
        with (
            tempfile.TemporaryDirectory() as folder,
            cameras(WALL) as port,
            running(Path(folder), port, WALL, package=package) as nvr,
        ):
            yield from measure_wall(browser, nvr, min(seconds, 60))


if __name__ == "__main__":
    main()
