"""A street at dusk: houses with lit windows, cars both ways, somebody walking by."""

from collections.abc import Sequence

from mini_nvr.demo.painter import Canvas, Color, Sprite, shade
from mini_nvr.demo.scenes.scene import Placed, Scene, across, walker


def _paint_background(sheet: Canvas) -> None:
    sheet.gradient(0, 230, (112, 158, 205), (247, 214, 178))
    sheet.glow(500, 150, 170, (255, 236, 190), 0.8)
    sheet.ellipse(500, 150, 26, 26, (255, 243, 214))
    sheet.ellipse(120, 245, 260, 70, (139, 158, 150))
    sheet.ellipse(480, 250, 300, 62, (124, 146, 142))
    facades: list[tuple[float, float, float, Color]] = [
        (0, 118, 92, (178, 122, 100)),
        (92, 92, 78, (214, 190, 158)),
        (170, 130, 96, (137, 146, 164)),
        (330, 108, 84, (199, 160, 118)),
        (414, 138, 70, (160, 110, 104)),
        (560, 100, 80, (186, 178, 160)),
    ]
    for x, top, width, color in facades:
        _paint_facade(sheet, x, top, width, color)
    for x in (290, 536):
        _paint_tree(sheet, x, 232)
    sheet.rectangle(0, 232, 640, 26, (186, 182, 174))
    sheet.rectangle(0, 256, 640, 4, (142, 140, 136))
    sheet.gradient(260, 360, (78, 80, 86), (58, 60, 66))
    for x in range(10, 640, 80):
        sheet.rectangle(x, 302, 44, 4, (226, 220, 196))
    for x in (60, 380):
        sheet.rectangle(x, 150, 4, 90, (62, 66, 72))
        sheet.rectangle(x, 150, 30, 3, (62, 66, 72))
        sheet.ellipse(x + 30, 153, 7, 4, (255, 240, 200))
    sheet.grain(2.0, 1)


def _paint_facade(sheet: Canvas, x: float, top: float, width: float, color: Color) -> None:
    dark = shade(color, 75)
    sheet.rectangle(x, top, width, 240 - top, color)
    sheet.rectangle(x - 2, top, width + 4, 6, dark)
    sheet.rectangle(x + width - 3, top + 6, 3, 240 - top, dark)
    columns = int(width // 22)
    step = width / columns
    for row in range(int((222 - top) // 28)):
        for column in range(columns):
            lit = (row * 7 + column * 5 + int(x)) % 4 == 0
            pane = (255, 226, 150) if lit else (84, 98, 116)
            sheet.rectangle(x + column * step + step / 2 - 6, top + 14 + row * 28, 12, 17, (240, 234, 224))
            sheet.rectangle(x + column * step + step / 2 - 5, top + 15 + row * 28, 10, 15, pane)


def _paint_tree(sheet: Canvas, x: float, ground: float) -> None:
    sheet.rectangle(x - 4, ground - 46, 8, 48, (98, 74, 56))
    for dx, dy, radius, color in ((-14, -58, 22, (74, 116, 72)), (14, -60, 22, (84, 128, 78)), (0, -78, 24, (96, 142, 86))):
        sheet.ellipse(x + dx, ground + dy, radius, radius, color)


def _car(scale: float, body: Color, *, leftwards: bool) -> Sprite:
    """A car seen from the side, 96 x 40, driving to the right."""
    sheet = Canvas(96, 40, scale)
    dark = shade(body, 67)
    sheet.ellipse(48, 36, 46, 4, (20, 20, 24), 0.35)
    sheet.polygon([(26, 6), (62, 6), (76, 19), (16, 19)], body)
    sheet.polygon([(29, 9), (44, 9), (44, 18), (22, 18)], (178, 206, 220))
    sheet.polygon([(48, 9), (60, 9), (70, 18), (48, 18)], (178, 206, 220))
    sheet.rounded(2, 17, 92, 16, 6, body)
    sheet.rectangle(4, 27, 88, 3, dark)
    sheet.ellipse(91, 22, 3, 3, (255, 246, 200))
    sheet.rectangle(2, 20, 4, 5, (206, 52, 44))
    for x in (22, 74):
        sheet.ellipse(x, 32, 9, 7.5, (28, 28, 32))
        sheet.ellipse(x, 32, 4, 3.5, (182, 186, 190))
    return (sheet.mirrored() if leftwards else sheet).sprite()


def _actors(scale: float) -> Sequence[Sprite]:
    return (
        walker(scale, (52, 96, 140), 6),
        walker(scale, (52, 96, 140), 1),
        _car(scale, (232, 228, 220), leftwards=True),
        _car(scale, (192, 58, 50), leftwards=True),
        _car(scale, (52, 104, 168), leftwards=False),
        _car(scale, (226, 172, 46), leftwards=False),
    )


def _place(now_s: float) -> Sequence[Placed]:
    return (
        Placed(int(now_s * 3) % 2, across(now_s, 40, 200, 28), 194),
        Placed(2, across(now_s, -100, 500, 96, 300), 262),
        Placed(3, across(now_s, -100, 130, 96, 300), 262),
        Placed(4, across(now_s, 120, 250, 96, 500), 304),
        Placed(5, across(now_s, 120, 760, 96, 500), 304),
    )


STREET = Scene(_paint_background, _actors, _place)
