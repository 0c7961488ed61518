"""The layer, built once for all fault tests, and how long they may take."""

import os
from pathlib import Path

import pytest

from tests.faults.layer import build


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that breaks disks and clocks."""
    return build(tmp_path_factory.mktemp("layer"))


@pytest.fixture(scope="session")
def long() -> bool:
    """Whether MINI_NVR_LONG=1 asks for every case, where `make test` takes samples."""
    return os.environ.get("MINI_NVR_LONG") == "1"  # noqa: TID251  a switch of the tests, not of the program
