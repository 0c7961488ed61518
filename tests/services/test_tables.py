"""Tables: drawn on a terminal, plain columns elsewhere, hostile text shown as text."""

import io
import re

from mini_nvr.services.tables import Cell, plain_lines, print_table, printable

HEADINGS = ("Ch", "Camera", "State")
ROWS = [[Cell("1"), Cell("[red]Gate[/red]"), Cell("LIVE", "good")], [Cell("2"), Cell("Yard\x1b[2J\nCh 9"), Cell("", "bad")]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_columns_are_as_wide_as_they_need_and_end_without_blanks() -> None:
    assert plain_lines(HEADINGS, ROWS) == [
        "Ch  Camera           State",
        "1   [red]Gate[/red]  LIVE",
        "2   Yard?[2J?Ch 9",
    ]


def test_without_a_terminal_the_output_is_plain_whatever_its_length() -> None:
    file = io.StringIO()
    print_table(HEADINGS, [[Cell("1"), Cell("x" * 500), Cell("LIVE")]], file)
    assert file.getvalue().splitlines()[1] == f"1   {'x' * 500}  LIVE"


def test_a_terminal_gets_a_table_within_its_width() -> None:
    file = Terminal()
    print_table(HEADINGS, [*ROWS, [Cell("3"), Cell("y" * 100), Cell("OFF")]], file, width=60)
    text = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())  # colours depend on the terminal
    assert "\x1b" not in text
    assert {len(line) for line in text.splitlines()} == {60}
    assert "[red]Gate[/red]" in text
    assert text.count("y") == 100  # folded, nothing cut off


def test_printable_keeps_letters_of_any_script() -> None:
    assert printable("Tür 入口 \u202e\u2028\t\x00") == "Tür 入口 ????"
