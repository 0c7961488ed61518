"""The store of accounts: what its transactions promise when several threads and processes use it at once."""

import threading
from dataclasses import replace

import pytest

from mini_nvr.catalog.account_rows import AuditRow, SessionRow, ThrottleRow, UserRow
from mini_nvr.catalog.accounts import AccountStore, Throttles
from mini_nvr.catalog.repository import Catalog

ANNA = UserRow("anna", "Anna", "hash", True, False, 1, 1)
FIRST = SessionRow("a" * 64, "anna", "Anna", "one", 1, 1, "192.0.2.1", "Firefox")


@pytest.fixture
def store(catalog: Catalog) -> AccountStore:
    return AccountStore(catalog.database)


def add(store: AccountStore, session: SessionRow, surplus: tuple[str, ...] = (), keep: int = 100, before: int = 0) -> list[str]:
    return store.add_session(session, lambda _: surplus, end_cause="made room", keep=keep, forget_before_utc_us=before)


def test_only_the_first_user_is_added(store: AccountStore) -> None:
    assert store.add_first_user(ANNA)
    assert not store.add_first_user(replace(ANNA, key="ben"))
    assert store.users() == [ANNA]
    assert store.user("anna") == ANNA
    assert store.user("ben") is None


def test_a_session_comes_with_its_account_if_there_is_one(store: AccountStore) -> None:
    add(store, FIRST)
    assert store.session(FIRST.id) == (FIRST, None)
    store.add_first_user(ANNA)
    assert store.session(FIRST.id) == (FIRST, ANNA)
    assert store.session("b" * 64) is None


def test_a_password_changes_together_with_what_it_ends(store: AccountStore) -> None:
    store.add_first_user(ANNA)
    others = [replace(FIRST, id=letter * 64) for letter in "bc"]
    of_ben = replace(FIRST, id="d" * 64, user_key="ben")
    for session in (FIRST, *others, of_ben):
        add(store, session)
    keep = (FIRST.id, "two")
    ended = store.set_password("anna", "new", must_change=False, now_utc_us=5, end_cause="changed", keep=keep)
    assert ended == [other.id for other in others]
    assert store.user("anna") == replace(ANNA, password_hash="new", must_change=False, changed_utc_us=5)
    assert store.sessions("anna") == [replace(FIRST, credential="two")]
    assert store.sessions("ben") == [of_ben]
    found = store.session(others[0].id)
    assert found is not None
    assert (found[0].ended_utc_us, found[0].end_cause) == (5, "changed")


def test_what_is_not_there_is_not_changed(store: AccountStore) -> None:
    assert store.set_password("nobody", "new", must_change=False, now_utc_us=5, end_cause="changed") is None
    assert store.set_disabled("nobody", disabled=True, now_utc_us=5, end_cause="disabled") is None
    assert not store.end_session("anna", FIRST.id, 5, "signed out")


def test_a_hash_is_renewed_unless_the_password_changed_meanwhile(store: AccountStore) -> None:
    store.add_first_user(ANNA)
    store.rehash("anna", "another", "never")
    assert store.user("anna") == ANNA
    store.rehash("anna", "hash", "renewed")
    assert store.user("anna") == replace(ANNA, password_hash="renewed")


def test_a_session_that_ended_stays_as_it_was(store: AccountStore) -> None:
    add(store, FIRST)
    assert store.end_session("anna", FIRST.id, 5, "signed out")
    assert not store.end_session("anna", FIRST.id, 6, "again")
    store.touch(FIRST.id, 7)
    found = store.session(FIRST.id)
    assert found is not None
    assert (found[0].last_seen_utc_us, found[0].ended_utc_us, found[0].end_cause) == (1, 5, "signed out")
    assert store.sessions("anna") == []


def test_room_is_made_in_the_transaction_that_needs_it(store: AccountStore) -> None:
    add(store, FIRST)
    seen: list[SessionRow] = []

    def surplus(rows: object) -> list[str]:
        assert isinstance(rows, list)
        seen.extend(rows)
        return [FIRST.id]

    second = replace(FIRST, id="b" * 64, since_utc_us=9)
    ended = store.add_session(second, surplus, end_cause="made room", keep=100, forget_before_utc_us=0)
    assert (seen, ended) == ([FIRST], [FIRST.id])
    assert store.sessions("anna") == [second]


def test_old_sessions_are_forgotten(store: AccountStore) -> None:
    for number in range(5):
        add(store, replace(FIRST, id=f"{number:064}", last_seen_utc_us=number), keep=3)
    assert [row.last_seen_utc_us for row in store.sessions("anna")] == [2, 3, 4]
    add(store, replace(FIRST, id="f" * 64, last_seen_utc_us=9), before=4)
    assert [row.last_seen_utc_us for row in sorted(store.sessions("anna"), key=lambda row: row.last_seen_utc_us)] == [4, 9]


def test_an_address_is_known_once_somebody_signed_in_from_it(store: AccountStore) -> None:
    add(store, FIRST)
    store.end_session("anna", FIRST.id, 5, "signed out")
    assert store.knows_address("anna", "192.0.2.1")
    assert not store.knows_address("anna", "192.0.2.2")
    assert not store.knows_address("ben", "192.0.2.1")


def test_counters_are_kept_whole(store: AccountStore) -> None:
    row = ThrottleRow((-1, 0, 1 << 62), 7)
    change = store.change_throttles(["a"], lambda _: ("verdict", {"a": row}), keep=10, forget_before_utc_us=0)
    assert change == "verdict"
    assert store.throttles(["a", "b"]) == {"a": row, "b": ThrottleRow()}
    store.change_throttles(["a"], lambda _: (None, {"a": ThrottleRow()}), keep=10, forget_before_utc_us=0)
    assert store.throttles(["a"]) == {"a": ThrottleRow()}


def test_nobody_changes_a_counter_between_the_look_and_the_change(store: AccountStore) -> None:
    def count(rows: Throttles) -> tuple[int, Throttles]:
        streak = rows["a"].streak + 1
        return streak, {"a": ThrottleRow((1,), streak)}

    def many() -> None:
        for _ in range(10):
            store.change_throttles(["a"], count, keep=10, forget_before_utc_us=0)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.throttles(["a"])["a"].streak == 40


def test_a_decision_that_raises_changes_nothing(store: AccountStore) -> None:
    def fail(_: Throttles) -> tuple[None, Throttles]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change_throttles(["a"], fail, keep=10, forget_before_utc_us=0)
    assert store.throttles(["a"]) == {"a": ThrottleRow()}


def test_audit_records_are_bounded(store: AccountStore) -> None:
    for number in range(7):
        store.add_audit(AuditRow(number, "login", "anna", "192.0.2.1", "", ""), keep=3)
    assert [row.at_utc_us for row in store.audit(10)] == [6, 5, 4]
    assert [row.at_utc_us for row in store.audit(1)] == [6]


@pytest.mark.parametrize("text", ["'; DROP TABLE users; --", 'x" OR "1"="1', "%", "_"])
def test_s7_names_are_values_never_sql(text: str, store: AccountStore) -> None:
    store.add_first_user(replace(ANNA, key=text, name=text))
    assert store.user(text) is not None
    assert store.user(text + "x") is None
    assert store.user("anna") is None
    store.add_audit(AuditRow(1, text, text, text, text, text), keep=10)
    assert store.audit(1)[0].target == text
