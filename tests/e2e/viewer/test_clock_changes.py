"""Days on which clocks are set: 23 and 25 hours long, drawn as long as they are, and no time of theirs is taken for another one."""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import Locator, expect

from mini_nvr.clock import US_PER_S, to_datetime, to_utc_us
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import AROUND_US, ZONE, Nvr
from tests.e2e.viewer.screen import Screen
from tests.e2e.viewer.time_axis import KEEP_TEXTS, TimeAxis, address

CAMERA = 4
HOUR_US = 3600 * US_PER_S
BESIDE_PX = 5
"""So far to the right of its line stands a label."""
NEAR_PX = 1.0


def opened(make_page: MakePage, nvr: Nvr, at_us: int, seconds_per_px: float) -> tuple[Screen, TimeAxis]:
    """Around a change of clocks, with footage of before and after it; the playhead is weeks away and covers nothing."""
    page = make_page(None)
    page.add_init_script(KEEP_TEXTS)
    middle = to_datetime(at_us, ZONE).isoformat()
    page.goto(address(nvr.past.midnight, seconds_per_px=seconds_per_px, camera=CAMERA, centre=middle))
    screen, axis = Screen(page), TimeAxis(page, at_us, seconds_per_px)
    screen.wait_word(CAMERA, "RECORDED")
    return screen, axis


def clock_text(at_us: int, form: str) -> str:
    """What the zone's clocks show, with the zone's name where they show it twice."""
    local = to_datetime(at_us, ZONE)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:{form}}" + (f" {local.tzname()}" if twice else "")


def day_of(at_us: int) -> tuple[int, int]:
    """From midnight to midnight, UTC microseconds."""
    day = to_datetime(at_us, ZONE).date()
    first, last = (to_utc_us(datetime.combine(day + timedelta(days=after), time(0), ZONE)) for after in (0, 1))
    return first, last


def change_of(nvr: Nvr, hours: int) -> int:
    return {23: nvr.past.forward, 25: nvr.past.back}[hours]


def hours_of(start_us: int, end_us: int) -> Iterator[int]:
    return iter(range(start_us, end_us, HOUR_US))


@pytest.mark.parametrize("hours", [23, 25])
def test_the_day_is_as_long_as_it_is(make_page: MakePage, nvr: Nvr, hours: int) -> None:
    """Each hour is as wide as the others, and the pointer reads all of them in their order, the one that comes twice too."""
    change = change_of(nvr, hours)
    _, axis = opened(make_page, nvr, change, 150)
    start, end = day_of(change)
    assert end - start == hours * HOUR_US
    when = axis.page.locator(".preview b")
    for begin in hours_of(start, end):
        half_past = begin + HOUR_US // 2
        axis.hover(half_past)
        expect(when).to_have_text(near_half_past(half_past))
    axis.hover(end + HOUR_US // 2)
    expect(when).to_have_text(re.compile(r"^00:(2|3)\d:\d\d$"))


def near_half_past(at_us: int) -> re.Pattern[str]:
    """A pixel is two and a half minutes."""
    hour, _, name = clock_text(at_us, "%H %M").partition(" ")
    return re.compile(rf"^{hour}:(2[789]|3[0123]):\d\d{name[2:]}$")


@pytest.mark.parametrize("hours", [23, 25])
def test_the_ruler_says_it_and_its_labels_stand_where_their_times_are(make_page: MakePage, nvr: Nvr, hours: int) -> None:
    change = change_of(nvr, hours)
    screen, axis = opened(make_page, nvr, change, 150)
    start, end = day_of(change)
    title = f"{to_datetime(start, ZONE):%a %-d %b %Y}, a day of {hours} hours"
    screen.wait(lambda: title in dict(axis.texts()), title)
    assert ZONE.key in dict(axis.texts()), "the zone stands there"
    left = axis.box()[0]
    labels = [(text, x) for text, x in axis.texts() if re.fullmatch(r"\d\d:00( C\w+)?", text)]
    expected = {round(axis.x(at) - left): clock_text(at, "%H:%M") for at in hours_of(start - 2 * HOUR_US, end + 2 * HOUR_US)}
    of_the_day = [(text, x - BESIDE_PX) for text, x in labels if axis.x(start) - 2 < x - BESIDE_PX + left < axis.x(end) + 2]
    assert len(of_the_day) >= 8
    for text, x in of_the_day:
        assert any(abs(x - at) <= NEAR_PX and text == said for at, said in expected.items()), (text, x, expected)


def test_the_hour_that_comes_twice_has_two_places_two_names_and_two_pictures(make_page: MakePage, nvr: Nvr) -> None:
    change = nvr.past.back
    screen, axis = opened(make_page, nvr, change, 5)
    summer, winter = change - AROUND_US, change + AROUND_US
    names = [clock_text(at, "%H:%M") for at in (summer, winter)]
    assert [name[:5] for name in names] == ["02:30", "02:30"]
    screen.wait(lambda: set(names) <= set(dict(axis.texts())), f"{names} on the ruler")
    texts = dict(axis.texts())
    assert texts[names[1]] - texts[names[0]] == pytest.approx(2 * AROUND_US / axis.us_per_px, abs=NEAR_PX)
    for at, name in zip((summer, winter), names, strict=True):
        sees(screen, axis, at, name)


def test_the_hour_that_is_left_out_is_nowhere(make_page: MakePage, nvr: Nvr) -> None:
    change = nvr.past.forward
    screen, axis = opened(make_page, nvr, change, 5)
    screen.wait(lambda: {"01:50", "03:00"} <= set(dict(axis.texts())), "the ruler")
    texts = dict(axis.texts())
    assert texts["03:00"] - texts["01:50"] == pytest.approx(600 * US_PER_S / axis.us_per_px, abs=NEAR_PX)
    assert not [text for text in texts if text.startswith("02:")]
    for at, name in ((change - AROUND_US, "01:30"), (change + AROUND_US, "03:30")):
        sees(screen, axis, at, name)


def sees(screen: Screen, axis: TimeAxis, begin: int, name: str) -> None:
    """The ten seconds from an instant on: under the pointer, and after a click."""
    at = begin + 5 * US_PER_S
    axis.hover(at)
    expect(axis.page.locator(".preview img")).to_be_visible()
    expect(axis.page.locator(".preview b")).to_have_text(with_seconds(name))
    axis.click(at)
    screen.wait_shows(CAMERA, at, within_s=5)
    expect(axis.page.locator("button.time")).to_have_text(with_seconds(name))
    expect(caption(screen)).to_have_text(with_seconds(name))


def caption(screen: Screen) -> Locator:
    return screen.tile(CAMERA).locator(".caption .time")


def with_seconds(name: str) -> re.Pattern[str]:
    """`02:30 CET` as `02:30:05.123 CET`."""
    clock, _, zone = name.partition(" ")
    return re.compile(rf"^\s*{clock}:\d\d(\.\d+)?{' ' + zone if zone else ''}\s*$")
