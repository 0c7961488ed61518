"""Drawing simple shapes into arrays, smooth at the edges, once per scene; and the planes that the encoder takes.

Coordinates are design units on a 640 x 360 sheet, whatever the picture's size. Shapes are drawn at twice the picture's size and
averaged down. Colours are RGB in 0..255, converted to limited-range BT.601, which players assume for pictures of this size.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DESIGN_WIDTH = 640
DESIGN_HEIGHT = 360
_OVERSAMPLING = 2

Color = tuple[int, int, int]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Area = tuple[slice, slice]


def shade(color: Color, percent: int) -> Color:
    """The same colour, darker."""
    red, green, blue = color
    return red * percent // 100, green * percent // 100, blue * percent // 100


class Planes(NamedTuple):
    """An I420 picture or patch: luma at full size, chroma at half size."""

    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]


class Canvas:
    """A sheet of `width` x `height` design units, transparent at first; `scale` is picture pixels per design unit.

    Colours are kept multiplied with the opacity.
    """

    def __init__(self, width: int, height: int, scale: float = 1.0) -> None:
        columns, rows = (
            math.ceil(size * scale / 2 - 1e-6) * 2 * _OVERSAMPLING for size in (width, height)
        )  # even, nothing cut off
        self._dots = scale * _OVERSAMPLING  # per design unit
        self._rgb: Floats = np.zeros((rows, columns, 3), dtype=np.float32)
        self._alpha: Floats = np.zeros((rows, columns), dtype=np.float32)
        self._x: Floats = (np.arange(columns, dtype=np.float32)[None, :] + np.float32(0.5)) / np.float32(self._dots)
        self._y: Floats = (np.arange(rows, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(self._dots)

    def gradient(self, top: float, bottom: float, above: Color, below: Color) -> None:
        """Fill the full width between two heights, fading from one colour to the other."""
        rows = slice(self._dot(top), self._dot(bottom))
        share = ((self._y[rows] - top) / (bottom - top))[..., None]
        self._rgb[rows] = np.asarray(above, np.float32) * (1 - share) + np.asarray(below, np.float32) * share
        self._alpha[rows] = 1.0

    def rectangle(self, x: float, y: float, width: float, height: float, color: Color, opacity: float = 1.0) -> None:
        """An axis-parallel rectangle."""
        area = np.s_[self._dot(y) : self._dot(y + height), self._dot(x) : self._dot(x + width)]
        self._rgb[area] += (np.asarray(color, np.float32) - self._rgb[area]) * np.float32(opacity)
        self._alpha[area] += (1 - self._alpha[area]) * np.float32(opacity)

    def rounded(self, x: float, y: float, width: float, height: float, radius: float, color: Color, opacity: float = 1.0) -> None:  # noqa: PLR0913, PLR0917  a shape has this many sides
        """A rectangle with round corners."""
        area, columns, rows = self._box(x, y, x + width, y + height)
        dx = np.maximum(np.abs(columns - x - width / 2) - width / 2 + radius, 0)
        dy = np.maximum(np.abs(rows - y - height / 2) - height / 2 + radius, 0)
        self._paint(area, dx * dx + dy * dy < radius * radius, color, opacity)

    def ellipse(self, x: float, y: float, radius_x: float, radius_y: float, color: Color, opacity: float = 1.0) -> None:
        """An ellipse around (x, y)."""
        area, columns, rows = self._box(x - radius_x, y - radius_y, x + radius_x, y + radius_y)
        self._paint(area, ((columns - x) / radius_x) ** 2 + ((rows - y) / radius_y) ** 2 < 1, color, opacity)

    def glow(self, x: float, y: float, radius: float, color: Color, strength: float) -> None:
        """Light that fades with the distance from (x, y)."""
        area, columns, rows = self._box(x - radius, y - radius, x + radius, y + radius)
        share = np.float32(strength) * np.clip(1 - np.hypot(columns - x, rows - y) / radius, 0, 1)[..., None] ** 2
        self._rgb[area] += (np.asarray(color, np.float32) - self._rgb[area]) * share

    def polygon(self, points: Sequence[tuple[float, float]], color: Color, opacity: float = 1.0) -> None:
        """A convex polygon, its corners in clockwise order on the screen."""
        corners_x, corners_y = zip(*points, strict=True)
        area, columns, rows = self._box(min(corners_x), min(corners_y), max(corners_x), max(corners_y))
        mask = np.ones((rows.shape[0], columns.shape[1]), dtype=np.bool_)
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
            mask &= (x1 - x0) * (rows - y0) - (y1 - y0) * (columns - x0) >= 0
        self._paint(area, mask, color, opacity)

    def grain(self, strength: float, seed: int) -> None:
        """A little texture, so that large areas look like surfaces."""
        rng = np.random.default_rng(seed)
        self._rgb += rng.standard_normal(self._alpha.shape, dtype=np.float32)[..., None] * np.float32(strength)

    def _dot(self, position: float) -> int:
        """The first dot whose centre lies at or behind a position, at least 0."""
        return max(0, math.ceil(position * self._dots - 0.5))

    def _box(self, left: float, top: float, right: float, bottom: float) -> tuple[Area, Floats, Floats]:
        """The dots of a bounding box, and the design units of their columns and rows."""
        columns = slice(self._dot(left), self._dot(right))
        rows = slice(self._dot(top), self._dot(bottom))
        return (rows, columns), self._x[:, columns], self._y[rows]

    def _paint(self, area: Area, mask: Mask, color: Color, opacity: float) -> None:
        weight = mask.astype(np.float32) * np.float32(opacity)
        self._rgb[area] += (np.asarray(color, np.float32) - self._rgb[area]) * weight[..., None]
        self._alpha[area] += (1 - self._alpha[area]) * weight

    def mirrored(self) -> "Canvas":
        """The same sheet seen in a mirror: what drives to the right then drives to the left."""
        other = object.__new__(Canvas)
        other.__dict__.update(self.__dict__)
        other._rgb = self._rgb[:, ::-1]  # noqa: SLF001  its own class
        other._alpha = self._alpha[:, ::-1]  # noqa: SLF001  its own class
        return other

    def planes(self) -> Planes:
        """The picture, as if on black."""
        return _to_yuv(_average(self._rgb))

    def sprite(self) -> "Sprite":
        """The drawing as something that can be put over a picture."""
        alpha = _average(self._alpha)
        weight: Floats = np.maximum(alpha, np.float32(1e-3))[..., None]
        return Sprite(_to_yuv(_average(self._rgb) / weight), alpha)


class Sprite:
    """A drawing with soft edges, prepared so that putting it over a picture is a multiplication and an addition."""

    def __init__(self, planes: Planes, alpha: Floats) -> None:
        self.height, self.width = planes.y.shape
        alphas = (alpha, _average(alpha), _average(alpha))
        self._kept = [np.rint(256 * (1 - share)).astype(np.uint16) for share in alphas]
        self._added = [np.rint(plane * (256 * share)).astype(np.uint16) for plane, share in zip(planes, alphas, strict=True)]

    def put(self, picture: Planes, x: int, y: int) -> tuple[int, int, int, int] | None:
        """Blend over the picture with the left upper corner at even (x, y), clipped; the touched (x, y, width, height) or None."""
        height, width = picture.y.shape
        left, top = max(0, x), max(0, y)
        right, bottom = min(width, x + self.width), min(height, y + self.height)
        if left >= right or top >= bottom:
            return None
        for plane, kept, added, half in zip(picture, self._kept, self._added, (0, 1, 1), strict=True):
            target = plane[top >> half : bottom >> half, left >> half : right >> half]
            window = np.s_[(top - y) >> half : (bottom - y) >> half, (left - x) >> half : (right - x) >> half]
            target[...] = (target * kept[window] + added[window]) >> 8
        return left, top, right - left, bottom - top


def _average(values: Floats) -> Floats:
    """The means of 2 x 2 squares: half the size."""
    result: Floats = (values[0::2, 0::2] + values[1::2, 0::2] + values[0::2, 1::2] + values[1::2, 1::2]) * np.float32(0.25)
    return result


def _to_yuv(rgb: Floats) -> Planes:
    """Limited-range Y'CbCr with the coefficients of ITU-R BT.601, chroma averaged over 2 x 2 pixels."""
    rgb = np.clip(rgb, 0, 255)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 16 + 0.257 * red + 0.504 * green + 0.098 * blue
    cb = 128 - 0.148 * red - 0.291 * green + 0.439 * blue
    cr = 128 + 0.439 * red - 0.368 * green - 0.071 * blue
    return Planes(*(np.rint(plane).astype(np.uint8) for plane in (luma, _average(cb), _average(cr))))
