"""The timeline in a browser: pictures a second while 16 cameras x 30 days are panned and zoomed, and how soon a preview is shown.

Panning and zooming are measured on the built viewer with made-up answers of the API, so that the browser's work alone counts:
`run`. The preview needs a real NVR: `preview_ms` takes a page that is signed in and shows the timeline.

    python -m benchmarks.viewer_timeline                # builds nothing; wants the built viewer in the package
    python -m benchmarks.viewer_timeline --viewer DIR
"""

import argparse
import json
import mimetypes
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Browser, CDPSession, Page, Route, sync_playwright

from benchmarks.machine import describe, load_average
from benchmarks.waiting import BenchmarkFailed

VIEWER = Path(__file__).parents[1] / "src" / "mini_nvr" / "api" / "viewer"
CAMERAS = 16
DAYS = 30
ORIGIN = "http://viewer.test"
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync"
).split()
SIZE = {"width": 1400, "height": 900}
TIMELINE = "[role=slider]"

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS

COUNT_PICTURES = """
window.__pictures = [];
const set = CanvasRenderingContext2D.prototype.setTransform;
CanvasRenderingContext2D.prototype.setTransform = function (...given) {
  if (this.canvas.isConnected) window.__pictures.push(performance.now());
  return set.apply(this, given);
};
"""
"""The painter of the timeline sets the transform once a picture."""

NOTE_PREVIEWS = """
() => {
  window.__previews = [];
  let movedAt = null;
  addEventListener("pointermove", () => { movedAt = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    const image = document.querySelector(".preview img");
    const asked = movedAt;
    if (image === null || asked === null) return;
    movedAt = null;
    image.decode().then(() => requestAnimationFrame((shown) => window.__previews.push(shown - asked)), () => undefined);
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["src"] });
}
"""


@dataclass(frozen=True, slots=True)
class Smoothness:
    """How often the timeline was painted while a hand moved it.

    fps: pictures a second. slow_ms: between one picture and the next, the 95th percentile. cpu_ms: what the page's main
    thread worked for each picture, which tells what is possible on a machine that other work shares.
    """

    movement: str
    fps: float
    slow_ms: float
    cpu_ms: float


def run(browser: Browser, viewer: Path = VIEWER, seconds: float = 4) -> list[Smoothness]:
    """Pan and zoom 16 cameras x 30 days.

    viewer: folder with the built viewer.

    Raises:
        BenchmarkFailed: the viewer is not built.
    """
    if not (viewer / "index.html").is_file():
        raise BenchmarkFailed(f"there is no viewer in {viewer}: make web")
    with _page(browser, viewer) as page:
        page.get_by_role("button", name="Month", exact=True).click()
        page.wait_for_timeout(1_500)
        panned = _measured(page, "pan", _pan(page, seconds))
        page.wait_for_timeout(1_000)
        return [panned, _measured(page, "zoom", _zoom(page, seconds))]


def preview_ms(page: Page, count: int = 60, seed: int = 7) -> list[float]:
    """From the pointer's arrival somewhere on the footage to the picture of that moment on the screen, milliseconds each.

    page: shows the timeline with footage over its whole width.
    """
    box = page.locator(TIMELINE).bounding_box()
    if box is None:
        raise BenchmarkFailed("there is no timeline on the page")
    page.evaluate(NOTE_PREVIEWS)
    chance = random.Random(seed)  # noqa: S311  which pixels are tried is no secret
    for _ in range(count):
        page.mouse.move(box["x"] + box["width"] * chance.uniform(0.05, 0.85), box["y"] + 70)
        page.wait_for_timeout(400)
    found: list[float] = page.evaluate("window.__previews")
    return found


@contextmanager
def _page(browser: Browser, viewer: Path) -> Iterator[Page]:
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # a TypedDict that is not exported
    try:
        page = context.new_page()
        page.add_init_script(COUNT_PICTURES)
        page.route(f"{ORIGIN}/**", lambda route: _answer(route, viewer))
        page.route_web_socket("**/live*", lambda _: None)
        page.goto(f"{ORIGIN}/")
        page.locator(TIMELINE).wait_for()
        page.wait_for_timeout(1_500)
        yield page
    finally:
        context.close()


def _pan(page: Page, seconds: float) -> Iterator[None]:
    """Drags the ruler to and fro."""
    x, y, width = _ruler(page)
    left, right = x + width * 0.2, x + width * 0.8
    page.mouse.move(left, y)
    page.mouse.down()
    yield
    began = time.perf_counter()
    while (gone := time.perf_counter() - began) < seconds:
        phase = gone % 2
        page.mouse.move(left + (right - left) * (phase if phase < 1 else 2 - phase), y)
    page.mouse.up()


def _zoom(page: Page, seconds: float) -> Iterator[None]:
    """Turns the wheel in, then out again."""
    x, y, width = _ruler(page)
    page.mouse.move(x + width * 0.4, y)
    yield
    began = time.perf_counter()
    while (gone := time.perf_counter() - began) < seconds:
        page.mouse.wheel(0, -60 if gone < seconds / 2 else 60)


def _ruler(page: Page) -> tuple[float, float, float]:
    box = page.locator(TIMELINE).bounding_box()
    if box is None:
        raise BenchmarkFailed("there is no timeline on the page")
    return box["x"], box["y"] + 28, box["width"]


def _measured(page: Page, movement: str, acts: Iterator[None]) -> Smoothness:
    next(acts)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate("window.__pictures = []")
    before = _worked_s(session)
    for _ in acts:
        pass
    painted: list[float] = page.evaluate("window.__pictures")
    worked = _worked_s(session) - before
    session.detach()
    if len(painted) < 3:
        raise BenchmarkFailed(f"the timeline was not painted during {movement}")
    between = sorted(later - sooner for sooner, later in zip(painted, painted[1:], strict=False))
    fps = (len(painted) - 1) / (painted[-1] - painted[0]) * 1_000
    return Smoothness(movement, fps, between[int(0.95 * len(between))], worked * 1_000 / len(painted))


def _worked_s(session: CDPSession) -> float:
    """Processor time that the page's main thread has used so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def _answer(route: Route, viewer: Path) -> None:
    url = urlparse(route.request.url)
    if url.path == "/api/events":
        route.fulfill(content_type="text/event-stream", body="retry: 100000\n\n")
    elif url.path.startswith("/api/"):
        body = _api(url.path, parse_qs(url.query))
        route.fulfill(status=404 if body is None else 200, content_type="application/json", body=json.dumps(body or {}))
    else:
        file = viewer / url.path.lstrip("/")
        file = file if file.is_file() else viewer / "index.html"
        route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0] or "text/plain")


def _api(path: str, query: dict[str, list[str]]) -> Any:
    now = int(time.time() * 1_000)
    numbers = range(1, CAMERAS + 1)
    if path == "/api/me":
        return {"user": "bench", "mustChange": False, "configured": False}
    if path == "/api/config":
        channels = [{"channel": n, "name": f"Camera {n}", "enabled": True, "hasAudio": False, "hasSub": False} for n in numbers]
        more = {"numChannels": CAMERAS, "storageLimit": None, "segmentDuration": 300, "timeZone": "Europe/Berlin", "version": "0"}
        return {"channels": channels, "now": now, **more}
    if path == "/api/live":
        return {"channels": {str(n): _live() for n in numbers}}
    if path == "/api/dates":
        return {"dates": [time.strftime("%Y-%m-%d", time.gmtime(now / 1_000 - day * 86_400)) for day in range(DAYS + 1)]}
    if path == "/api/timeline":
        start, end = int(query["start"][0]), int(query["end"][0])
        wanted = [int(text) for text in query["channels"][0].split(",")]
        return _timeline(start, end, float(query["resolution"][0]), wanted, now)
    return None


def _live() -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(
        ("file", "since", "sinceMs", "codec", "width", "height", "fps", "bitrate", "lastFrameAgeMs", "error")
    )
    return {"status": "LIVE", **empty}


def _timeline(start: int, end: int, resolution: float, channels: Sequence[int], now: int) -> dict[str, Any]:
    """30 days of each camera with a gap of some minutes every three hours or so, and busy days."""
    first, last = max(start, now - DAYS * _DAY_MS), min(end, now)
    answers = []
    for channel in channels:
        step = 3 * _HOUR_MS + channel * 60_000
        gaps = [(at, at + 300_000) for at in range(first - first % step + step, max(first, last - 300_000), step)]
        edges: list[int] = [first, *(edge for gap in gaps for edge in gap), last]
        told = [{"start": a, "end": b, "cause": "camera offline", "detail": "", "count": 1, "missing": b - a} for a, b in gaps]
        spans = [[a, b] for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
        count = max(0, int((last - first) / 1_000 / resolution))
        rates = [50_000 + (7_919 * (bucket + channel)) % 90_000 for bucket in range(count)]
        activity = {"start": first, "step": resolution, "bytesPerSecond": rates, "hasGap": [False] * count, "exact": True}
        answers.append({"channel": channel, "spans": spans, "gaps": told, "protected": [], "activity": activity})
    return {"start": start, "end": end, "channels": answers}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--viewer", type=Path, default=VIEWER, help="folder with the built viewer")
    parser.add_argument("--seconds", type=float, default=4, help="of each movement")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("this needs Debian's chromium: apt-get install chromium")
    for name, value in describe():
        print(f"{name}: {value}")
    print(f"load before the start: {load_average():.2f}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        try:
            for one in run(browser, arguments.viewer, arguments.seconds):
                figures = f"{one.fps:6.1f} pictures/s, p95 between two {one.slow_ms:5.1f} ms, work {one.cpu_ms:4.1f} ms each"
                print(f"{one.movement:5} {figures}")
        finally:
            browser.close()


if __name__ == "__main__":
    main()
