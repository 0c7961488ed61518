"""`mini-nvr check --storage`: its table, what it says of violations, and its exit code."""

import io
import re
from datetime import UTC
from pathlib import Path

import pytest

from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.errors import CatalogError
from mini_nvr.segment.volume import create_volume
from mini_nvr.services.check_storage import EXIT_FINE, EXIT_VIOLATED, run
from tests.support.catalog import T0
from tests.support.past import write_run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an archive of three files that the catalog knows."""
    folders = {"DATA_DIR": str(tmp_path / "data"), "RECORD_DIR": str(tmp_path / "recordings")}
    made = load({**folders, "CHANNEL_1_URL": "rtsp://camera/1", "TZ": "UTC"})
    create_volume(made.record_dir)
    write_run(made.record_dir, 1, T0, [1, 1, 1], UTC)
    with Catalog.open(made.data_dir) as catalog:
        rescan(catalog, made.record_dir)
    return made


def checked(settings: Settings, *, thorough: bool = False) -> tuple[int, list[str]]:
    file = io.StringIO()
    code = run(settings, thorough=thorough, file=file, wait=lambda _: None)
    return code, file.getvalue().splitlines()


def counts(lines: list[str]) -> dict[str, tuple[int, int]]:
    """What must hold, with how much was looked at and the violations."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines]
    return {row[-3]: (int(row[-2]), int(row[-1])) for row in rows if len(row) >= 3 and row[-1].isdigit()}


@pytest.mark.parametrize("thorough", [False, True])
def test_a_healthy_archive_has_no_violation_of_any_invariant(settings: Settings, *, thorough: bool) -> None:
    code, lines = checked(settings, thorough=thorough)
    assert code == EXIT_FINE
    found = counts(lines)
    assert len(found) == len(lines) - 1 == 11
    assert {violations for _, violations in found.values()} == {0}
    assert found["each file plays, up to its last whole part"] == (3, 0)


def test_violations_are_counted_named_and_change_nothing(settings: Settings) -> None:
    files = sorted(settings.record_dir.glob("ch1/*/*.mp4"))
    for path in files[:2]:
        path.unlink()
    code, lines = checked(settings)
    assert code == EXIT_VIOLATED
    assert counts(lines)["each file has a row, each row a file"][1] == 2
    assert any(files[0].name in line and "the file is gone" in line for line in lines)
    assert "mini-nvr rescan" in lines[-1]
    assert checked(settings) == (code, lines)


def test_nothing_was_ever_recorded(tmp_path: Path) -> None:
    folders = {"DATA_DIR": str(tmp_path / "nothing"), "RECORD_DIR": str(tmp_path / "recordings")}
    with pytest.raises(CatalogError, match="nothing was recorded yet"):
        checked(load({**folders, "CHANNEL_1_URL": "rtsp://camera/1", "TZ": "UTC"}))
    assert list(tmp_path.iterdir()) == []
