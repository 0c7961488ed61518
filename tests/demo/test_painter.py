"""Shapes, sprites and letters, measured in pixels."""

import numpy as np
import pytest

from mini_nvr.demo import font
from mini_nvr.demo.painter import Canvas, Planes, Sprite, shade

WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)


def blank(width: int = 64, height: int = 32, luma: int = 16) -> Planes:
    chroma = np.full((height // 2, width // 2), 128, dtype=np.uint8)
    return Planes(np.full((height, width), luma, dtype=np.uint8), chroma, chroma.copy())


def white_square(size: int = 8, opacity: float = 1.0) -> Sprite:
    sheet = Canvas(size, size)
    sheet.rectangle(0, 0, size, size, WHITE, opacity)
    return sheet.sprite()


@pytest.mark.parametrize(("color", "planes"), [(WHITE, (235, 128, 128)), (BLACK, (16, 128, 128)), (RED, (82, 90, 240))])
def test_colors_become_limited_range_bt601(color: tuple[int, int, int], planes: tuple[int, int, int]) -> None:
    sheet = Canvas(16, 16)
    sheet.rectangle(0, 0, 16, 16, color)
    for plane, value in zip(sheet.planes(), planes, strict=True):
        assert plane == pytest.approx(value, abs=1)


def test_shapes_cover_the_area_that_geometry_says() -> None:
    sheet = Canvas(100, 100)
    sheet.ellipse(30, 30, 20, 20, WHITE)
    sheet.polygon([(60, 60), (90, 60), (90, 90)], WHITE)
    sheet.rounded(60, 10, 30, 30, 15, WHITE)
    luma = (sheet.planes().y.astype(float) - 16) / 219
    assert luma[:55, :55].sum() == pytest.approx(np.pi * 400, rel=0.02)
    assert luma[55:, 55:].sum() == pytest.approx(450, rel=0.05)
    assert luma[:45, 55:].sum() == pytest.approx(np.pi * 225, rel=0.03)


def test_a_sheet_is_drawn_at_the_scale_of_the_picture() -> None:
    sheet = Canvas(100, 50, 0.5)
    sheet.rectangle(0, 0, 50, 50, WHITE)
    luma = sheet.planes().y
    assert luma.shape == (26, 50)
    assert luma[:25, :25].min() == 235
    assert luma[:, 25:].max() == 16


def test_a_sprite_covers_what_is_below_as_far_as_it_is_opaque() -> None:
    picture = blank(luma=100)
    assert white_square().put(picture, 10, 4) == (10, 4, 8, 8)
    assert white_square(opacity=0.5).put(picture, 30, 4) == (30, 4, 8, 8)
    assert picture.y[4:12, 10:18] == pytest.approx(235, abs=1)
    assert picture.y[4:12, 30:38] == pytest.approx((100 + 235) / 2, abs=2)
    assert picture.y[0:4].max() == picture.y[12:].max() == 100


@pytest.mark.parametrize(
    ("x", "y", "touched"),
    [(-4, -6, (0, 0, 4, 2)), (60, 28, (60, 28, 4, 4)), (-8, 0, None), (64, 0, None), (0, 32, None), (0, -100, None)],
)
def test_a_sprite_is_cut_off_at_the_edges(x: int, y: int, touched: tuple[int, int, int, int] | None) -> None:
    picture = blank()
    assert white_square().put(picture, x, y) == touched
    area = 0 if touched is None else touched[2] * touched[3]
    assert np.count_nonzero(picture.y != 16) == area


def test_a_mirror_swaps_left_and_right() -> None:
    sheet = Canvas(8, 8)
    sheet.rectangle(0, 0, 2, 8, WHITE)
    picture = blank()
    sheet.mirrored().sprite().put(picture, 0, 0)
    assert picture.y[0, :8].tolist() == [16] * 6 + [235] * 2


def test_shade_is_darker() -> None:
    assert shade((200, 100, 50), 50) == (100, 50, 25)


def test_digits_differ_from_each_other_even_when_small() -> None:
    glyphs = [font.glyph(digit, 2) for digit in "0123456789"]
    for index, one in enumerate(glyphs):
        for other in glyphs[index + 1 :]:
            assert np.abs(one - other).sum() > 4


def test_unknown_characters_are_blank_and_letters_have_one_case() -> None:
    assert not font.glyph("é", 3).any()
    assert (font.glyph("a", 3) == font.glyph("A", 3)).all()
    width, height = font.cell_size(3)
    assert font.glyph("A", 3).shape == (height, width)
