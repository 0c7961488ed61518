"""What holds for all tests: Hypothesis without a clock, the order of the files, and which of them stay together."""

import pytest
from hypothesis import settings

# Tests are not timed; speed lives in benchmarks/. On CI the parent is Hypothesis' own profile: the same examples in each run.
settings.register_profile("product", parent=settings.default, deadline=None)
settings.load_profile("product")

BROWSER = "tests/e2e/viewer/"
REAL_TIME = ("tests/e2e/", "tests/faults/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests come last: the program and the cameras that they share run until the session ends, and would slow the others.

    Between several workers (`--numprocesses 2 --dist loadgroup`) a file is never split, nor are the tests of the recorded minute.
    What takes real time comes first there, so that small files fill up the end.
    """
    items.sort(key=lambda item: item.nodeid.startswith(BROWSER))
    if config.getoption("numprocesses", None) is None and not hasattr(config, "workerinput"):
        return
    items.sort(key=lambda item: not item.nodeid.startswith(REAL_TIME))
    for item in items:
        shared = "minute" if "minute" in getattr(item, "fixturenames", ()) else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(shared))
