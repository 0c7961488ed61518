"""Catalogs and recording folders, new and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_nvr.catalog.repository import Catalog
from tests.support.archive import Archive


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path)
    yield made
    made.catalog.close()
