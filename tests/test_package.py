"""What is installed: the wheel holds the built viewer, so that installing it needs no Node, and nothing that only builds it."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.support.viewer import SCRIPT, write_viewer

ROOT = Path(__file__).parents[1]
NEEDED = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore")


def build(folder: Path, target: str) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", target], cwd=folder, check=True, capture_output=True)


def test_the_wheel_holds_the_viewer(tmp_path: Path) -> None:
    for name in NEEDED:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "viewer"))
    write_viewer(tmp_path / "src/mini_nvr/api/viewer")
    build(tmp_path, "sdist")
    (source,) = (tmp_path / "dist").glob("*.tar.gz")
    shutil.unpack_archive(source, tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    build(unpacked, "wheel")  # as pip does it with a source package
    (wheel,) = (unpacked / "dist").glob("*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"mini_nvr/api/viewer/index.html", f"mini_nvr/api/viewer{SCRIPT}", "mini_nvr/api/examples.md"} <= names
    assert all(name.startswith(("mini_nvr/", "mini_nvr-")) for name in names)
    assert not any("node_modules" in name or name.endswith((".ts", ".svelte")) for name in names)
