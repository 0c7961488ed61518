"""The watch page as a person uses it: tiles, the clock in their pictures, the time that the page shows, keys."""

from collections.abc import Callable
from datetime import time
from typing import Final

from playwright.sync_api import Locator, Page, expect

from mini_nvr.clock import SystemClock, to_datetime
from tests.e2e.recorder_process import ConditionNotMet, wait_until
from tests.e2e.viewer import burnt_clock
from tests.e2e.viewer.nvr import WALL, ZONE

ASPECT: Final = 640 / 360
WAIT_S: Final = 60.0
"""A deadline, not a promise: what is waited for comes at once on a machine that has nothing else to do."""


class Screen:
    """Reads pictures by screenshots alone; instants are UTC microseconds."""

    def __init__(self, page: Page) -> None:
        self.page = page

    # Tiles

    def tile(self, channel: int) -> Locator:
        return self.page.locator(f".tile[data-channel='{channel}']")

    def tiles(self) -> list[int]:
        """The cameras on screen, in reading order."""
        found = self.page.locator(".tile").evaluate_all("tiles => tiles.map(tile => Number(tile.dataset.channel))")
        return [int(channel) for channel in found]

    def word(self, channel: int) -> str | None:
        """What the tile says that it is, such as LIVE."""
        return self.tile(channel).get_attribute("data-state")

    def wait_word(self, channel: int, *words: str, timeout_s: float = WAIT_S) -> None:
        self.wait(lambda: self.word(channel) in words, f"channel {channel} to be {' or '.join(words)}", timeout_s)

    def alone(self, channel: int) -> None:
        """Show one camera alone, by double click."""
        self.tile(channel).get_by_role("button").first.dblclick()
        expect(self.page.locator(".tile")).to_have_count(1)

    # Pictures

    def clock(self, channel: int) -> time | None:
        """The clock burnt into the picture that is seen; None when there is none to be read."""
        box = self.tile(channel).bounding_box()
        if box is None:
            return None
        png = self.page.screenshot(clip=box)
        return burnt_clock.read(png, _picture(box["width"], box["height"]))

    def behind_s(self, channel: int, utc_us: int) -> float | None:
        """How long before an instant the picture was taken that is seen."""
        seen = self.clock(channel)
        return None if seen is None else burnt_clock.difference_s(wall_time(utc_us), seen)

    def wait_shows(self, channel: int, utc_us: int, within_s: float = 0.15, *, timeout_s: float = WAIT_S) -> None:
        """Until the picture of an instant is seen."""

        def shown() -> bool:
            behind = self.behind_s(channel, utc_us)
            return behind is not None and abs(behind) <= within_s

        self.wait(shown, f"channel {channel} to show {wall_time(utc_us)}, not {self.clock(channel)}", timeout_s)

    def wait_live(self, channel: int, timeout_s: float = WAIT_S, *, within_s: float = 2) -> None:
        """Until the picture is at most so old."""

        def live() -> bool:
            behind = self.behind_s(channel, now_us())
            return behind is not None and behind < within_s

        self.wait(live, f"channel {channel} to be live", timeout_s)

    def moves(self, channel: int) -> bool:
        """Whether the clock in the picture goes on within a second."""
        before = self.clock(channel)
        self.page.wait_for_timeout(1000)
        return before != self.clock(channel)

    # Fingers

    def pinch(self, x: float, y: float, from_px: float, to_px: float) -> None:
        """Two fingers around a point of the page that go from one distance to another; of a page with `has_touch`."""
        session = self.page.context.new_cdp_session(self.page)

        def touch(kind: str, *spread: float) -> None:
            points = [{"x": x + side * px / 2, "y": y, "id": number} for px in spread for number, side in enumerate((-1, 1))]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", from_px)
        for step in range(1, 11):
            touch("touchMove", from_px + (to_px - from_px) * step / 10)
        touch("touchEnd")
        session.detach()

    # Time

    def playhead(self) -> str:
        """The time over the timeline, as it stands there."""
        return self.page.locator("button.time").inner_text().strip()

    def playhead_time(self) -> time:
        """In the recorder's zone."""
        return time.fromisoformat(self.playhead())

    def go_to(self, utc_us: int) -> None:
        """Type an instant after `G`."""
        self.page.keyboard.press("g")
        local = to_datetime(utc_us, ZONE)
        field = self.page.get_by_role("textbox").first
        field.fill(f"{local:%Y-%m-%d %H:%M:%S}")
        field.press("Enter")
        expect(field).to_have_count(0)

    def pause(self) -> None:
        """Nothing when it is paused already, as a link with an instant opens."""
        self._toggle("Pause", "Play")

    def play(self) -> None:
        self._toggle("Play", "Pause")

    def _toggle(self, button: str, other: str) -> None:
        found = self.page.get_by_role("button", name=button, exact=True)
        if found.count() > 0:
            found.click()
        expect(self.page.get_by_role("button", name=other, exact=True)).to_be_visible()

    def speed(self, factor: str) -> None:
        self.page.get_by_label("Speed").select_option(factor)

    # Waiting

    def wait(self, condition: Callable[[], bool], what: str, timeout_s: float = WAIT_S) -> None:
        """`wait_until` that lets the page live meanwhile."""

        def met() -> bool:
            self.page.wait_for_timeout(20)
            return condition()

        try:
            wait_until(met, what, timeout_s)
        except ConditionNotMet as exc:
            raise ConditionNotMet(f"{exc}; the tiles say {[(n, self.word(n)) for n in self.tiles()]}") from None


def now_us() -> int:
    return SystemClock().utc_us()


def wall_time(utc_us: int) -> time:
    """As the clocks in the pictures show an instant."""
    return to_datetime(utc_us, WALL).time()


def zone_time(utc_us: int) -> time:
    """As the page shows an instant."""
    return to_datetime(utc_us, ZONE).time()


def _picture(width: float, height: float) -> burnt_clock.Box:
    """Where a 16:9 picture lies in a tile of that size: never stretched."""
    if width / height > ASPECT:
        inner = height * ASPECT
        return (width - inner) / 2, 0, inner, height
    inner = width / ASPECT
    return 0, (height - inner) / 2, width, inner
