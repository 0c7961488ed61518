"""The systemd unit: understood by systemd, locked in, and in step with the program."""

import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from mini_nvr.__main__ import EXIT_CONFIGURATION

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging/mini-nvr.service"
WORST_SCORE = 1.5
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def service() -> dict[str, str]:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    parser.read(UNIT)
    return dict(parser["Service"])


@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("ExecStart=/opt/mini-nvr/bin/mini-nvr", f"ExecStart={sys.executable}"))
    result = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    assert UNIT.name not in result.stderr


@needs_systemd
def test_it_scores_as_the_guide_says() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    score = re.search(r"exposure level for mini-nvr.service: ([\d.]+)", text)
    assert score is not None
    assert float(score[1]) <= WORST_SCORE


def test_it_starts_the_program_without_root() -> None:
    unit = service()
    assert unit["ExecStart"] == "/opt/mini-nvr/bin/mini-nvr run --env-file /etc/mini-nvr.env"
    assert unit["User"] == "mini-nvr"
    assert unit["CapabilityBoundingSet"] == ""


def test_wrong_settings_do_not_make_it_start_for_ever() -> None:
    unit = service()
    assert unit["Restart"] == "always"
    assert unit["RestartPreventExitStatus"] == str(EXIT_CONFIGURATION)


def test_its_services_are_stopped_by_their_supervisor() -> None:
    unit = service()
    assert unit["KillMode"] == "mixed"
    assert int(unit["TimeoutStopSec"]) >= 15
