"""The door of this room: raw values from `.env` and the environment, and from raw values the settings.

The two steps are apart so that a parent process can read once and hand the plain values to its children over a pipe: no secret has
to travel in an environment or a command line (SECURITY S5). This is the only module that reads the environment.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from mini_nvr.config import variables as v
from mini_nvr.config.build import build_settings
from mini_nvr.config.envfile import EnvFile, read_env_file
from mini_nvr.config.inputs import Inputs
from mini_nvr.config.machine import Machine
from mini_nvr.config.model import Settings
from mini_nvr.config.problems import ConfigProblems, Problem

__all__ = ["ConfigProblems", "Problem", "configured", "demo_values", "load", "read_values"]

DEFAULT_ENV_FILE = Path(".env")
_LOOKS_LIKE_OURS = re.compile(r"(CHANNEL|DVR|RTSP)_[A-Z0-9_]+")
_FOR_COMPOSE = re.compile(r"(COMPOSE|DOCKER)_[A-Z0-9_]+|P[UG]ID")  # Docker Compose reads the same file
_NAMES_CAMERAS = re.compile(r"(CHANNEL|DVR|RTSP)_.*|NUM_CHANNELS")


def read_values(env_file: Path | None = None) -> dict[str, str]:
    """The raw values by name: those of the file, overridden by the environment where that has a value.

    env_file: must exist when given; otherwise `.env` in the working directory, when there is one. Of the environment, only names
        of settings are taken, and names so like them that they are probably misspelt.

    Raises:
        ConfigProblems: the file cannot be read or parsed; it lists the problems of the values that could be read, too.
    """
    if env_file is None and not DEFAULT_ENV_FILE.exists():
        file = EnvFile({}, ())
    else:
        file = read_env_file(env_file or DEFAULT_ENV_FILE)
    values = {name: value for name, value in file.values.items() if not _FOR_COMPOSE.fullmatch(name)}
    values.update((name, value) for name, value in os.environ.items() if value.strip() and _is_ours(name))
    if file.problems:
        raise ConfigProblems((*file.problems, *_examine(values)[1]))
    return values


def _is_ours(name: str) -> bool:
    return v.is_known(name) or _LOOKS_LIKE_OURS.fullmatch(name) is not None


def load(values: Mapping[str, str], machine: Machine | None = None) -> Settings:
    """The settings that raw values describe. Nothing is written, and no path or address is tried.

    machine: where defaults come from that the machine decides; looked up when not given.

    Raises:
        ConfigProblems: all that is wrong, at once.
    """
    settings, problems = _examine(values, machine)
    if problems:
        raise ConfigProblems(problems)
    return settings


def _examine(values: Mapping[str, str], machine: Machine | None = None) -> tuple[Settings, list[Problem]]:
    inputs = Inputs(values)
    settings = build_settings(inputs, machine or Machine.detect())
    return settings, inputs.problems


def configured(values: Mapping[str, str]) -> bool:
    """Whether the values name any camera at all; without one, the demo is what a newcomer wants to see."""
    inputs = Inputs(values)
    return inputs.given(v.DVR_IP) or inputs.given(v.RTSP_URL_TEMPLATE) or bool(inputs.numbers(v.CHANNEL_URL))


def demo_values(port: int, cameras: int, base: Mapping[str, str]) -> dict[str, str]:
    """`base` with its cameras replaced by simulated ones on this machine; what it says of folders, users and so on stays."""
    values = {name: value for name, value in base.items() if not (v.is_known(name) and _NAMES_CAMERAS.fullmatch(name))}
    values[v.RTSP_URL_TEMPLATE.name] = f"rtsp://127.0.0.1:{port}/stream{{channel}}"
    values[v.NUM_CHANNELS.name] = str(cameras)
    for number in range(1, cameras + 1):
        values[v.CHANNEL_NAME.spelled(number)] = f"Demo {number}"
    return values
