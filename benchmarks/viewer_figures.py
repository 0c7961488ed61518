"""All figures of the viewer in one run: `benchmarks.viewer`, then panning, zooming and previews of `benchmarks.viewer_timeline`.

python -m benchmarks.viewer_figures [--seconds 300]
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks import viewer, viewer_timeline
from benchmarks.findings import Figure, Findings
from benchmarks.part import parser, run
from benchmarks.viewer_nvr import Nvr, cameras, fill, running
from benchmarks.waiting import BenchmarkFailed

LONGEST_WALL_S = 60
LEAST_FPS = 50
PREVIEW_MS = 100


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.viewer_figures", __doc__)
    arguments.add_argument("--seconds", type=float, default=300, help="of live pictures")
    return run("viewer", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise BenchmarkFailed("this needs Debian's chromium: apt-get install chromium")
    version = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=False).stdout.partition(" built")[0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=viewer.OPTIONS)
        try:
            figures = list(_all(browser, arguments.seconds))
        finally:
            browser.close()
    return Findings(figures, conditions=f"{version.strip()} without a screen, decoding in software")


def _all(browser: Browser, seconds: float) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, cameras(1) as port, running(Path(folder), port, 1) as nvr:
        yield from map(_figure, viewer.measure_live(browser, nvr, seconds))
        first_us, last_us = fill(nvr, viewer.DAYS)
        yield from map(_figure, viewer.measure_seeks(browser, nvr, first_us, last_us))
        yield from map(_figure, viewer.measure_scrubs(browser, nvr, last_us))
        yield from _previews(browser, nvr)
    with tempfile.TemporaryDirectory() as folder, cameras(viewer.WALL) as port, running(Path(folder), port, viewer.WALL) as nvr:
        yield from map(_figure, viewer.measure_wall(browser, nvr, min(seconds, LONGEST_WALL_S)))
    for one in viewer_timeline.run(browser):
        what = f"time line of {viewer_timeline.CAMERAS} cameras x {viewer_timeline.DAYS} days, {one.movement}: pictures painted"
        yield _told(Figure(one.movement, what, one.fps, "a second", 0, at_least=LEAST_FPS))


def _previews(browser: Browser, nvr: Nvr) -> Iterator[Figure]:
    with viewer.signed_in(browser, nvr.url) as context:
        page = context.new_page()
        page.goto(nvr.url)
        page.locator(viewer_timeline.TIMELINE).wait_for()
        page.wait_for_timeout(2_000)
        found = viewer_timeline.preview_ms(page)
    yield _told(
        Figure(
            "preview", f"picture under the pointer on the time line, p95 of {len(found)}", viewer.p95(found), "ms", 0, PREVIEW_MS
        )
    )


def _figure(one: viewer.Figure) -> Figure:
    limits = {"at_least": one.target} if one.least else {"at_most": one.target}
    return _told(Figure(one.what, one.what, one.measured, one.unit, 1, **limits))


def _told(figure: Figure) -> Figure:
    """Printed at once: the whole takes minutes."""
    print(f"{figure.what}: {figure.measured}", flush=True)
    return figure


if __name__ == "__main__":
    sys.exit(main())
