"""However small a tile is, it says what a person must know: that there is no video, and why."""

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.screen import Screen

LINE_PX = 24
"""Two lines of text are higher."""


@pytest.mark.parametrize("layout", ["16", "6x6"])
def test_an_h265_camera_says_so_on_a_small_tile(make_page: MakePage, layout: str) -> None:
    page = make_page(f"/?layout={layout}", viewport={"width": 1280, "height": 720})
    screen = Screen(page)
    screen.wait_word(2, "STILLS")
    tile = screen.tile(2)
    note, word = tile.locator(".note"), tile.locator(".word")
    expect(note).to_have_text("this browser cannot play H.265: a still is shown each second")
    expect(word).to_have_text("STILLS")
    for text in (note, word, tile.locator(".name")):
        assert lies_in(shape(text), shape(tile))
    assert shape(note)["height"] < LINE_PX, "the picture is not covered"


def test_whose_picture_it_is_can_be_read_on_a_very_small_tile(make_page: MakePage) -> None:
    page = make_page("/?layout=6x6", viewport={"width": 800, "height": 600})
    screen = Screen(page)
    screen.wait_word(4, "LIVE")
    name = screen.tile(4).locator(".name")
    expect(name).to_have_text("Warehouse")
    assert name.evaluate("name => name.scrollWidth <= name.clientWidth"), "the name is cut"


def shape(element: Locator) -> FloatRect:
    expect(element).to_be_visible()
    box = element.bounding_box()
    assert box is not None
    return box


def lies_in(inner: FloatRect, outer: FloatRect) -> bool:
    across = outer["x"] <= inner["x"] and inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    return across and outer["y"] <= inner["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"]
