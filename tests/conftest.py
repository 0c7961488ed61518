"""What holds for all tests: Hypothesis without a clock, the order of the files, which of them stay together, an empty catalog."""

from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling

from mini_nvr.catalog.repository import Catalog

# Tests are not timed; speed lives in benchmarks/. On CI the parent is Hypothesis' own profile: the same examples in each run.
settings.register_profile("product", parent=settings.default, deadline=None)
settings.load_profile("product")

BROWSER = "tests/e2e/viewer/"
REAL_TIME = ("tests/e2e/", "tests/faults/")
OF_THE_MINUTE = {f"tests/e2e/{name}.py" for name in ("test_files_play", "test_frame_exact", "test_playback")}
"""Their tests share what `minute` recorded, which takes as long as its name says."""


class WholeFiles(LoadFileScheduling):  # type: ignore[misc]  # xdist comes without types
    """`--dist loadfile` that gives the recorded minute to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "minute" if file in OF_THE_MINUTE else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles:
    return WholeFiles(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests come last: the program and the cameras that they share run until the session ends, and would slow the others.

    With several workers, what takes real time comes first, so that small files fill up the end.
    """
    items.sort(key=lambda item: item.nodeid.startswith(BROWSER))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(REAL_TIME))


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty catalog, migrated once for all tests."""
    data_dir = tmp_path_factory.mktemp("template")
    Catalog.open(data_dir).close()
    return data_dir / "catalog.db"
