"""A catalog and a recording folder of files that stand for footage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_nvr.catalog.repository import Catalog
from tests.support.kept_footage import KeptFootage


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty catalog, migrated once for all tests."""
    data_dir = tmp_path_factory.mktemp("template")
    Catalog.open(data_dir).close()
    return data_dir / "catalog.db"


@pytest.fixture
def kept(tmp_path: Path, empty_catalog: Path) -> Iterator[KeptFootage]:
    (tmp_path / "data").mkdir()
    shutil.copyfile(empty_catalog, tmp_path / "data" / "catalog.db")
    made = KeptFootage(tmp_path)
    yield made
    made.catalog.close()
