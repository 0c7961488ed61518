"""An account store in a new catalog, and accounts on it."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mini_nvr.auth.accounts import Accounts
from mini_nvr.auth.sessions import SessionPolicy
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.catalog.repository import Catalog
from tests.support.clock import FakeClock

KEY = "k" * 20 + "3y-for-tests-alone-0123456789"
MakeAccounts = Callable[..., Accounts]


@pytest.fixture
def catalog(tmp_path: Path, empty_catalog: Path) -> Iterator[Catalog]:
    (tmp_path / "data").mkdir()
    shutil.copyfile(empty_catalog, tmp_path / "data" / "catalog.db")
    with Catalog.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def store(catalog: Catalog) -> AccountStore:
    return AccountStore(catalog.database)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(store: AccountStore) -> MakeAccounts:
    """Accounts as a start of the web service makes them; called twice: a restart."""

    def make_accounts(*configured: tuple[str, str], key: str = KEY, policy: SessionPolicy | None = None) -> Accounts:
        users: Sequence[tuple[str, str]] = configured or [("anna", "violet tram 7")]
        return Accounts(store, users, key, policy)

    return make_accounts
