"""The `.env` file: literal values, and each problem on its line without what stands there."""

import errno
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.config.envfile import parse_env, read_env_file


def test_values_are_literal() -> None:
    text = """
# a comment
A=plain # a remark
B='single $HOME ${HOME} $2b$12$x'
C="double $A"
export D=with export
E=a#b
F=
G=$A
H= # only a remark
"""
    assert parse_env(text).values == {
        "A": "plain",
        "B": "single $HOME ${HOME} $2b$12$x",
        "C": "double $A",
        "D": "with export",
        "E": "a#b",
        "F": "",
        "G": "$A",
        "H": "",
    }
    assert parse_env(text).problems == ()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("lines", "problems"),
    [
        (["A=1", "", "", "hunter2"], [".env line 4: has a name but no value; write NAME=value"]),
        (["", "# remark", "B='hunter2", "C=1"], [".env line 3: cannot be understood; write NAME=value, and close every quote"]),
        (["A=1", "", "B=2", "A=1"], ["A: is set in .env on line 1 and again on line 4; keep one"]),
        (["A='1' hunter2"], [".env line 1: cannot be understood; write NAME=value, and close every quote"]),
        (["=hunter2"], [".env line 1: cannot be understood; write NAME=value, and close every quote"]),
    ],
)
def test_problems_have_their_line(newline: str, lines: list[str], problems: list[str]) -> None:
    assert [str(problem) for problem in parse_env(newline.join(lines)).problems] == problems


def test_the_rest_is_read_past_a_problem() -> None:
    assert parse_env("A=1\nB='x\nC=2\nA=3").values == {"A": "1", "C": "2"}


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("\ufeffA=ü\n".encode())
    assert read_env_file(file).values == {"A": "ü"}


HASH = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        (HASH, HASH),
        (f"'{HASH}'", HASH),
        (f'"{HASH}"', HASH),
        (f"  {HASH}  ", HASH),
        ("' in spaces '", " in spaces "),
        ("two words", "two words"),
        ("'it\\'s'", "it's"),
        ("it's", "it's"),
        ("'say \"x\"'", 'say "x"'),
        ("'a#b $c ${d} %e' # a remark", "a#b $c ${d} %e"),
    ],
)
def test_passwords_and_hashes_survive_every_editor(tmp_path: Path, start: str, newline: str, written: str, read: str) -> None:
    file = tmp_path / ".env"
    file.write_bytes(f"{start}pass1={written}{newline}WEB_PORT=80{newline}".encode())
    assert read_env_file(file).values == {"pass1": read, "WEB_PORT": "80"}
    assert read_env_file(file).problems == ()


def test_unreadable_files(tmp_path: Path) -> None:
    (latin := tmp_path / "latin").write_bytes(b"A=\xfc")
    expected = {
        tmp_path / "missing": "does not exist",
        tmp_path: "is a folder",
        latin: "is not UTF-8 text (byte 2)",
        latin / "below": "cannot be read",
    }
    for path, wrong in expected.items():
        (problem,) = read_env_file(path).problems
        assert problem.variable == str(path)
        assert wrong in problem.wrong


def test_a_file_of_somebody_else_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")  # as root, nothing is refused

    monkeypatch.setattr(Path, "read_text", refuse)
    (problem,) = read_env_file(tmp_path / ".env").problems
    assert problem.wrong == "cannot be read (Permission denied); give the user that runs Mini-NVR the right to read it"


@settings(deadline=None)
@given(st.text(alphabet="AB=\n\r'\"\\ #$\u2028x", max_size=80) | st.text(max_size=80))
def test_any_text_can_be_parsed(text: str) -> None:
    file = parse_env(text)
    for problem in file.problems:
        assert "\n" not in str(problem)
        assert "\r" not in str(problem)
