"""The Dockerfile and what is sent to its builder; what comes out of them is looked at by `make image-test`."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
STAGES = [stage.splitlines() for stage in re.split(r"^(?=FROM )", "\n".join(LINES), flags=re.MULTILINE)[1:]]
LAST = STAGES[-1]
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
COPIED = [source for line in LINES if line.startswith("COPY ") and "--from=" not in line for source in line.split()[1:-1]]


def of(instruction: str) -> list[str]:
    return [line.removeprefix(f"{instruction} ") for line in LAST if line.startswith(f"{instruction} ")]


def test_every_stage_has_the_base_that_can_be_replaced() -> None:
    assert LINES[0].startswith("ARG BASE=docker.io/library/debian:")
    assert all("${BASE}" in stage[0] for stage in STAGES)


def test_only_what_the_lock_names_by_hash_is_fetched() -> None:
    fetching = [line for line in LINES if re.search(r"\bpip (download|install)\b", line)]
    for line in fetching:
        for command in re.findall(r"pip(?: --python \S+)? (?:download|install) [^&]*", line):
            assert "--no-index" in command or {"--require-hashes", "--only-binary"} <= set(command.split())
    assert "npm ci" in TEXT
    assert "npm install" not in TEXT


def test_s18_what_is_left_runs_as_a_user_by_number() -> None:
    assert of("USER") == ["1000:1000"]
    assert not any(word in line for line in LAST for word in ("pip", "npm", "binutils", "setcap"))


def test_it_starts_the_program_itself_so_that_signals_reach_it() -> None:
    assert of("ENTRYPOINT") == ['["mini-nvr"]']
    assert of("CMD") == ['["run"]']
    assert of("STOPSIGNAL") == ["SIGTERM"]


def test_its_health_is_asked_without_a_shell() -> None:
    (health,) = of("HEALTHCHECK")
    assert '"/opt/mini-nvr/bin/health.py"]' in health
    assert "CMD [" in health


def test_nothing_is_sent_to_the_builder_that_is_not_named() -> None:
    assert IGNORED[0] == "*"
    allowed = {line[1:] for line in IGNORED if line.startswith("!")}
    assert not any(fnmatch(name, pattern) for name in (".env", "data", "recordings", ".git", "tests") for pattern in allowed)
    assert {"src/mini_nvr/api/viewer", "web/node_modules"} <= set(IGNORED)


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_is_there_and_sent(source: str) -> None:
    allowed = {line[1:] for line in IGNORED if line.startswith("!")}
    assert (ROOT / source).exists()
    assert any(source.rstrip("/") == name or source.startswith(f"{name}/") for name in allowed)
