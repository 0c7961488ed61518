"""The reference page and `.env.example` say what the table says."""

import re
from pathlib import Path

import pytest

from mini_nvr.config.envfile import parse_env
from mini_nvr.config.load import configured, demo_values, load
from mini_nvr.config.reference import main, page
from mini_nvr.config.variables import VARIABLES

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
ASSIGNMENT = re.compile(r"^#?(?P<name>[A-Za-z0-9_]+)=(?P<value>.*)$", re.MULTILINE)


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8") == page(), "run python -m mini_nvr.config.reference"


def test_the_page_has_every_variable_once_with_all_cells() -> None:
    rows = [line for line in page().splitlines() if re.match(r"\| `[A-Za-z_]+` \|", line)]
    assert [row.split("`")[1] for row in rows] == [variable.label for variable in VARIABLES]
    for row in rows:
        assert all(cell.strip() for cell in row.strip("|").split("|"))


def test_check_fails_until_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "reference/settings.md"
    assert main(["--check", str(file)]) == 1
    assert "python -m mini_nvr.config.reference" in capsys.readouterr().err
    assert main([str(file)]) == 0
    assert main(["--check", str(file)]) == 0
    file.write_text("edited", encoding="utf-8")
    assert main(["--check", str(file)]) == 1


def test_the_example_has_every_variable() -> None:
    names = {match["name"] for match in ASSIGNMENT.finditer(EXAMPLE)}
    assert names == {variable.spelled(1) if variable.numbered else variable.name for variable in VARIABLES}


def test_the_example_as_it_stands_names_no_camera() -> None:
    values = parse_env(EXAMPLE)
    assert values.problems == ()
    assert not configured(values.values)
    assert len(load(demo_values(8554, 4, values.values)).channels) == 4


@pytest.mark.parametrize("alternative", [0, 1, 2])
def test_the_example_uncommented_is_valid(alternative: int) -> None:
    found: dict[str, list[str]] = {}
    for match in ASSIGNMENT.finditer(EXAMPLE):
        found.setdefault(match["name"], []).append(match["value"])
    chosen = {name: values[min(alternative, len(values) - 1)] for name, values in found.items()}
    file = parse_env("\n".join(f"{name}={value}" for name, value in (chosen | {"DVR_IP": "192.168.1.10"}).items()))
    settings = load(file.values)
    assert file.problems == ()
    assert settings.channels[0].name == "Front door"


def test_the_example_holds_no_secret() -> None:
    values = {match["name"]: match["value"] for match in ASSIGNMENT.finditer(EXAMPLE)}
    assert [values[name] for name in ("DVR_PASS", "pass1", "SECRET_KEY")] == ["", "", ""]
