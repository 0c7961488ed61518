"""A catalog and a recording folder, both new and empty."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mini_nvr.catalog.repository import Catalog
from tests.support.catalog import FakeFolder


@pytest.fixture
def catalog(tmp_path: Path, empty_catalog: Path) -> Iterator[Catalog]:
    (tmp_path / "data").mkdir()
    shutil.copyfile(empty_catalog, tmp_path / "data" / "catalog.db")
    with Catalog.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> FakeFolder:
    return FakeFolder(tmp_path / "recordings")


@pytest.fixture
def unreadable(folder: FakeFolder, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make one folder of recordings unreadable, also for root."""
    scandir = os.scandir

    def refuse(name: str) -> None:
        def scan(path: Path) -> "os._ScandirIterator[str]":
            if path == folder.root / name:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return scandir(str(path))

        monkeypatch.setattr(os, "scandir", scan)

    return refuse
