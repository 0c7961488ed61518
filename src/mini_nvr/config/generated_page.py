"""A page of the documentation that the program makes itself: written, or compared with what stands there."""

import sys
from pathlib import Path


def write_page(file: Path, text: str) -> None:
    """Folders that are missing are made.

    Raises:
        OSError: the file cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def check_page(file: Path, text: str, *, source: str, remedy: str) -> int:
    """The exit code of `--check`: 0 when the file says just this, else 1 and a line about it.

    source: what the page is made from. remedy: the command that makes it anew.

    Raises:
        OSError: the file cannot be read.
    """
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{file} differs from {source}; run {remedy}\n")
    return 1
