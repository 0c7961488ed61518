"""A web service over new folders."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from mini_nvr.auth import passwords
from tests.support.web import Browser, Web, make_web


@pytest.fixture
def folder(tmp_path: Path, empty_catalog: Path) -> Path:
    (tmp_path / "data").mkdir()
    shutil.copyfile(empty_catalog, tmp_path / "data" / "catalog.db")
    return tmp_path


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts a web service and signs in; what a hash has to cost is for the tests of `mini_nvr.auth`."""
    monkeypatch.setattr(passwords, "_argon2", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def web(folder: Path) -> AsyncIterator[Web]:
    made = make_web(folder)
    yield made
    for client in made.clients:
        await client.aclose()
    made.catalog.close()


@pytest.fixture
async def browser(web: Web) -> Browser:
    """Signed in as the first user."""
    return await web.signed_in()


@pytest.fixture
def anonymous(web: Web) -> Iterator[Browser]:
    yield web.client()
