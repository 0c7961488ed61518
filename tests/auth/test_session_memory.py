"""A session that was looked up is believed without the database, and not a request longer than it is true (SECURITY S13)."""

from collections.abc import Callable

import pytest

from mini_nvr.auth import session_memory
from mini_nvr.auth.accounts import Accounts
from mini_nvr.auth.login import LoginOk
from mini_nvr.auth.sessions import SessionPolicy, session_id
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.catalog.repository import Catalog
from tests.auth.conftest import MakeAccounts
from tests.support.clock import FakeClock

PASSWORD = "violet tram 7"
POLICY = SessionPolicy(idle_s=90, absolute_s=600, touch_s=60)


class Door:
    """Accounts, and the token of somebody who signed in and was looked up once."""

    def __init__(self, accounts: Accounts, clock: FakeClock, name: str = "anna", password: str = PASSWORD) -> None:
        self.accounts, self.clock = accounts, clock
        result = accounts.login(name, password, "192.0.2.1", "Firefox", clock.utc_us())
        assert isinstance(result, LoginOk)
        self.token = result.session_token
        assert self.remembered() is None, "nobody looked yet"
        self.looked = accounts.session(self.token, clock.utc_us())
        assert self.looked is not None

    def remembered(self) -> object:
        return self.accounts.remembered(self.token, self.clock.utc_us())


@pytest.fixture
def door(make: MakeAccounts, clock: FakeClock) -> Door:
    return Door(make(policy=POLICY), clock)


def test_it_is_what_was_looked_up_without_a_question(door: Door, store: AccountStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccountStore, "session", None)
    assert door.remembered() == door.looked


@pytest.mark.parametrize(
    "end",
    [
        lambda door, _: door.accounts.logout(door.token, door.clock.utc_us()),
        lambda door, _: door.accounts.end_session("anna", session_id(door.token) or "", door.clock.utc_us()),
        lambda door, other: other.logout(door.token, door.clock.utc_us()),
        lambda door, other: other.end_session("anna", session_id(door.token) or "", door.clock.utc_us()),
    ],
    ids=["signed out", "ended", "signed out by another process", "ended by another process"],
)
def test_s13_an_ended_session_is_not_remembered(
    door: Door, catalog: Catalog, make: MakeAccounts, end: Callable[[Door, Accounts], None]
) -> None:
    with Catalog.open(catalog.data_dir) as theirs:
        other = Accounts(AccountStore(theirs.database), [("anna", PASSWORD)], "another key")
        end(door, other)
    assert door.remembered() is None
    assert door.accounts.session(door.token, door.clock.utc_us()) is None
    assert door.remembered() is None


def test_s13_a_reset_password_and_a_shut_account_end_what_is_remembered(store: AccountStore, clock: FakeClock) -> None:
    accounts = Accounts(store, [], "k" * 32)
    door = Door(accounts, clock, "admin", accounts.bootstrap(clock.utc_us()) or "")
    assert door.remembered() == door.looked
    password = accounts.reset_password("admin", clock.utc_us())
    assert door.remembered() is None
    clock.advance(60)
    door = Door(accounts, clock, "admin", password)
    assert door.remembered() == door.looked
    accounts.set_disabled("admin", disabled=True, now_utc_us=clock.utc_us())
    assert door.remembered() is None
    assert accounts.session(door.token, clock.utc_us()) is None


def test_s13_time_alone_ends_it(door: Door) -> None:
    door.clock.advance(59)
    assert door.remembered() == door.looked
    door.clock.advance(1)
    assert door.remembered() is None, "its use is due to be stored"
    door.clock.advance(30)
    assert door.remembered() is None
    assert door.accounts.session(door.token, door.clock.utc_us()) is None


def test_a_clock_that_went_back_is_asked_about(door: Door) -> None:
    assert door.accounts.remembered(door.token, door.clock.utc_us() - 3_600_000_000) is None


def test_while_the_state_cannot_be_told_nothing_is_remembered(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccountStore, "mark", lambda _: None)
    assert door.remembered() is None
    assert door.accounts.session(door.token, door.clock.utc_us()) == door.looked


def test_what_was_read_before_a_change_is_never_believed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process ends the session between our look and the copy."""
    look = AccountStore.session
    ended = False

    def look_and_end(store: AccountStore, wanted: str) -> object:
        nonlocal ended
        found = look(store, wanted)
        if not ended:
            ended = True
            store.end_session("anna", wanted, door.clock.utc_us(), "signed out")
        return found

    monkeypatch.setattr(AccountStore, "session", look_and_end)
    assert door.accounts.session(door.token, door.clock.utc_us()) is not None, "it was valid when it was read"
    assert door.remembered() is None


@pytest.mark.parametrize("token", [None, "", "x" * 43, "'; --", "\x00" * 43])
def test_s12_an_odd_token_is_nothing(door: Door, token: str | None) -> None:
    assert door.accounts.remembered(token, door.clock.utc_us()) is None


def test_the_copies_are_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_memory, "MOST", 1)
    memory = session_memory.SessionMemory()
    mark = ((1, 1), 1, 1)
    for name in ("a", "b"):
        memory.put(name, None, mark)  # type: ignore[arg-type]  # what is kept does not matter here
    assert "a" not in memory
    assert "b" in memory
