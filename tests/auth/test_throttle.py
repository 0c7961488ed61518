"""The pace of guessing: tables for the decisions, real rows for what they add up to."""

import threading
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.auth import throttle
from mini_nvr.auth.throttle import Attempt, LoginThrottle, Quiet, account_wait_us, address_key, address_wait_us, delay_us, name_key
from mini_nvr.catalog.account_rows import ThrottleRow
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import US_PER_S

T = 1_772_371_800 * US_PER_S
S = US_PER_S
HOUR = 3_600 * S


@pytest.mark.parametrize(
    ("ages_s", "wait_s"),
    [
        ([], 0),
        ([50, 40, 30, 20], 0),
        ([50, 40, 30, 20, 10], 10),
        ([61, 40, 30, 20, 10], 0),
        ([60, 40, 30, 20, 10], 0),
        ([59, 40, 30, 20, 0], 1),
        ([0, 0, 0, 0, 0], 60),
        ([-15, -15, -15, -15, -15], 0),  # the clock was set back
        ([3, 2, 1, 0, -1], 57),  # counted in another order than they read the clock in
    ],
)
def test_s14_five_attempts_a_minute_and_address(ages_s: list[int], wait_s: int) -> None:
    row = ThrottleRow(tuple(T - age * S for age in ages_s), len(ages_s))
    assert address_wait_us(row, T) == wait_s * S


@pytest.mark.parametrize(
    ("streak", "delay_s"),
    [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 4), (6, 8), (7, 16), (8, 32), (9, 60), (10, 60), (100, 60), (10**6, 60)],
)
def test_s14_the_delay_grows_with_each_failure_in_a_row(streak: int, delay_s: int) -> None:
    assert delay_us(streak) == delay_s * S


@pytest.mark.parametrize(
    ("ages_s", "streak", "wait_s"),
    [
        ([], 0, 0),
        ([0], 1, 0),
        ([2, 1, 0], 3, 1),
        ([3, 2, 1], 3, 0),
        ([4, 2, 1], 5, 3),
        ([1], 9, 59),
        ([-30], 9, 0),  # the clock was set back
        ([-1], 4, 3),
        ([35 * age for age in range(100, 0, -1)], 0, 100),  # a hundred in the hour, though none in a row
        ([36 * age for age in range(100, 0, -1)], 0, 0),
    ],
)
def test_s14_an_account_waits_for_the_longer_of_delay_and_hour(ages_s: list[int], streak: int, wait_s: int) -> None:
    row = ThrottleRow(tuple(T - age * S for age in ages_s), streak)
    assert account_wait_us(row, T) == wait_s * S


@pytest.mark.parametrize(("names", "addresses", "admitted"), [(12, 1, 5), (1, 12, 3)])
@given(order=st.permutations(range(12)))
def test_s14_a_burst_that_is_counted_out_of_order_gains_nothing(
    names: int, addresses: int, admitted: int, order: list[int]
) -> None:
    """Each attempt reads the clock first and is counted when its turn comes."""
    rows: defaultdict[str, ThrottleRow] = defaultdict(ThrottleRow)
    let_through = 0
    for number in order:
        now, name, address = T + number * 1_000, f"n{number % names}", f"a{number % addresses}"
        if account_wait_us(rows[name], now) or address_wait_us(rows[address], now):
            continue
        let_through += 1
        rows[name] = throttle.counted(rows[name], now, throttle.PER_ACCOUNT, throttle.ACCOUNT_WINDOW_US)
        rows[address] = throttle.counted(rows[address], now, throttle.PER_ADDRESS, throttle.ADDRESS_WINDOW_US)
    assert let_through == admitted


@given(st.lists(st.integers(0, 90), min_size=150, max_size=300), st.integers(0, 9))
def test_s14_no_hour_ever_holds_more_than_a_hundred_failures(pauses_s: list[int], success_every: int) -> None:
    """Whatever the rhythm, and although successes in between end the streak."""
    row, now, counted = ThrottleRow(), T, []
    for turn, pause in enumerate(pauses_s):
        now += pause * S
        if account_wait_us(row, now):
            continue
        row = throttle.counted(row, now, throttle.PER_ACCOUNT, throttle.ACCOUNT_WINDOW_US)
        if success_every and turn % success_every == 0:
            row = throttle.forgiven(row, now)
        else:
            counted.append(now)
    for start in counted:
        assert sum(start <= instant < start + HOUR for instant in counted) <= 100


def test_a_steady_guesser_gets_about_one_try_a_minute() -> None:
    row, tries = ThrottleRow(), 0
    for now in range(T, T + HOUR, S):
        if not account_wait_us(row, now):
            row = throttle.counted(row, now, throttle.PER_ACCOUNT, throttle.ACCOUNT_WINDOW_US)
            tries += 1
    assert tries == 67


@given(st.lists(st.integers(T - 2 * HOUR, T + 2 * HOUR), max_size=120), st.integers(0, 200))
def test_waits_are_never_longer_than_the_window_and_rows_stay_short(instants: list[int], streak: int) -> None:
    row = ThrottleRow(tuple(instants), streak)
    assert 0 <= address_wait_us(row, T) <= 60 * S
    assert account_wait_us(row, T) <= HOUR
    assert len(throttle.counted(row, T, 5, 60 * S).instants) <= 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("testclient", "testclient", True),
        ("testclient", "", False),
        ("\ud800", "\udfff", False),
    ],
)
def test_s14_one_counter_for_what_one_host_can_call_itself(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same


@given(st.text(), st.text())
def test_keys_take_any_text(name: str, address: str) -> None:
    assert len(name_key(name, address)) < 150


def test_s14_the_sixth_in_a_minute_waits_and_survives_a_restart(store: AccountStore) -> None:
    for second in range(5):
        assert isinstance(LoginThrottle(store).admit(f"user{second}", "192.0.2.1", T + second * S), Attempt)
    assert LoginThrottle(store).admit("other", "192.0.2.1", T + 10 * S) == 50
    assert isinstance(LoginThrottle(store).admit("other", "192.0.2.9", T + 10 * S), Attempt)
    assert isinstance(LoginThrottle(store).admit("other", "192.0.2.1", T + 60 * S), Attempt)


def test_s14_asking_while_waiting_does_not_prolong_the_wait(store: AccountStore) -> None:
    limit = LoginThrottle(store)
    for number in range(5):
        limit.admit(f"user{number}", "192.0.2.1", T)
    waits = [limit.admit("ben", "192.0.2.1", T + second * S) for second in range(1, 60)]
    assert waits == list(range(59, 0, -1))
    assert isinstance(limit.admit("ben", "192.0.2.1", T + 60 * S), Attempt)


def test_s14_a_refusal_needs_no_writing(store: AccountStore, catalog: Catalog) -> None:
    """A flood must not stand in the recorder's way: while somebody else writes, it is refused all the same."""
    limit = LoginThrottle(store)
    for number in range(5):
        limit.admit(f"user{number}", "192.0.2.1", T)
    with catalog.database.write():
        assert limit.admit("anna", "192.0.2.1", T) == 60


def test_s14_a_burst_in_parallel_gains_nothing(store: AccountStore) -> None:
    limit = LoginThrottle(store)
    found: list[Attempt | int] = []
    threads = [threading.Thread(target=lambda: found.append(limit.admit("anna", "192.0.2.1", T))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, Attempt) for result in found) == 3  # then the account's delay begins


def test_s14_the_delay_of_an_account_does_not_depend_on_the_address(store: AccountStore) -> None:
    limit = LoginThrottle(store)
    for host in range(3):
        assert isinstance(limit.admit("anna", f"192.0.2.{host}", T), Attempt)
    assert limit.admit("anna", "192.0.2.77", T) == 1


def test_strangers_who_guess_do_not_lock_the_user_out_at_home(store: AccountStore) -> None:
    limit = LoginThrottle(store)
    for host in range(3):
        limit.admit("anna", f"192.0.2.{host}", T)
    at_home = limit.admit("anna", "198.51.100.7", T, known=True)
    assert isinstance(at_home, Attempt)
    assert limit.forgive(at_home) == 3  # and the user hears of it


def test_a_success_ends_the_streak_but_not_the_count_of_the_hour(store: AccountStore) -> None:
    limit = LoginThrottle(store)
    for host in range(2):
        limit.admit("anna", f"192.0.2.{host}", T + host)
    attempt = limit.admit("anna", "192.0.2.3", T + 2)
    assert isinstance(attempt, Attempt)
    assert limit.forgive(attempt) == 2
    row = store.throttles([name_key("anna")])[name_key("anna")]
    assert (row.instants, row.streak) == ((T, T + 1), 0)


def test_s14_rows_are_bounded_and_a_flood_does_not_wash_a_victim_away(store: AccountStore) -> None:
    limit = LoginThrottle(store, most_rows=50)
    for host in range(3):
        limit.admit("anna", f"192.0.2.{host}", T + host)
    for number in range(200):
        limit.admit(f"nobody{number}", f"198.51.100.{number}", T + 10 + number)
    keys = [name_key(f"nobody{number}") for number in range(200)] + [address_key(f"198.51.100.{n}") for n in range(200)]
    assert sum(bool(row.instants) for row in store.throttles(keys).values()) < 50
    assert store.throttles([name_key("anna")])[name_key("anna")].streak == 3


def test_what_no_decision_needs_is_dropped(store: AccountStore) -> None:
    limit = LoginThrottle(store)
    limit.admit("anna", "192.0.2.1", T)
    limit.admit("ben", "192.0.2.2", T + HOUR + 1)
    assert store.throttles([name_key("anna")])[name_key("anna")] == ThrottleRow()


def test_refusals_are_told_once_a_minute_and_address() -> None:
    quiet = Quiet(most=2)
    asked = [("192.0.2.1", 0), ("192.0.2.1", 59), ("192.0.2.2", 59), ("192.0.2.1", 60), ("192.0.2.1", -10), ("192.0.2.3", 61)]
    assert [quiet.worth_telling(address, T + second * S) for address, second in asked] == [True, False, True, True, True, True]


def test_s14_a_flood_of_addresses_takes_no_more_memory_than_the_bound() -> None:
    quiet, largest = Quiet(), 0
    for number in range(3_000):
        assert quiet.worth_telling(f"10.0.{number >> 8}.{number & 255}", T)
        largest = max(largest, len(quiet))
    assert largest == 1_000
