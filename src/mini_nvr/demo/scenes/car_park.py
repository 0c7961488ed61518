"""A car park from above: parked cars, two that drive through, somebody on foot."""

from collections.abc import Sequence

from mini_nvr.demo.painter import Canvas, Color, Sprite, shade
from mini_nvr.demo.scenes.scene import Placed, Scene, across, walker


def _paint_background(sheet: Canvas) -> None:
    sheet.rectangle(0, 0, 640, 360, (104, 106, 110))
    sheet.rectangle(0, 0, 640, 42, (112, 142, 92))
    sheet.rectangle(0, 40, 640, 5, (190, 188, 180))
    sheet.rectangle(0, 334, 640, 26, (112, 142, 92))
    sheet.rectangle(0, 330, 640, 5, (190, 188, 180))
    for x in range(330, 640, 62):
        sheet.ellipse(x + 4, 26, 22, 20, (52, 82, 54), 0.4)
        sheet.ellipse(x, 20, 21, 19, (74, 116, 70))
        sheet.ellipse(x - 5, 14, 11, 9, (98, 142, 86))
    for top in (48, 244):
        for x in range(20, 640, 60):
            sheet.rectangle(x, top, 3, 84, (226, 224, 214))
    for x in range(40, 640, 90):
        sheet.polygon([(x, 184), (x + 24, 184), (x + 24, 190), (x, 190)], (206, 204, 190), 0.8)
        sheet.polygon([(x + 24, 178), (x + 36, 187), (x + 24, 196)], (206, 204, 190), 0.8)
    parked: list[tuple[int, int, Color]] = [
        (5, 0, (196, 62, 54)),
        (6, 0, (228, 226, 220)),
        (8, 0, (60, 66, 76)),
        (9, 0, (72, 120, 170)),
        (0, 1, (222, 224, 226)),
        (2, 1, (58, 104, 92)),
        (3, 1, (178, 180, 184)),
        (6, 1, (220, 168, 52)),
        (9, 1, (128, 44, 52)),
    ]
    for bay, row, color in parked:
        _paint_parked(sheet, 23 + bay * 60 + 10, 54 if row == 0 else 252, color)
    sheet.grain(2.5, 3)


def _paint_parked(sheet: Canvas, x: float, y: float, color: Color) -> None:
    dark = shade(color, 75)
    sheet.rounded(x + 4, y + 4, 37, 70, 9, (40, 42, 46), 0.5)
    sheet.rounded(x, y, 37, 70, 9, color)
    sheet.rounded(x + 4, y + 16, 29, 40, 6, (54, 66, 78))
    sheet.rounded(x + 6, y + 24, 25, 24, 4, dark)


def _car_from_above(scale: float, color: Color, *, leftwards: bool) -> Sprite:
    """A car seen from above, 84 x 46, driving to the right, its lamps on."""
    sheet = Canvas(84, 46, scale)
    dark = shade(color, 75)
    sheet.rounded(5, 6, 70, 38, 9, (40, 42, 46), 0.45)
    sheet.rounded(2, 3, 70, 37, 9, color)
    sheet.rounded(16, 7, 40, 29, 6, (54, 66, 78))
    sheet.rounded(22, 9, 24, 25, 4, dark)
    for y in (9, 34):
        sheet.ellipse(70, y, 3, 3, (255, 250, 214))
        sheet.rectangle(2, y - 3, 3, 6, (220, 46, 40))
        sheet.polygon([(73, y - 2), (84, y - 6), (84, y + 6), (73, y + 2)], (255, 246, 196), 0.35)
    return (sheet.mirrored() if leftwards else sheet).sprite()


def _actors(scale: float) -> Sequence[Sprite]:
    return (
        _car_from_above(scale, (214, 216, 220), leftwards=False),
        _car_from_above(scale, (46, 88, 150), leftwards=True),
        walker(scale * 0.8, (150, 60, 96), 5),
        walker(scale * 0.8, (150, 60, 96), 1),
    )


def _place(now_s: float) -> Sequence[Placed]:
    return (
        Placed(2 + int(now_s * 3) % 2, across(now_s, 40, 420, 24), 132),
        Placed(0, across(now_s, 60, 120, 84, 160), 192),
        Placed(1, across(now_s, -60, 380, 84, 340), 140),
    )


CAR_PARK = Scene(_paint_background, _actors, _place)
