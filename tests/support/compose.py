"""docker-compose.yml as Docker Compose would read it: YAML with anchors, and variables in the shell's notation."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # no stubs are installed for this one use

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def services() -> dict[str, dict[str, Any]]:
    """The services by name, merge keys resolved, variables as they are written."""
    document: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(FILE.read_text())
    return document["services"]


def variables() -> set[str]:
    """All variables that Compose would put something in place of."""
    return set(VARIABLE.findall("\n".join(line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#"))))


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """`text` with `${A}`, `${A:-x}` and `${A:+x}` filled in: Compose has them from the POSIX shell, which does it here."""
    command = ["sh", "-c", f'printf %s "{text}"']
    return subprocess.run(command, env=dict(values), capture_output=True, text=True, check=True).stdout
