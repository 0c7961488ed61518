"""What a scene is: what stands there, and what moves where at a given time.

Positions are design units (640 x 360). The upper left corner and the lower edge are left quiet for the clock and the name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mini_nvr.demo.painter import DESIGN_WIDTH, Canvas, Color, Sprite, shade


class Placed(NamedTuple):
    """An actor's drawing, by its index, at the left upper corner (x, y)."""

    actor: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Scene:
    """background: paints what never changes. actors: draw what moves, at a scale. place: where they are at a media time in s."""

    background: Callable[[Canvas], None]
    actors: Callable[[float], Sequence[Sprite]]
    place: Callable[[float], Sequence[Placed]]


def across(now_s: float, speed: float, start: float, width: float, pause: float = 0.0) -> float:
    """x of something that crosses the sheet again and again, `pause` design units of absence between; negative speed: leftwards."""
    span = DESIGN_WIDTH + width + pause
    travelled = (start + abs(speed) * now_s) % span
    return travelled - width if speed > 0 else DESIGN_WIDTH - travelled


def walker(scale: float, coat: Color, stride: float, *, leftwards: bool = False) -> Sprite:
    """A person seen from the side, 28 x 64; `stride` is how far the feet are apart."""
    sheet = Canvas(28, 64, scale)
    sheet.ellipse(14, 61, 12, 3, (20, 20, 24), 0.3)
    for foot, color in ((14 - stride, (44, 48, 62)), (14 + stride, (54, 58, 74))):
        sheet.polygon([(11, 38), (17, 38), (foot + 3, 60), (foot - 3, 60)], color)
        sheet.rounded(foot - 3, 58, 8, 4, 2, (34, 30, 30))
    sheet.rounded(7, 17, 14, 26, 6, coat)
    sheet.polygon([(12, 21), (16, 21), (17 + stride / 2, 39), (13 + stride / 2, 39)], shade(coat, 80))
    sheet.ellipse(14, 10, 6.5, 7.5, (226, 182, 152))
    sheet.ellipse(13, 6, 6.5, 5, (70, 50, 40))
    return (sheet.mirrored() if leftwards else sheet).sprite()
