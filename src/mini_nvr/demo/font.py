"""A 5 x 7 dot font, drawn by hand, and its smooth enlargement."""

import functools

import numpy as np
from numpy.typing import NDArray

COLUMNS = 5
ROWS = 7
_EDGE = 0.36  # below one half: a little bolder, so that diagonal dots touch

_GLYPHS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00010 00100 01000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    ":": "00000 01100 01100 00000 01100 01100 00000",
    ".": "00000 00000 00000 00000 00000 01100 01100",
    "-": "00000 00000 00000 11111 00000 00000 00000",
    "#": "01010 01010 11111 01010 11111 01010 01010",
    " ": "00000 00000 00000 00000 00000 00000 00000",
    "A": "01110 10001 10001 10001 11111 10001 10001",
    "B": "11110 10001 10001 11110 10001 10001 11110",
    "C": "01110 10001 10000 10000 10000 10001 01110",
    "D": "11100 10010 10001 10001 10001 10010 11100",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "F": "11111 10000 10000 11110 10000 10000 10000",
    "G": "01110 10001 10000 10111 10001 10001 01111",
    "H": "10001 10001 10001 11111 10001 10001 10001",
    "I": "01110 00100 00100 00100 00100 00100 01110",
    "J": "00111 00010 00010 00010 00010 10010 01100",
    "K": "10001 10010 10100 11000 10100 10010 10001",
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "M": "10001 11011 10101 10101 10001 10001 10001",
    "N": "10001 10001 11001 10101 10011 10001 10001",
    "O": "01110 10001 10001 10001 10001 10001 01110",
    "P": "11110 10001 10001 11110 10000 10000 10000",
    "Q": "01110 10001 10001 10001 10101 10010 01101",
    "R": "11110 10001 10001 11110 10100 10010 10001",
    "S": "01111 10000 10000 01110 00001 00001 11110",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    "U": "10001 10001 10001 10001 10001 10001 01110",
    "V": "10001 10001 10001 10001 10001 01010 00100",
    "W": "10001 10001 10001 10101 10101 10101 01010",
    "X": "10001 10001 01010 00100 01010 10001 10001",
    "Y": "10001 10001 10001 01010 00100 00100 00100",
    "Z": "11111 00001 00010 00100 01000 10000 11111",
}


def cell_size(dot: int) -> tuple[int, int]:
    """(width, height) of a character cell in pixels, spacing included, when a dot is `dot` pixels wide; both even."""
    return (COLUMNS + 1) * dot + (COLUMNS + 1) * dot % 2, (ROWS + 1) * dot + (ROWS + 1) * dot % 2


@functools.cache
def glyph(character: str, dot: int) -> NDArray[np.float32]:
    """Coverage 0..1 of a character in its cell, rows by columns; characters that the font lacks are blank."""
    width, height = cell_size(dot)
    rows = _GLYPHS.get(character.upper(), _GLYPHS[" "]).split()
    dots = np.zeros((ROWS + 2, COLUMNS + 2), dtype=np.float32)
    dots[1:-1, 1:-1] = [[int(bit) for bit in row] for row in rows]
    y = (np.arange(height) + 0.5) / dot - 0.5  # dot coordinates; the glyph sits half a dot inside its cell
    x = (np.arange(width) + 0.5) / dot - 0.5
    blurred = _interpolate(_interpolate(dots, y + 0.5).T, x + 0.5).T
    # bilinear interpolation rounds the corners; the steep ramp makes the edge crisp again
    coverage: NDArray[np.float32] = np.clip((blurred - _EDGE) * dot + 0.5, 0.0, 1.0).astype(np.float32)
    return coverage


def _interpolate(values: NDArray[np.float32], positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Linear interpolation along the first axis, clamped at its ends."""
    clamped = np.clip(positions, 0, len(values) - 1)
    below = np.minimum(clamped.astype(int), len(values) - 2)
    weight = (clamped - below)[:, None]
    result: NDArray[np.float32] = values[below] * (1 - weight) + values[below + 1] * weight
    return result
