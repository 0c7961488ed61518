"""One scene as a moving picture: the painted background, the actors over it, clock, name, picture counter and flash.

Cheap by design: the picture is kept from frame to frame, and only what an actor has covered and the panels are drawn again.
"""

import numpy as np
from numpy.typing import NDArray

from mini_nvr.demo import font
from mini_nvr.demo.painter import DESIGN_HEIGHT, DESIGN_WIDTH, Canvas, Planes, Sprite
from mini_nvr.demo.scenes import Scene

_NO_COLOR = 128
_PAPER_LUMA, _INK_LUMA = 22, 235
_MARGIN = 8
_FLASH_RADIUS = 15


class Stage:
    """Draws into `picture`, whose planes nobody else may touch between two calls of `draw`."""

    def __init__(self, scene: Scene, name: str, picture: Planes) -> None:
        height, width = picture.y.shape
        scale = min(width / DESIGN_WIDTH, height / DESIGN_HEIGHT)
        self._picture = picture
        self._left = (width - round(DESIGN_WIDTH * scale)) // 4 * 2
        self._top = (height - round(DESIGN_HEIGHT * scale)) // 4 * 2
        self._scale = scale
        self._place = scene.place
        self._actors = scene.actors(scale)
        self._background = _background(scene, picture, scale, self._left, self._top)
        self._covered: list[tuple[int, int, int, int]] = []
        small, large = max(1, round(2 * scale)), max(1, round(4 * scale))
        self._clock = _Panel(len("00:00:00.0"), large)
        self._name = _Panel(len(name), small)
        self._counter = _Panel(len("#000000"), small)
        self._name.write(name)
        self._flash = _flash(scale).sprite()
        for plane, painted in zip(picture, self._background, strict=True):
            plane[...] = painted

    def draw(self, media_s: float, clock_text: str, number: int, *, flash: bool) -> None:
        """The picture at a media time: `clock_text` as HH:MM:SS.d, `number` of the picture, with or without the white dot."""
        picture = self._picture
        for area in self._covered:
            _copy(self._background, picture, *area)
        self._covered.clear()
        for actor, x, y in self._place(media_s):
            self._put(self._actors[actor], self._left + round(x * self._scale), self._top + round(y * self._scale))
        height, width = picture.y.shape
        margin = round(_MARGIN * self._scale / 2) * 2
        if flash:
            self._put(self._flash, width - margin - self._flash.width, margin)
        self._clock.write(clock_text)
        self._counter.write(f"#{number % 1_000_000:06d}")
        bottom = height - margin - self._name.height
        self._clock.put(picture, margin, margin)
        self._name.put(picture, margin, bottom)
        self._counter.put(picture, width - margin - self._counter.width, bottom)

    def _put(self, sprite: Sprite, x: int, y: int) -> None:
        covered = sprite.put(self._picture, x & ~1, y & ~1)
        if covered is not None:
            self._covered.append(covered)


class _Panel:
    """A dark, opaque plate with white text; all sizes and positions are even."""

    def __init__(self, characters: int, dot: int) -> None:
        self._dot = dot
        self._cell_width, cell_height = font.cell_size(dot)
        self._pad = dot // 2 * 2
        self.width = characters * self._cell_width + 2 * self._pad
        self.height = cell_height + 2 * self._pad
        self._luma = np.full((self.height, self.width), _PAPER_LUMA, dtype=np.uint8)
        self._text = "\0" * characters

    def write(self, text: str) -> None:
        """Replace the text; only characters that changed are drawn."""
        pad, width = self._pad, self._cell_width
        for index, (old, new) in enumerate(zip(self._text, text, strict=True)):
            if old != new:
                x = pad + index * width
                self._luma[pad : self.height - pad, x : x + width] = _ink(new, self._dot)
        self._text = text

    def put(self, picture: Planes, x: int, y: int) -> None:
        """Copy the plate into the picture, cut off at its right and lower edges."""
        target = picture.y[y : y + self.height, x : x + self.width]
        target[...] = self._luma[: target.shape[0], : target.shape[1]]
        for plane in (picture.u, picture.v):
            plane[y // 2 : (y + self.height) // 2, x // 2 : (x + self.width) // 2] = _NO_COLOR


def _ink(character: str, dot: int) -> NDArray[np.uint8]:
    return np.rint(_PAPER_LUMA + (_INK_LUMA - _PAPER_LUMA) * font.glyph(character, dot)).astype(np.uint8)


def _flash(scale: float) -> Canvas:
    sheet = Canvas(2 * _FLASH_RADIUS, 2 * _FLASH_RADIUS, scale)
    sheet.ellipse(_FLASH_RADIUS, _FLASH_RADIUS, _FLASH_RADIUS, _FLASH_RADIUS, (40, 40, 44))
    sheet.ellipse(_FLASH_RADIUS, _FLASH_RADIUS, _FLASH_RADIUS - 3, _FLASH_RADIUS - 3, (255, 255, 255))
    return sheet


def _background(scene: Scene, picture: Planes, scale: float, left: int, top: int) -> Planes:
    """The painted scene in the middle of a black picture of the wanted size."""
    sheet = Canvas(DESIGN_WIDTH, DESIGN_HEIGHT, scale)
    scene.background(sheet)
    painted = sheet.planes()
    background = Planes(np.full_like(picture.y, 16), np.full_like(picture.u, _NO_COLOR), np.full_like(picture.v, _NO_COLOR))
    for target, source, half in zip(background, painted, (0, 1, 1), strict=True):
        area = target[top >> half :, left >> half :][: source.shape[0], : source.shape[1]]
        area[...] = source[: area.shape[0], : area.shape[1]]
    return background


def _copy(source: Planes, target: Planes, x: int, y: int, width: int, height: int) -> None:
    for from_plane, to_plane, half in zip(source, target, (0, 1, 1), strict=True):
        area = np.s_[y >> half : (y + height) >> half, x >> half : (x + width) >> half]
        to_plane[area] = from_plane[area]
