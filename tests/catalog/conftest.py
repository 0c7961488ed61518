"""A catalog and a recording folder, both new and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.catalog import FakeFolder

from mini_nvr.catalog.repository import Catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> FakeFolder:
    return FakeFolder(tmp_path / "recordings")
