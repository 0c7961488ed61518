"""Real cameras on loopback and the real program, for all end-to-end tests."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.recorder_process import RecorderProcess

MakeRecorder = Callable[..., RecorderProcess]


@pytest.fixture
def make_recorder(tmp_path: Path) -> Iterator[MakeRecorder]:
    """Makes `RecorderProcess`es in folders of their own and stops them all at the end; they are not started yet."""
    with ExitStack() as stack:

        def make(settings: Mapping[str, str], *, name: str = "nvr", command: tuple[str, ...] = ("recorder",)) -> RecorderProcess:
            process = RecorderProcess(tmp_path / name, settings, command)
            stack.callback(process.close)
            return process

        yield make
