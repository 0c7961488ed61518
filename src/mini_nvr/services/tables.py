"""Tables on the terminal, and plain aligned columns where the output goes into a file or a pipe.

Text from cameras and settings is shown as text: no markup of rich's, no control characters of a terminal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TextIO

Tone = Literal["", "good", "warning", "bad", "quiet"]

_STYLES: dict[Tone, str] = {"": "", "good": "green", "warning": "yellow", "bad": "red", "quiet": "dim"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One field; the tone repeats what the text says and is never the only carrier."""

    text: str
    tone: Tone = ""


Row = Sequence[Cell]


def printable(text: str) -> str:
    """`text` on one line, with every control and formatting character replaced."""
    return "".join(character if character.isprintable() else "?" for character in text)


def print_table(headings: Sequence[str], rows: Sequence[Row], file: TextIO, *, width: int | None = None) -> None:
    """A drawn table on a terminal, `width` columns wide (None: the terminal's own); plain columns elsewhere."""
    if file.isatty():
        _print_drawn(headings, rows, file, width)
    else:
        file.write("".join(line + "\n" for line in plain_lines(headings, rows)))
        file.flush()


def plain_lines(headings: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Left-aligned columns, two blanks apart, as wide as they need."""
    table = [list(headings), *([printable(cell.text) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in table]


def _print_drawn(headings: Sequence[str], rows: Sequence[Row], file: TextIO, width: int | None) -> None:
    from rich import box  # noqa: PLC0415  not needed for plain output, and slow to import
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(Text(heading), overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell.text), style=_STYLES[cell.tone]) for cell in row))
    Console(file=file, width=width, highlight=False).print(table)
