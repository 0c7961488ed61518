"""A catalog, new and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_nvr.catalog.repository import Catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "data") as opened:
        yield opened
