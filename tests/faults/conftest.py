"""The layer, built once for all fault tests, the programs that run under it, and how long they may take."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from tests.faults.layer import build
from tests.faults.long import LONG
from tests.faults.steps import Steps


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that breaks disks and clocks."""
    return build(tmp_path_factory.mktemp("layer"))


@pytest.fixture(scope="session")
def long() -> bool:
    """Whether MINI_NVR_LONG=1 asks for every case, where `make test` takes samples."""
    return LONG


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated, and filled from an empty folder, once for all; the very first start has a test of its own."""
    data_dir = tmp_path_factory.mktemp("template")
    with Catalog.open(data_dir) as catalog:
        rescan(catalog, tmp_path_factory.mktemp("nothing"))
    return data_dir / "catalog.db"


@pytest.fixture
def steps(layer: Path, tmp_path: Path, empty_catalog: Path, request: pytest.FixtureRequest) -> Iterator[Steps]:
    """The stepped program; the parameter: `Steps.below`."""
    with closing(Steps(layer, tmp_path, empty_catalog, request.param)) as steps:
        yield steps
