"""The timeline as it is seen: where an instant lies, what colour it has there."""

from datetime import datetime
from io import BytesIO
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import av
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page

from mini_nvr.clock import US_PER_S, SystemClock, to_datetime, to_utc_us
from tests.e2e.viewer.nvr import ZONE

BAND_PX: Final = 45
"""A height inside the selected camera's band, below the ruler, from the top of the timeline."""
RULER_PX: Final = 10
KEEP_TEXTS: Final = """{
  const brush = CanvasRenderingContext2D.prototype;
  const { setTransform, fillText } = brush;
  window.painted = [];
  brush.setTransform = function (...args) {
    window.painted = []; // a picture begins
    return setTransform.apply(this, args);
  };
  brush.fillText = function (text, x, y) {
    window.painted.push([text, x]);
    return fillText.call(this, text, x, y);
  };
}"""
"""For `Page.add_init_script`: what is written on the timeline's canvas can be read (`TimeAxis.texts`)."""


def address(at_us: int, *, seconds_per_px: float = 0.5, camera: int = 1, **more: str) -> str:
    """The watch page with a camera alone, the playhead and the middle of the timeline at an instant."""
    at = to_datetime(at_us, ZONE).isoformat(timespec="milliseconds")
    return "/?" + urlencode({"camera": camera, "view": "single", "at": at, "zoom": seconds_per_px, **more})


class TimeAxis:
    """The timeline of a page opened at `address(centre_us, seconds_per_px=...)`."""

    def __init__(self, page: Page, centre_us: int, seconds_per_px: float = 0.5) -> None:
        self.page = page
        self._centre_us = centre_us
        self.us_per_px = seconds_per_px * US_PER_S
        self.slider: Locator = page.get_by_role("slider", name="Time")
        self.slider.wait_for()

    def box(self) -> tuple[float, float, float, float]:
        box = self.slider.bounding_box()
        assert box is not None
        return box["x"], box["y"], box["width"], box["height"]

    def x(self, utc_us: int) -> float:
        """From the left edge of the page."""
        left, _, width, _ = self.box()
        return left + width / 2 + (utc_us - self._centre_us) / self.us_per_px

    def hover(self, utc_us: int, y: float = BAND_PX) -> None:
        self.page.mouse.move(self.x(utc_us), self.box()[1] + y)

    def click(self, utc_us: int, y: float = BAND_PX) -> None:
        self.page.mouse.click(self.x(utc_us), self.box()[1] + y)

    def drag(self, from_us: int, to_us: int, y: float = BAND_PX, *, steps: int = 8) -> None:
        top = self.box()[1]
        self.page.mouse.move(self.x(from_us), top + y)
        self.page.mouse.down()
        self.page.mouse.move(self.x(to_us), top + y, steps=steps)
        self.page.mouse.up()

    def throw(self, px: float, *, took_ms: int = 40, y: float = RULER_PX) -> None:
        """Move by so much and let go. The times are told with the events: however busy the machine, it is a throw."""
        left, top, width, _ = self.box()
        began_s = SystemClock().utc_us() / US_PER_S - took_ms / 1000
        session = self.page.context.new_cdp_session(self.page)

        def send(kind: str, share: float) -> None:
            place = {"x": left + width / 2 + (share - 1) * px, "y": top + y}
            at = {"timestamp": began_s + share * took_ms / 1000}
            session.send("Input.dispatchMouseEvent", {"type": kind, "button": "left", "clickCount": 1, **place, **at})

        send("mousePressed", 0)
        for step in range(1, 5):
            send("mouseMoved", step / 4)
        send("mouseReleased", 1)
        session.detach()

    def centre_us(self) -> int:
        """The middle of the view as the address bar has it, a moment after the view came to rest."""
        said = query(self.page)
        centre = said.get("centre") or said["at"]
        return to_utc_us(datetime.fromisoformat(centre))

    def preview(self) -> str:
        """The words of the preview."""
        return self.page.locator(".preview").inner_text()

    def texts(self) -> list[tuple[str, float]]:
        """What is written on the timeline, and at which pixel from its left edge; of a page with `KEEP_TEXTS`."""
        return [(str(text), float(x)) for text, x in self.page.evaluate("() => window.painted")]

    def now_s(self) -> int:
        """The slider's value: seconds since 1970."""
        return int(self.slider.get_attribute("aria-valuenow") or 0)

    def looks(self, utc_us: int, *, channel_row: int | None = None) -> str:
        """`recorded`, `gap` or `nothing` at an instant, in the selected camera's band or in the n-th row of the others."""
        left, top, width, height = self.box()
        png = self.page.screenshot(clip={"x": left, "y": top, "width": width, "height": height})
        x = round(self.x(utc_us) - left)
        pixels = _pixels(png)
        if channel_row is None:
            return _look(pixels[36:80, max(x - 6, 0) : x + 7])
        return _look(pixels[98 + 10 * channel_row : 106 + 10 * channel_row, max(x - 6, 0) : x + 7])

    def footage_end_px(self) -> int | None:
        """Where the band's footage ends at the right, pixels from the left edge of the timeline."""
        left, top, width, height = self.box()
        band = _pixels(self.page.screenshot(clip={"x": left, "y": top, "width": width, "height": height}))[36:80]
        footage = np.flatnonzero(is_teal(band).mean(axis=0) > 0.3)
        return int(footage[-1]) if footage.size else None

    def colours(self, from_us: int, to_us: int) -> NDArray[np.int32]:
        """The inside of the band between two instants, rows by columns by RGB."""
        return self.picture(from_us, to_us)[36:80]

    def picture(self, from_us: int, to_us: int) -> NDArray[np.int32]:
        """All that is drawn between two instants, rows by columns by RGB."""
        left, top, width, height = self.box()
        png = self.page.screenshot(clip={"x": left, "y": top, "width": width, "height": height})
        return _pixels(png)[:, round(self.x(from_us) - left) : round(self.x(to_us) - left)]


def is_amber(pixels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """The hatching of gaps, whichever theme."""
    red, green, blue = (pixels[..., index] for index in range(3))
    return (red > blue + 25) & (red >= green) & (green > blue)


def is_teal(pixels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Footage."""
    red, green, blue = (pixels[..., index] for index in range(3))
    return (green > red + 20) & (green >= blue)


def _look(area: NDArray[np.int32]) -> str:
    amber, teal = float(is_amber(area).mean()), float(is_teal(area).mean())
    if max(amber, teal) < 0.2:
        return "nothing"
    return "gap" if amber > teal else "recorded"


def _pixels(png: bytes) -> NDArray[np.int32]:
    with av.open(BytesIO(png), "r", format="png_pipe") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.int32)


def query(page: Page) -> dict[str, str]:
    """What the address bar says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
