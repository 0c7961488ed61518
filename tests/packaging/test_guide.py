"""What docker.md and upgrade.md tell a reader to type is tried, as far as it can be without a container engine: here is where."""

import ast
from pathlib import Path

import pytest

from tests.docs.markdown import document

ROOT = Path(__file__).parents[2]
IMAGE = "tests/image/check_image.py"
STARTED = f"{IMAGE}::test_s18_it_records_as_nobody_special_and_ends_in_time"
TRIED = {
    "cp .env.example .env": "tests/first_run/steps.py",
    "docker compose up -d --build": STARTED,
    "docker build -t mini-nvr .": "tests/image/provide-image",
    "docker run --rm -p 2126:2126 mini-nvr run --demo": f"{IMAGE}::test_demo_mode_needs_no_env",
    "docker compose run --rm --no-deps mini-nvr user hash": f"{IMAGE}::test_a_hash_for_env_is_made_in_it",
    "docker compose down --rmi all": STARTED,
    "stat -c '%u %g' recordings": "packaging/own-folders",
    "sudo chown -R mini-nvr:mini-nvr /mnt/footage": "packaging/own-folders",
    "git pull": "tests/catalog/test_migrations.py",
}


@pytest.mark.parametrize("page", ["docker.md", "upgrade.md"])
def test_every_command_is_tried_somewhere(page: str) -> None:
    commands = set(document(ROOT / "docs/guide" / page).shell_commands())
    assert commands <= TRIED.keys()


@pytest.mark.parametrize("place", sorted(set(TRIED.values())))
def test_where_it_is_tried_exists(place: str) -> None:
    file, _, name = place.partition("::")
    text = (ROOT / file).read_text()
    assert not name or name in {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
