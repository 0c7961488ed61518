"""The layer, built once for all fault tests, and how long they may take."""

from pathlib import Path

import pytest

from tests.faults.layer import build
from tests.faults.long import LONG


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that breaks disks and clocks."""
    return build(tmp_path_factory.mktemp("layer"))


@pytest.fixture(scope="session")
def long() -> bool:
    """Whether MINI_NVR_LONG=1 asks for every case, where `make test` takes samples."""
    return LONG
