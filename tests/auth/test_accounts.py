"""The door as the web service uses it, on a real catalog: each row of the security table that signing in has to do with."""

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import bcrypt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.auth.accounts import Accounts
from mini_nvr.auth.login import LoginOk, LoginRefused, LoginResult, LoginThrottled
from mini_nvr.auth.password_rules import PasswordFault, PasswordRefused
from mini_nvr.auth.passwords import Credential, HashingBusy, Passwords
from mini_nvr.auth.sessions import EndCause, Session, SessionPolicy
from mini_nvr.catalog.account_rows import UserRow
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import AuthError, CatalogError
from tests.auth.conftest import KEY, MakeAccounts
from tests.support.clock import FakeClock

PASSWORD = "violet tram 7"
NEW = "orchard bicycle 12"
HOME = "192.0.2.1"
HASHED = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


class Browser:
    """A client of the door: keeps its token, and lets a minute pass before each sign-in so that the pace never matters."""

    def __init__(self, accounts: Accounts, clock: FakeClock, address: str = HOME) -> None:
        self.accounts = accounts
        self.clock = clock
        self.address = address
        self.token: str | None = None

    def login(self, name: str = "anna", password: str = PASSWORD) -> LoginOk:
        self.clock.advance(60)
        result = self.accounts.login(name, password, self.address, "Firefox", self.clock.utc_us())
        assert isinstance(result, LoginOk)
        self.token = result.session_token
        return result

    def session(self) -> Session | None:
        return self.accounts.session(self.token, self.clock.utc_us())

    def must_be_in(self) -> Session:
        session = self.session()
        assert session is not None
        return session

    def why_ended(self) -> EndCause | None:
        return self.accounts.why_ended(self.token, self.clock.utc_us())


@pytest.fixture
def kept(store: AccountStore, clock: FakeClock) -> tuple[Accounts, str]:
    """No configured user: the first start, and its one-time password."""
    accounts = Accounts(store, [], KEY)
    password = accounts.bootstrap(clock.utc_us())
    assert password is not None
    return accounts, password


@pytest.mark.parametrize("configured", [PASSWORD, HASHED], ids=["plain", "bcrypt"])
def test_a_configured_user_signs_in(configured: str, make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(("Anna", configured)), clock)
    result = anna.login()
    assert (result.user, result.must_change, result.notices) == ("Anna", False, ())
    session = anna.must_be_in()
    assert (session.user, session.address, session.browser) == ("Anna", HOME, "Firefox")


def test_names_are_compared_without_case(make: MakeAccounts, clock: FakeClock) -> None:
    assert Browser(make(("Ännä", PASSWORD)), clock).login(" äNNä ").user == "Ännä"


# S9


def test_s9_a_csrf_token_serves_its_own_session_alone(make: MakeAccounts, clock: FakeClock) -> None:
    accounts = make()
    first, second = Browser(accounts, clock), Browser(accounts, clock)
    token, other = first.login().csrf_token, second.login().csrf_token
    session = first.must_be_in()
    assert accounts.check_csrf(session, token)
    assert accounts.csrf_token(session) == token
    for wrong in (other, session.id, first.token, "", None, "\ud800"):
        assert not accounts.check_csrf(session, wrong)


# S11


def test_s11_without_a_user_admin_gets_a_one_time_password_once(store: AccountStore, clock: FakeClock) -> None:
    accounts = Accounts(store, [], KEY)
    password = accounts.bootstrap(clock.utc_us())
    assert password is not None
    assert Accounts(store, [], KEY).bootstrap(clock.utc_us()) is None
    admin = Browser(accounts, clock)
    assert admin.login("admin", password).must_change
    session = admin.must_be_in()
    assert session.must_change
    accounts.change_password(session, password, NEW, clock.utc_us())
    assert not admin.must_be_in().must_change
    assert not Browser(accounts, clock).login("admin", NEW).must_change
    assert isinstance(accounts.login("admin", password, HOME, "", clock.utc_us()), LoginRefused)


def test_s11_two_services_that_start_together_make_one_admin(store: AccountStore, clock: FakeClock) -> None:
    found: list[str | None] = []
    threads = [threading.Thread(target=lambda: found.append(Accounts(store, [], KEY).bootstrap(clock.utc_us()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(password is not None for password in found) == 1


def test_s11_a_configured_user_means_no_admin(store: AccountStore, make: MakeAccounts, clock: FakeClock) -> None:
    assert make().bootstrap(clock.utc_us()) is None
    assert store.users() == []


def test_s11_no_password_is_kept_readable(
    kept: tuple[Accounts, str], make: MakeAccounts, clock: FakeClock, catalog: Catalog
) -> None:
    accounts, password = kept
    admin = Browser(accounts, clock)
    admin.login("admin", password)
    Browser(make(("anna", PASSWORD)), clock).login()
    catalog.close()
    content = b"".join(path.read_bytes() for path in catalog.data_dir.iterdir())
    assert password.encode() not in content
    assert PASSWORD.encode() not in content
    assert str(admin.token).encode() not in content


def test_readable_passwords_are_warned_of_at_start_without_being_shown(
    make: MakeAccounts, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    make(("anna", PASSWORD), ("ben", HASHED)).bootstrap(clock.utc_us())
    assert "the password of anna stands readable" in caplog.text
    assert "`mini-nvr user hash`" in caplog.text
    assert "ben" not in caplog.text
    assert PASSWORD not in caplog.text


def test_s11_guessable_passwords_are_warned_of_at_start(
    make: MakeAccounts, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    weak = {"ben": "password1", "katharina": "katharina7", "dora": "vK7!x"}
    make(("anna", PASSWORD), *weak.items()).bootstrap(clock.utc_us())
    assert "the password of ben, katharina, dora has fewer than 8 characters or is among the first" in caplog.text
    assert not any(password in caplog.text for password in weak.values())


@pytest.mark.parametrize("configured", [[], [("anna", HASHED)]])
def test_s11_a_one_time_password_that_nobody_used_is_recalled_at_each_start(
    configured: list[tuple[str, str]],
    kept: tuple[Accounts, str],
    store: AccountStore,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    Accounts(store, configured, KEY).bootstrap(clock.utc_us())
    assert "`mini-nvr user reset admin`" in caplog.text
    admin = Browser(kept[0], clock)
    admin.login("admin", kept[1])
    kept[0].change_password(admin.must_be_in(), kept[1], NEW, clock.utc_us())
    caplog.clear()
    Accounts(store, configured, KEY).bootstrap(clock.utc_us())
    assert caplog.text == ""


# S12


ODD_TOKENS = st.one_of(
    st.none(), st.text(), st.binary(), st.integers(), st.booleans(), st.lists(st.text()), st.from_regex(r"[A-Za-z0-9_-]{43}")
)


@pytest.fixture
def accounts(make: MakeAccounts) -> Accounts:
    return make()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ODD_TOKENS)
def test_s12_odd_tokens_open_nothing_and_raise_nothing(accounts: Accounts, token: str | None) -> None:
    assert accounts.session(token, 1) is None
    assert accounts.why_ended(token, 1) is None
    accounts.logout(token, 1)


@pytest.mark.parametrize("session_id", ["", "x", "0" * 64, "\ud800", "0" * 100_000, "' OR 1=1 --"])
def test_s12_odd_session_ids_end_nothing(session_id: str, make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    assert not anna.accounts.end_session("anna", session_id, clock.utc_us())
    assert anna.session()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text(), st.text(), st.text())
def test_s12_any_text_may_be_signed_in_with(accounts: Accounts, name: str, password: str, address: str, browser: str) -> None:
    assert not isinstance(accounts.login(name, password, address, browser, 1), LoginOk)


def test_s12_an_id_or_a_hash_does_not_serve_as_a_token(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    assert anna.accounts.session(anna.must_be_in().id, clock.utc_us()) is None


def test_s12_a_session_of_another_secret_key_is_foreign(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    anna.accounts = make(key="another key, as after a restore on another machine")
    assert anna.session() is None


# S13


def test_s13_each_sign_in_gets_a_token_of_its_own(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    tokens = {anna.login().session_token for _ in range(3)}
    assert len(tokens) == 3


def test_s13_a_session_survives_a_restart(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    anna.accounts = make()
    assert anna.session()


def test_s13_use_keeps_a_session_alive_until_it_is_twelve_hours_old(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    for _ in range(12 * 3 - 1):
        clock.advance(20 * 60)
        assert anna.session()
    clock.advance(20 * 60)
    assert anna.session() is None
    assert anna.why_ended() is EndCause.EXPIRED


def test_s13_half_an_hour_without_use_ends_a_session(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    clock.advance(30 * 60)
    assert anna.session() is None
    assert anna.why_ended() is EndCause.IDLE


def test_looking_without_touching_does_not_keep_a_session_alive(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    clock.advance(20 * 60)
    assert anna.accounts.session(anna.token, clock.utc_us(), touch=False)
    assert anna.accounts.session_alive(anna.must_be_in().id, clock.utc_us())


@pytest.mark.parametrize(("touch", "alive"), [(False, False), (True, True)])
def test_an_open_stream_may_count_as_use(touch: bool, alive: bool, make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    session_id = anna.must_be_in().id
    for _ in range(4):
        clock.advance(10 * 60)
        found = anna.accounts.session_alive(session_id, clock.utc_us(), touch=touch)
    assert found is alive


def test_s13_the_sixth_session_ends_the_oldest_and_its_owner_is_told(make: MakeAccounts, clock: FakeClock) -> None:
    accounts = make()
    ended: list[str] = []
    accounts.on_session_end(ended.append)
    browsers = [Browser(accounts, clock) for _ in range(6)]
    for browser in browsers[:5]:
        assert browser.login().notices == ()
    oldest = browsers[0].must_be_in().id
    (notice,) = browsers[5].login().notices
    assert "oldest session was ended" in notice
    assert ended == [oldest]
    assert browsers[0].session() is None
    assert browsers[0].why_ended() is EndCause.SIGNED_IN_ELSEWHERE
    assert all(browser.session() for browser in browsers[1:])
    assert len(accounts.sessions("anna", clock.utc_us())) == 5


def test_s13_two_users_racing_for_the_sixth_session(make: MakeAccounts, clock: FakeClock) -> None:
    """Eight sign-ins of one user at once, from eight places: five stay, and nobody else is touched."""
    accounts = make(("anna", PASSWORD), ("ben", NEW))
    ben = Browser(accounts, clock)
    ben.login("ben", NEW)
    for number in range(8):
        Browser(accounts, clock, f"198.51.100.{number}").login()  # each address is known from now on
    clock.advance(60)
    results: list[LoginResult] = []

    def sign_in(number: int) -> None:
        results.append(accounts.login("anna", PASSWORD, f"198.51.100.{number}", "", clock.utc_us()))

    threads = [threading.Thread(target=sign_in, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tokens = [result.session_token for result in results if isinstance(result, LoginOk)]
    assert len(tokens) == 8
    assert sum(accounts.session(token, clock.utc_us()) is not None for token in tokens) == 5
    assert ben.session()


def test_s13_signing_out_ends_the_session_at_once(make: MakeAccounts, clock: FakeClock) -> None:
    anna, other = (browsers := [Browser(make(), clock) for _ in range(2)])
    other.accounts = anna.accounts
    ended: list[str] = []
    anna.accounts.on_session_end(ended.append)
    for browser in browsers:
        browser.login()
    session_id = anna.must_be_in().id
    for _ in range(2):
        anna.accounts.logout(anna.token, clock.utc_us())
    assert ended == [session_id]
    assert not anna.accounts.session_alive(session_id, clock.utc_us())
    assert anna.session() is None
    assert anna.why_ended() is EndCause.SIGNED_OUT
    assert other.session()


def test_s13_a_new_password_ends_the_other_sessions_at_once(kept: tuple[Accounts, str], clock: FakeClock) -> None:
    accounts, password = kept
    one, two = Browser(accounts, clock), Browser(accounts, clock)
    for browser in (one, two):
        browser.login("admin", password)
    ended: list[str] = []
    accounts.on_session_end(ended.append)
    other = two.must_be_in().id
    accounts.change_password(one.must_be_in(), password, NEW, clock.utc_us())
    assert one.session()
    assert two.session() is None
    assert two.why_ended() is EndCause.PASSWORD_CHANGED
    assert ended == [other]


def test_s13_disabling_ends_sessions_at_once_and_for_good(kept: tuple[Accounts, str], clock: FakeClock) -> None:
    accounts, password = kept
    admin = Browser(accounts, clock)
    admin.login("admin", password)
    ended: list[str] = []
    accounts.on_session_end(ended.append)
    open_one = admin.must_be_in().id
    assert accounts.set_disabled("ADMIN", disabled=True, now_utc_us=clock.utc_us())
    assert ended == [open_one]
    assert admin.session() is None
    assert admin.why_ended() is EndCause.DISABLED
    clock.advance(60)
    assert isinstance(accounts.login("admin", password, HOME, "", clock.utc_us()), LoginRefused)
    assert accounts.set_disabled("admin", disabled=False, now_utc_us=clock.utc_us())
    assert admin.session() is None
    assert admin.login("admin", password).user == "admin"
    assert not accounts.set_disabled("nobody", disabled=True, now_utc_us=clock.utc_us())


@pytest.mark.parametrize(
    ("configured", "cause"),
    [
        ([("anna", NEW)], EndCause.PASSWORD_CHANGED),
        ([("ben", PASSWORD)], EndCause.DISABLED),
        ([("anna", HASHED)], EndCause.PASSWORD_CHANGED),
    ],
)
def test_s13_a_change_of_the_configuration_ends_sessions(
    configured: list[tuple[str, str]], cause: EndCause, make: MakeAccounts, clock: FakeClock
) -> None:
    anna = Browser(make(), clock)
    anna.login()
    anna.accounts = make(*configured)
    assert anna.session() is None
    assert anna.why_ended() is cause


def test_a_list_shows_open_sessions_of_the_user_alone(make: MakeAccounts, clock: FakeClock) -> None:
    accounts = make(("anna", PASSWORD), ("ben", NEW))
    anna, gone, ben = (Browser(accounts, clock) for _ in range(3))
    gone.login()
    clock.advance(31 * 60)
    anna.login()
    ben.login("ben", NEW)
    (shown,) = accounts.sessions("Anna", clock.utc_us())
    assert shown.id == anna.must_be_in().id
    assert len(accounts.sessions("anna")) == 2
    assert accounts.sessions("nobody") == []


def test_s13_nobody_ends_the_session_of_another(make: MakeAccounts, clock: FakeClock) -> None:
    accounts = make(("anna", PASSWORD), ("ben", NEW))
    anna = Browser(accounts, clock)
    anna.login()
    session_id = anna.must_be_in().id
    assert not accounts.end_session("ben", session_id, clock.utc_us())
    assert anna.session()
    assert accounts.end_session("anna", session_id, clock.utc_us())
    assert not accounts.end_session("anna", session_id, clock.utc_us())
    assert anna.why_ended() is EndCause.ENDED_ELSEWHERE


def test_the_catalog_remembers_a_bounded_number_of_sessions(
    make: MakeAccounts, clock: FakeClock, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mini_nvr.auth.accounts.KEPT_SESSIONS", 8)
    anna = Browser(make(), clock)
    for _ in range(12):
        anna.login()
    with closing(sqlite3.connect(catalog.database.path)) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (8,)
    clock.advance(31 * 86_400)
    anna.login()
    with closing(sqlite3.connect(catalog.database.path)) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


def test_a_policy_of_ones_own(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(policy=SessionPolicy(idle_s=5, per_user=1)), clock)
    anna.login()
    clock.advance(5)
    assert anna.session() is None


# S14


def test_s14_the_sixth_sign_in_of_a_minute_is_told_when_to_come_back(make: MakeAccounts, clock: FakeClock) -> None:
    accounts = make()
    results = [accounts.login("anna", PASSWORD, HOME, "", clock.utc_us() + n) for n in range(7)]
    assert [type(result) for result in results] == [LoginOk] * 5 + [LoginThrottled] * 2
    assert results[5:] == [LoginThrottled(60, tell=True), LoginThrottled(60, tell=False)]
    assert isinstance(make().login("anna", PASSWORD, HOME, "", clock.utc_us() + 8), LoginThrottled)
    assert isinstance(accounts.login("anna", PASSWORD, "192.0.2.2", "", clock.utc_us()), LoginOk)


def test_s14_while_an_account_waits_even_the_right_password_does(make: MakeAccounts, clock: FakeClock) -> None:
    accounts = make()
    for number in range(3):
        assert isinstance(accounts.login("anna", "wrong", f"192.0.2.{number}", "", clock.utc_us()), LoginRefused)
    assert accounts.login("anna", PASSWORD, "192.0.2.9", "", clock.utc_us()) == LoginThrottled(1)
    clock.advance(1)
    result = accounts.login("anna", PASSWORD, "192.0.2.9", "", clock.utc_us())
    assert isinstance(result, LoginOk)
    assert result.notices == ("3 wrong passwords were tried for this account within the last hour.",)


def test_s14_a_user_at_home_gets_in_while_strangers_guess(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    for number in range(20):
        clock.advance(1)
        anna.accounts.login("anna", "wrong", f"198.51.100.{number}", "", clock.utc_us())
    (notice,) = anna.login().notices
    assert "wrong passwords were tried" in notice


def test_s14_checking_of_current_passwords_is_paced_too(kept: tuple[Accounts, str], clock: FakeClock) -> None:
    accounts, password = kept
    admin = Browser(accounts, clock)
    admin.login("admin", password)
    session = admin.must_be_in()
    faults = []
    for _ in range(4):
        with pytest.raises(PasswordRefused) as caught:
            accounts.change_password(session, "wrong", NEW, clock.utc_us())
        faults.append(caught.value.reason)
    assert faults == [PasswordFault.WRONG_CURRENT] * 3 + [PasswordFault.THROTTLED]
    assert caught.value.retry_after_s == 1


def test_a_change_of_password_is_no_sign_in_of_the_address(kept: tuple[Accounts, str], clock: FakeClock) -> None:
    accounts, password = kept
    admin = Browser(accounts, clock)
    admin.login("admin", password)
    accounts.change_password(admin.must_be_in(), password, NEW, clock.utc_us())
    results = [accounts.login("admin", NEW, HOME, "", clock.utc_us() + n) for n in range(5)]
    assert [type(result) for result in results] == [LoginOk] * 4 + [LoginThrottled]


def test_a_sign_in_that_found_no_turn_is_no_failure(make: MakeAccounts, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = make()

    def refuse(_self: Passwords, _credential: object, _password: str) -> bool:
        raise HashingBusy("busy")

    with monkeypatch.context() as patch:
        patch.setattr(Passwords, "check", refuse)
        results = [accounts.login("anna", PASSWORD, f"192.0.2.{n}", "", clock.utc_us()) for n in range(5)]
    assert [type(result) for result in results] == [LoginThrottled] * 5
    result = accounts.login("anna", PASSWORD, "192.0.2.9", "", clock.utc_us())
    assert isinstance(result, LoginOk)
    assert result.notices == ()


# S15 (the work is counted in test_passwords.py)


def test_s15_an_unknown_name_and_a_wrong_password_are_answered_alike(make: MakeAccounts, clock: FakeClock) -> None:
    accounts = make(("anna", PASSWORD), ("ben", HASHED))
    at = clock.utc_us()
    for round_number, name in enumerate(["anna", "ben", "nobody", "", "no\x00body", "x" * 10_000]):
        answers = [accounts.login(name, "wrong", f"192.0.2.{10 * round_number + n}", "", at) for n in range(4)]
        assert answers == [LoginRefused(), LoginRefused(), LoginRefused(), LoginThrottled(1)]


def test_s15_whoever_asks_one_password_is_checked(
    kept: tuple[Accounts, str], make: MakeAccounts, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an account, too: a name that is answered without the work of hashing is told apart by the time."""
    kept[0].set_disabled("admin", disabled=True, now_utc_us=clock.utc_us())
    accounts, checked, check = make(("anna", PASSWORD)), list[str](), Passwords.check

    def recorded(self: Passwords, credential: Credential | None, password: str) -> bool:
        checked.append(password)
        return check(self, credential, password)

    monkeypatch.setattr(Passwords, "check", recorded)
    for number, name in enumerate(["anna", "nobody", "", "no\x00body", "admin", "\ud800", "x" * 300]):
        assert accounts.login(name, f"wrong {number}", f"192.0.2.{number}", "", clock.utc_us()) == LoginRefused()
        assert checked == [f"wrong {earlier}" for earlier in range(number + 1)]


# S16


@pytest.mark.parametrize("password", ["x" * 73, "ä" * 64, "x" * 100_000, "\ud800" * 10, "", "\x00"])
@pytest.mark.parametrize("configured", [PASSWORD, HASHED], ids=["plain", "bcrypt"])
def test_s16_odd_passwords_are_refused_like_any_other(configured: str, password: str, make: MakeAccounts, clock: FakeClock) -> None:
    assert make(("anna", configured)).login("anna", password, HOME, "", clock.utc_us()) == LoginRefused()


# Passwords


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("short", PasswordFault.TOO_SHORT),
        ("x" * 129, PasswordFault.TOO_LONG),
        ("password1", PasswordFault.COMMON),
        ("admin-admin", PasswordFault.NAME),
        ("the same", PasswordFault.SAME),
    ],
)
def test_a_new_password_is_refused_with_a_reason(
    new: str, reason: PasswordFault, kept: tuple[Accounts, str], clock: FakeClock
) -> None:
    accounts, password = kept
    admin = Browser(accounts, clock)
    admin.login("admin", password)
    with pytest.raises(PasswordRefused) as caught:
        accounts.change_password(admin.must_be_in(), password, password if new == "the same" else new, clock.utc_us())
    assert caught.value.reason is reason
    assert new not in str(caught.value)
    assert admin.must_be_in().must_change


def test_a_configured_user_is_sent_to_the_configuration(make: MakeAccounts, clock: FakeClock) -> None:
    anna = Browser(make(), clock)
    anna.login()
    with pytest.raises(PasswordRefused, match="stands in the configuration.*mini-nvr user hash") as caught:
        anna.accounts.change_password(anna.must_be_in(), PASSWORD, NEW, clock.utc_us())
    assert caught.value.reason is PasswordFault.CONFIGURED


def test_a_name_that_is_configured_and_kept_is_the_configured_one(
    kept: tuple[Accounts, str], make: MakeAccounts, clock: FakeClock
) -> None:
    accounts = make(("admin", PASSWORD))
    assert isinstance(accounts.login("admin", kept[1], HOME, "", clock.utc_us()), LoginRefused)
    assert Browser(accounts, clock).login("admin", PASSWORD).must_change is False


def test_a_reset_gives_a_one_time_password_and_ends_sessions_of_other_processes(
    kept: tuple[Accounts, str], make: MakeAccounts, clock: FakeClock
) -> None:
    web, first = kept
    admin = Browser(web, clock)
    admin.login("admin", first)
    command_line = make(("anna", PASSWORD))
    second = command_line.reset_password("Admin", clock.utc_us())
    assert admin.session() is None
    assert admin.why_ended() is EndCause.PASSWORD_CHANGED
    assert admin.login("admin", second).must_change
    with pytest.raises(AuthError, match="no account 'nobody'; accounts kept by Mini-NVR: admin"):
        command_line.reset_password("nobody", clock.utc_us())
    with pytest.raises(AuthError, match="stands in the configuration"):
        command_line.reset_password("anna", clock.utc_us())


def test_a_hash_of_an_earlier_version_is_renewed_and_sessions_live_on(store: AccountStore, clock: FakeClock) -> None:
    import argon2  # noqa: PLC0415

    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert store.add_first_user(UserRow("anna", "anna", old, False, False, 1, 1))
    accounts = Accounts(store, [], KEY)
    first, second = Browser(accounts, clock), Browser(accounts, clock)
    first.login()
    found = store.user("anna")
    assert found is not None
    assert found.password_hash != old
    second.login()
    assert first.session()


def test_a_configured_name_that_nobody_can_type_is_an_error(store: AccountStore) -> None:
    with pytest.raises(AuthError, match="invisible"):
        Accounts(store, [("an\u200bna", PASSWORD)], KEY)


def test_a_catalog_that_cannot_be_written_costs_no_request(
    make: MakeAccounts, clock: FakeClock, store: AccountStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    anna = Browser(make(), clock)
    anna.login()

    def refuse(_id: str, _now: int) -> None:
        raise CatalogError("disk full")

    monkeypatch.setattr(store, "touch", refuse)
    clock.advance(120)
    assert anna.session()
    assert "disk full" in caplog.text


def test_no_secret_is_logged(kept: tuple[Accounts, str], clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    accounts, password = kept
    admin = Browser(accounts, clock)
    admin.login("admin", password)
    accounts.change_password(admin.must_be_in(), password, NEW, clock.utc_us())
    for secret in (password, NEW, str(admin.token), KEY):
        assert secret not in caplog.text


def test_may_watch_is_asked_in_one_place(make: MakeAccounts) -> None:
    assert make().may_watch("anna", 1)
    assert not make().may_watch("", 1)
    assert not make().may_watch("anna", 0)


def test_accounts_outlive_a_rescan(tmp_path: Path) -> None:
    """Only what files can tell is made anew."""
    from mini_nvr.catalog.rescan import rescan  # noqa: PLC0415

    (tmp_path / "recordings").mkdir()
    with Catalog.open(tmp_path / "data") as catalog:
        store = AccountStore(catalog.database)
        password = Accounts(store, [], KEY).bootstrap(1)
        rescan(catalog, tmp_path / "recordings")
        assert password is not None
        assert isinstance(Accounts(store, [], KEY).login("admin", password, HOME, "", 2), LoginOk)
