"""Reading the clock that the demo scenes show, from a screenshot: what a person sees, not what the page believes."""

from datetime import time
from io import BytesIO
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from mini_nvr.demo import font
from mini_nvr.demo.painter import DESIGN_HEIGHT, DESIGN_WIDTH

_DOT: Final = 4
_CORNER: Final = 8 + 4  # the panel's margin and padding, pixels of a picture of the design size
_LENGTH: Final = len("00:00:00.0")
_DIGITS_AT: Final = frozenset({0, 1, 3, 4, 6, 7, 9})
_MOST_WRONG: Final = 0.22
"""Mean distance between a cell and the glyph it is taken for, of 1; a blank or another picture is farther from all of them."""

Box = tuple[float, float, float, float]
"""x, y, width, height of a picture in its screenshot, pixels."""


def read(image: bytes, box: Box, form: str = "png_pipe") -> time | None:
    """The time that a demo picture shows; None where there is no readable clock. form: PNG, or `jpeg_pipe`."""
    luma = _picture(image, box, form)
    width, height = font.cell_size(_DOT)
    text = ""
    for index in range(_LENGTH):
        x = _CORNER + index * width
        cell = luma[_CORNER : _CORNER + height, x : x + width]
        candidates = "0123456789" if index in _DIGITS_AT else ":."
        distances = {character: float(np.abs(font.glyph(character, _DOT) - cell).mean()) for character in candidates}
        best = min(distances, key=lambda character: distances[character])
        if distances[best] > _MOST_WRONG:
            return None
        text += best
    try:
        return time.fromisoformat(text + "00")
    except ValueError:
        return None


def difference_s(one: time, other: time) -> float:
    """Seconds from `other` to `one`, across midnight too: -43200 to 43200."""
    seconds = _since_midnight_s(one) - _since_midnight_s(other)
    return (seconds + 43_200) % 86_400 - 43_200


def _since_midnight_s(moment: time) -> float:
    return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6


def _picture(image: bytes, box: Box, form: str) -> NDArray[np.float32]:
    """Brightness 0..1 of the box, scaled to the size in which the scenes are designed."""
    with av.open(BytesIO(image), "r", format=form) as container:
        whole = next(container.decode(video=0)).to_ndarray(format="gray")
    x, y, width, height = (round(side) for side in box)
    cut = np.ascontiguousarray(whole[max(y, 0) : y + height, max(x, 0) : x + width], dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(cut, format="gray")
    scaled = frame.reformat(DESIGN_WIDTH, DESIGN_HEIGHT, "gray", interpolation="BICUBIC").to_ndarray()
    return (scaled.astype(np.float32) / 255).clip(0, 1)
