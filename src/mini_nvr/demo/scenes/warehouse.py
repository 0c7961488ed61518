"""A warehouse: racks of boxes, a fork-lift truck that comes and goes, somebody on foot."""

from collections.abc import Sequence

from mini_nvr.demo.painter import DESIGN_WIDTH, Canvas, Color, Sprite
from mini_nvr.demo.scenes.scene import Placed, Scene, across, walker


def _paint_background(sheet: Canvas) -> None:
    sheet.gradient(0, 176, (66, 74, 86), (104, 112, 122))
    sheet.rectangle(210, 70, 220, 106, (142, 150, 158))
    sheet.gradient(176, 360, (126, 124, 120), (164, 160, 152))
    for y in range(80, 176, 10):
        sheet.rectangle(268, y, 104, 6, (196, 200, 204))
    sheet.rectangle(262, 76, 6, 100, (226, 184, 44))
    sheet.rectangle(372, 76, 6, 100, (226, 184, 44))
    for x0, x1 in ((250, 96), (390, 544)):
        sheet.polygon([(x0, 176), (x0 + 5, 176), (x1 + 12, 360), (x1, 360)], (232, 194, 60))
    _paint_rack(sheet, mirrored=False)
    _paint_rack(sheet, mirrored=True)
    for y, width in ((14, 120), (38, 84), (56, 60)):
        sheet.polygon([(320 - width, y), (320 + width, y), (320 + width - 6, y + 6), (320 - width + 6, y + 6)], (244, 248, 250))
        sheet.glow(320, y + 4, width * 1.5, (250, 252, 255), 0.25)
    sheet.grain(2.0, 4)


def _paint_rack(sheet: Canvas, *, mirrored: bool) -> None:
    """Four bays of shelves that grow towards the viewer, with boxes of many colours."""
    palette: list[Color] = [(190, 142, 92), (206, 164, 112), (166, 120, 80), (92, 130, 164), (180, 84, 66), (120, 146, 104)]
    edges = [(214, 1.0), (172, 1.35), (116, 1.9), (40, 2.7), (-60, 3.7)]
    for bay, ((x_far, grow_far), (x_near, grow)) in enumerate(zip(edges, edges[1:], strict=False)):
        base = 176 + 40 * (grow_far - 1)
        for level in range(3):
            bottom = base - level * 40 * grow_far**0.75
            height = 27 * grow_far**0.75
            width = (x_far - x_near) / 2.4
            for item in range(2):
                color = palette[(bay * 5 + level * 3 + item * 2 + mirrored) % len(palette)]
                x = x_near + 4 + item * (width + 5)
                _mirror_rectangle(sheet, x, bottom - height, width, height, color, mirrored=mirrored)
                _mirror_rectangle(sheet, x + width * 0.4, bottom - height, width * 0.2, height, (222, 206, 170), mirrored=mirrored)
            _mirror_rectangle(sheet, x_near, bottom, x_far - x_near, 4 * grow, (214, 106, 40), mirrored=mirrored)
        _mirror_rectangle(
            sheet, x_near, base - 130 * grow_far**0.75, 3 * grow, 130 * grow_far**0.75 + 6, (46, 84, 140), mirrored=mirrored
        )


def _mirror_rectangle(sheet: Canvas, x: float, y: float, width: float, height: float, color: Color, *, mirrored: bool) -> None:
    sheet.rectangle(DESIGN_WIDTH - x - width if mirrored else x, y, width, height, color)


def _forklift(scale: float, *, lit: bool, leftwards: bool) -> Sprite:
    """A fork-lift truck with a pallet, 120 x 84, driving to the right."""
    sheet = Canvas(120, 84, scale)
    sheet.ellipse(56, 79, 52, 5, (20, 20, 24), 0.35)
    sheet.rounded(6, 40, 62, 30, 6, (232, 172, 40))
    sheet.rectangle(6, 60, 62, 4, (64, 62, 60))
    for x, top, width, height in ((16, 10, 4, 34), (58, 10, 4, 34), (14, 8, 50, 5)):
        sheet.rectangle(x, top, width, height, (58, 60, 64))
    sheet.ellipse(36, 26, 7, 8, (226, 182, 152))
    sheet.ellipse(36, 21, 8, 5, (244, 244, 240))
    sheet.rounded(28, 33, 17, 18, 5, (70, 104, 150))
    sheet.rectangle(70, 6, 5, 68, (70, 72, 78))
    sheet.rectangle(74, 70, 42, 4, (70, 72, 78))
    sheet.rectangle(78, 32, 36, 36, (196, 150, 98))
    sheet.rectangle(93, 32, 6, 36, (226, 208, 170))
    for x, radius in ((20, 11), (58, 9)):
        sheet.ellipse(x, 80 - radius, radius, radius, (34, 34, 38))
        sheet.ellipse(x, 80 - radius, radius / 2.4, radius / 2.4, (206, 198, 180))
    if lit:
        sheet.ellipse(38, 5, 6, 5, (255, 168, 40))
    else:
        sheet.ellipse(38, 6, 4, 3, (150, 92, 40))
    return (sheet.mirrored() if leftwards else sheet).sprite()


def _actors(scale: float) -> Sequence[Sprite]:
    size = scale * 1.25
    lamps = [_forklift(size, lit=lit, leftwards=leftwards) for leftwards in (False, True) for lit in (False, True)]
    vest = (232, 206, 52)
    return (*lamps, walker(size, vest, 6, leftwards=True), walker(size, vest, 1, leftwards=True))


def _place(now_s: float) -> Sequence[Placed]:
    lap = (DESIGN_WIDTH + 150) / 60  # seconds to cross the hall
    lit = int(now_s * 2) % 2
    phase = now_s % (2 * lap)
    truck = Placed(lit, 60 * phase - 150, 236) if phase < lap else Placed(2 + lit, DESIGN_WIDTH - 60 * (phase - lap), 236)
    return Placed(4 + int(now_s * 3) % 2, across(now_s, -40, 420, 36, 60), 176), truck


WAREHOUSE = Scene(_paint_background, _actors, _place)
