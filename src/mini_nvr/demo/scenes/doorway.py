"""A front door in a brick wall: a visitor comes, waits and leaves; a cat passes."""

from collections.abc import Sequence

from mini_nvr.demo.painter import Canvas, Sprite
from mini_nvr.demo.scenes.scene import Placed, Scene, across, walker


def _paint_background(sheet: Canvas) -> None:
    sheet.rectangle(0, 0, 640, 300, (176, 112, 90))
    for row in range(22):
        for column in range(-1, 18):
            shade = (row * 5 + column * 11) % 7 * 3
            color = (186 - shade, 116 - shade, 92 - shade)
            sheet.rectangle(column * 38 + row % 2 * 19 + 1, row * 14 + 1, 36, 12, color)
    sheet.gradient(290, 360, (150, 146, 140), (112, 110, 108))
    sheet.rectangle(390, 60, 150, 234, (236, 230, 220))
    sheet.rectangle(402, 72, 126, 222, (38, 78, 74))
    for x in (412, 470):
        for y, height in ((84, 62), (158, 54), (224, 58)):
            pane = (206, 214, 196) if y == 84 else (48, 94, 88)
            sheet.rectangle(x, y, 48, height, (30, 62, 60))
            sheet.rectangle(x + 3, y + 3, 42, height - 6, pane)
    sheet.ellipse(518, 196, 5, 5, (226, 190, 96))
    sheet.polygon([(372, 294), (558, 294), (578, 316), (352, 316)], (192, 188, 180))
    sheet.rectangle(352, 316, 226, 10, (150, 148, 142))
    sheet.polygon([(420, 298), (510, 298), (518, 311), (412, 311)], (122, 84, 58))
    sheet.rounded(342, 96, 24, 40, 6, (44, 44, 48))
    sheet.rounded(346, 102, 16, 28, 4, (255, 236, 178))
    sheet.glow(354, 116, 150, (255, 226, 160), 0.55)
    sheet.rounded(560, 126, 44, 26, 4, (44, 58, 84))
    for x in (572, 586):
        sheet.rectangle(x, 132, 5, 14, (240, 236, 226))
    sheet.polygon([(574, 268), (626, 268), (618, 312), (582, 312)], (172, 92, 62))
    for dx, dy, color in ((0, -34, (88, 142, 82)), (-20, -18, (70, 120, 70)), (20, -18, (78, 132, 76)), (0, -10, (96, 152, 88))):
        sheet.ellipse(600 + dx, 262 + dy, 22, 20, color)
    sheet.rounded(90, 104, 150, 120, 4, (236, 230, 220))
    sheet.rectangle(100, 114, 62, 100, (104, 132, 150))
    sheet.rectangle(168, 114, 62, 100, (104, 132, 150))
    sheet.polygon([(100, 114), (130, 114), (104, 214), (100, 214)], (150, 174, 186))
    sheet.rectangle(82, 224, 166, 10, (212, 206, 196))
    sheet.grain(2.0, 2)


def _cat(scale: float, lift: float) -> Sprite:
    """A cat walking to the left, 54 x 36."""
    sheet = Canvas(54, 36, scale)
    fur, dark = (66, 62, 66), (48, 44, 48)
    sheet.ellipse(28, 34, 22, 2, (20, 20, 24), 0.3)
    for x, dy in ((16, lift), (22, 0), (36, 0), (41, lift)):
        sheet.rectangle(x, 22, 4, 12 - dy, dark)
    sheet.ellipse(29, 20, 16, 8, fur)
    sheet.ellipse(11, 13, 8, 7, fur)
    sheet.polygon([(5, 2), (10, 7), (4, 10)], fur)
    sheet.polygon([(17, 2), (18, 10), (12, 7)], fur)
    sheet.polygon([(43, 16), (50, 2), (53, 3), (47, 19)], fur)
    sheet.ellipse(7, 12, 1.5, 1.5, (214, 196, 90))
    return sheet.sprite()


def _actors(scale: float) -> Sequence[Sprite]:
    coat = (206, 142, 52)
    big = scale * 2.4
    return (
        walker(big, coat, 6),
        walker(big, coat, 1),
        walker(big, coat, 6, leftwards=True),
        walker(big, coat, 1, leftwards=True),
        _cat(scale * 1.3, 4),
        _cat(scale * 1.3, 0),
    )


def _place(now_s: float) -> Sequence[Placed]:
    """The visitor walks in, waits at the door and leaves: 24 s; the cat comes by meanwhile."""
    phase = now_s % 24
    step = int(now_s * 3) % 2
    x_door = 380
    if phase < 7.5:
        visitor = Placed(step, -70 + 60 * phase, 166)
    elif phase < 12:
        visitor = Placed(1, x_door, 166)
    else:
        visitor = Placed(2 + step, x_door - 60 * (phase - 12), 166)
    return visitor, Placed(4 + step, across(now_s, -60, 300, 70, 500), 310)


DOORWAY = Scene(_paint_background, _actors, _place)
