"""No shell anywhere (SECURITY S4): what a camera, a file or a user is called can never be a command."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mini_nvr

SOURCES = sorted(Path(mini_nvr.__file__).parent.rglob("*.py"))
SHELLS = {"system", "popen", "create_subprocess_shell", "subprocess_shell", "getoutput", "getstatusoutput"}
STARTERS = {"subprocess", "multiprocessing", "pty", "create_subprocess_exec", "posix_spawn", "fork", "forkpty"}
STARTERS_ALONE_IN = "supervisor/processes.py"


def used(tree: ast.AST) -> Iterator[str]:
    """Each name that is imported or reached through a dot; `shell` for that argument of a call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (part for alias in node.names for part in alias.name.split("."))
            yield from (getattr(node, "module", None) or "").split(".")
        elif isinstance(node, ast.keyword) and node.arg == "shell":
            yield "shell"


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.system('x')",
        "from os import popen",
        "subprocess.run('x', shell=True)",
        "asyncio.create_subprocess_shell('x')",
        "import subprocess",
        "from asyncio.subprocess import Process",
        "os.fork()",
    ],
)
def test_s4_the_look_finds_what_it_looks_for(code: str) -> None:
    assert set(used(ast.parse(code))) & (SHELLS | STARTERS | {"shell"})


def test_s4_no_shell_is_used_and_one_file_starts_processes() -> None:
    assert len(SOURCES) > 200
    starting = set()
    for path in SOURCES:
        names = set(used(ast.parse(path.read_text(encoding="utf-8"))))
        assert not names & (SHELLS | {"shell"}), path
        if names & STARTERS:
            starting.add(path.relative_to(Path(mini_nvr.__file__).parent).as_posix())
    assert starting == {STARTERS_ALONE_IN}
