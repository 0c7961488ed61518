"""The layer, built once for all fault tests."""

from pathlib import Path

import pytest

from tests.faults.layer import build


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that breaks disks and clocks."""
    return build(tmp_path_factory.mktemp("layer"))
