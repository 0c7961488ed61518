"""The `.env` file: its text to names and values, taken literally (a `$` stays a `$`), with what is wrong on which line."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from mini_nvr.config.problems import Problem, printable

_NEW_LINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What a file says, as far as it could be read; of a name that is set twice, the first value."""

    values: dict[str, str]
    problems: tuple[Problem, ...]


def read_env_file(path: Path) -> EnvFile:
    """Read and parse a file; one that cannot be read is a problem, not an error."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return _unreadable(path, "does not exist")
    except IsADirectoryError:
        return _unreadable(path, "is a folder (a container engine makes one when the file to mount is missing)")
    except PermissionError as exc:
        return _unreadable(path, f"cannot be read ({exc.strerror}); give the user that runs Mini-NVR the right to read it")
    except OSError as exc:
        return _unreadable(path, f"cannot be read ({exc.strerror})")
    except UnicodeDecodeError as exc:
        return _unreadable(path, f"is not UTF-8 text (byte {exc.start})")
    return parse_env(text, str(path))


def _unreadable(path: Path, wrong: str) -> EnvFile:
    return EnvFile({}, (Problem(str(path), wrong),))


def parse_env(text: str, file_name: str = ".env") -> EnvFile:
    """Parse the text of a file; lines count from 1. A line's content is never quoted: it may hold a password."""
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for binding in parse_stream(io.StringIO(text, newline="")):
        line = _line(binding)
        where = f"{file_name} line {line}"
        if binding.error:
            problems.append(Problem(where, "cannot be understood; write NAME=value, and close every quote"))
        elif binding.key is None:
            continue  # a comment, or the end
        elif binding.value is None:
            problems.append(Problem(where, "has a name but no value; write NAME=value"))
        elif binding.key in values:
            problems.append(
                Problem(
                    printable(binding.key), f"is set in {file_name} on line {lines[binding.key]} and again on line {line}; keep one"
                )
            )
        else:
            values[binding.key] = binding.value
            lines[binding.key] = line
    return EnvFile(values, tuple(problems))


def _line(binding: Binding) -> int:
    """The line on which a binding begins; the parser counts the blank lines before it in."""
    text = binding.original.string
    blank = text[: len(text) - len(text.lstrip())]
    return binding.original.line + len(_NEW_LINE.findall(blank))
