"""The moving picture: nothing stays behind, the clock is where it belongs."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mini_nvr.demo import font
from mini_nvr.demo.painter import Planes
from mini_nvr.demo.scenes import CAR_PARK, DOORWAY, STREET, WAREHOUSE, Scene
from mini_nvr.demo.stage import Stage

SCENES = {"street": STREET, "doorway": DOORWAY, "car park": CAR_PARK, "warehouse": WAREHOUSE}


def picture(width: int = 640, height: int = 360) -> Planes:
    return Planes(np.zeros((height, width), np.uint8), *(np.zeros((height // 2, width // 2), np.uint8) for _ in range(2)))


def read_clock(luma: NDArray[np.uint8], characters: int = 10) -> str:
    """The text in the clock's panel, by the nearest glyph in each cell."""
    width, height = font.cell_size(4)
    text = ""
    for index in range(characters):
        x = 8 + 4 + index * width
        cell = (luma[8 + 4 : 8 + 4 + height, x : x + width].astype(float) - 22) / 213
        text += min("0123456789:.", key=lambda character: float(np.abs(font.glyph(character, 4) - cell).sum()))
    return text


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_a_picture_depends_on_its_time_alone(scene: Scene) -> None:
    """Drawn after many others it is the same as drawn at once: everything that moved on was wiped out."""
    used, fresh = picture(), picture()
    stage = Stage(scene, "Scene", used)
    for number in range(60):
        stage.draw(number * 0.7, "00:00:00.0", number, flash=number % 5 == 0)
    stage.draw(7.0, "12:34:56.7", 70, flash=False)
    Stage(scene, "Scene", fresh).draw(7.0, "12:34:56.7", 70, flash=False)
    for old, new in zip(used, fresh, strict=True):
        assert (old == new).all()


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_something_moves_within_a_second(scene: Scene) -> None:
    one, other = picture(), picture()
    Stage(scene, "Scene", one).draw(20.0, "00:00:00.0", 0, flash=False)
    Stage(scene, "Scene", other).draw(21.0, "00:00:00.0", 0, flash=False)
    assert np.count_nonzero(one.y != other.y) > 500


def test_the_clock_can_be_read() -> None:
    sheet = picture()
    stage = Stage(STREET, "Street", sheet)
    for text in ("12:34:56.7", "23:59:59.9", "00:00:00.0"):
        stage.draw(1.0, text, 1, flash=False)
        assert read_clock(sheet.y) == text


def test_the_flash_is_white_and_goes_out() -> None:
    sheet = picture()
    stage = Stage(WAREHOUSE, "Warehouse", sheet)
    stage.draw(1.0, "00:00:00.0", 1, flash=True)
    assert sheet.y[22, 618] > 225
    stage.draw(1.1, "00:00:00.1", 2, flash=False)
    assert sheet.y[22, 618] < 200


@pytest.mark.parametrize(("width", "height"), [(320, 180), (640, 480), (1280, 720), (352, 288)])
def test_other_sizes_keep_the_shape(width: int, height: int) -> None:
    sheet = picture(width, height)
    Stage(CAR_PARK, "Car park", sheet).draw(3.0, "00:00:00.0", 1, flash=True)
    assert sheet.y.std() > 20
