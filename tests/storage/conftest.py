"""A catalog and a recording folder of files that stand for footage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kept_footage import KeptFootage


@pytest.fixture
def kept(tmp_path: Path, empty_catalog: Path) -> Iterator[KeptFootage]:
    (tmp_path / "data").mkdir()
    shutil.copyfile(empty_catalog, tmp_path / "data" / "catalog.db")
    made = KeptFootage(tmp_path)
    yield made
    made.catalog.close()
