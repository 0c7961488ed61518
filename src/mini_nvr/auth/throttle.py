"""The pace of guessing (SECURITY S14): how long an attempt to sign in must wait. The decisions are pure; the counters are rows.

An attempt is counted as a failure before its password is checked, so that a burst in parallel gains nothing, and taken back when it
succeeds. An attempt that must wait is not counted: whoever keeps asking is not locked out for longer.
"""

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mini_nvr.catalog.account_rows import ThrottleRow
from mini_nvr.catalog.accounts import AccountStore, Throttles
from mini_nvr.clock import US_PER_S

PER_ADDRESS: Final = 5
ADDRESS_WINDOW_US: Final = 60 * US_PER_S
PER_ACCOUNT: Final = 100
ACCOUNT_WINDOW_US: Final = 3_600 * US_PER_S
FREE_FAILURES: Final = 3  # a person mistypes
LONGEST_DELAY_US: Final = 60 * US_PER_S
OUT_OF_ORDER_US: Final = 10 * US_PER_S
"""Attempts in parallel are counted in another order than they read the clock in; what lies further ahead is of a clock set back."""
MOST_ROWS: Final = 10_000  # with 100 instants each at the very most: 8 MB

_Decide = Callable[[Throttles], tuple[int, Throttles]]


def address_wait_us(row: ThrottleRow, now_utc_us: int) -> int:
    """How long an address must wait: at most five attempts in any minute."""
    return _window_wait_us(row, now_utc_us, PER_ADDRESS, ADDRESS_WINDOW_US)


def account_wait_us(row: ThrottleRow, now_utc_us: int) -> int:
    """How long an account must wait: longer with each failure in a row, and at most a hundred failures in any hour."""
    window = _window_wait_us(row, now_utc_us, PER_ACCOUNT, ACCOUNT_WINDOW_US)
    if not row.instants or row.instants[-1] > now_utc_us + OUT_OF_ORDER_US:  # never, or the clock was set back
        return window
    delay = delay_us(row.streak)
    return max(window, row.instants[-1] + delay - now_utc_us) if delay else window


def delay_us(streak: int) -> int:
    """How long after the last of `streak` failures in a row: none for three, then 1, 2, 4 ... 60 s."""
    if streak < FREE_FAILURES:
        return 0
    return min(US_PER_S << min(streak - FREE_FAILURES, 16), LONGEST_DELAY_US)


def counted(row: ThrottleRow, now_utc_us: int, most: int, window_us: int) -> ThrottleRow:
    """The row with one more attempt; what no decision needs any more is dropped."""
    recent = _recent(row, now_utc_us, window_us)
    return ThrottleRow(tuple(sorted((*recent, now_utc_us)))[-most:], row.streak + 1 if recent else 1)


def forgiven(row: ThrottleRow, at_utc_us: int) -> ThrottleRow:
    """The row after a success: the attempt at that instant was none, and the streak has ended."""
    instants = list(row.instants)
    if at_utc_us in instants:
        instants.remove(at_utc_us)
    return ThrottleRow(tuple(instants), 0)


def withdrawn(row: ThrottleRow, at_utc_us: int) -> ThrottleRow:
    """The row as if the attempt at that instant had not been made."""
    return ThrottleRow(forgiven(row, at_utc_us).instants, max(0, row.streak - 1))


def _recent(row: ThrottleRow, now_utc_us: int, window_us: int) -> tuple[int, ...]:
    """Instants of the window that ends now; those of a clock that was set back since do not count."""
    return tuple(instant for instant in row.instants if now_utc_us - window_us < instant <= now_utc_us + OUT_OF_ORDER_US)


def _window_wait_us(row: ThrottleRow, now_utc_us: int, most: int, window_us: int) -> int:
    recent = _recent(row, now_utc_us, window_us)
    return recent[-most] + window_us - now_utc_us if len(recent) >= most else 0


def address_key(address: str) -> str:
    """One counter an IPv4 address, and one a /64 of IPv6, of which a single host has 2^64 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{_short_digest(address)}"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return f"address:{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"
        parsed = parsed.ipv4_mapped
    return f"address:{parsed}"


def name_key(name: str, known_address: str | None = None) -> str:
    """The counter of an account, or of a name that is none.

    known_address: where this user has signed in lately. It has a counter of its own: strangers who guess cannot lock the user out.
    """
    key = f"account:{_short_digest(name)}"
    return key if known_address is None else f"{key}@{address_key(known_address)}"


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was let through, for `LoginThrottle.forgive`.

    name_key: the account's counter that it stands in. strangers_key: the one of addresses where the user never signed in.
    """

    name_key: str
    strangers_key: str
    at_utc_us: int


class LoginThrottle:
    """The counters in the catalog: they survive a restart, all processes share them, and there is a bound to them."""

    def __init__(self, store: AccountStore, most_rows: int = MOST_ROWS) -> None:
        self._store = store
        self._most_rows = most_rows

    def admit(self, name: str, address: str, now_utc_us: int, *, known: bool = False, by_address: bool = True) -> Attempt | int:
        """Count an attempt, or say how many seconds it must wait. A refusal writes nothing.

        known: the user has signed in from this address lately. by_address: False when only the account counts.
        """
        of_name = name_key(name, address if known else None)
        of_address = address_key(address) if by_address else None
        keys = [of_name] if of_address is None else [of_name, of_address]
        if wait := _wait_us(self._store.throttles(keys), of_name, of_address, now_utc_us):
            return _seconds(wait)

        def decide(rows: Throttles) -> tuple[int, Throttles]:
            if wait := _wait_us(rows, of_name, of_address, now_utc_us):
                return wait, {}
            changed = {of_name: counted(rows[of_name], now_utc_us, PER_ACCOUNT, ACCOUNT_WINDOW_US)}
            if of_address is not None:
                changed[of_address] = counted(rows[of_address], now_utc_us, PER_ADDRESS, ADDRESS_WINDOW_US)
            return 0, changed

        if wait := self._change(keys, decide, now_utc_us):
            return _seconds(wait)
        return Attempt(of_name, name_key(name), now_utc_us)

    def forgive(self, attempt: Attempt) -> int:
        """Take a successful attempt back from its account; returns the failures of the last hour before it, strangers' too.

        The address keeps the attempt: five sign-ins a minute are the limit.
        """
        own, strangers, now_utc_us = attempt.name_key, attempt.strangers_key, attempt.at_utc_us

        def decide(rows: Throttles) -> tuple[int, Throttles]:
            failures = max(0, rows[own].streak - 1)
            if strangers != own:
                failures += len(_recent(rows[strangers], now_utc_us, ACCOUNT_WINDOW_US))
            return failures, {own: forgiven(rows[own], now_utc_us)}

        return self._change(list({own, strangers}), decide, now_utc_us)

    def withdraw(self, attempt: Attempt) -> None:
        """Take back an attempt whose password could not be checked."""
        key = attempt.name_key
        self._change([key], lambda rows: (0, {key: withdrawn(rows[key], attempt.at_utc_us)}), attempt.at_utc_us)

    def _change(self, keys: list[str], decide: _Decide, now_utc_us: int) -> int:
        return self._store.change_throttles(keys, decide, keep=self._most_rows, forget_before_utc_us=now_utc_us - ACCOUNT_WINDOW_US)


class Quiet:
    """Tells which refusals are worth a record: one a minute and address, so that a flood fills no table. Bounded."""

    def __init__(self, most: int = 1_000) -> None:
        self._most = most
        self._told_utc_us: dict[str, int] = {}

    def worth_telling(self, address: str, now_utc_us: int) -> bool:
        key = address_key(address)
        told = self._told_utc_us.get(key)
        if told is not None and 0 <= now_utc_us - told < ADDRESS_WINDOW_US:
            return False
        if len(self._told_utc_us) >= self._most:
            self._told_utc_us.clear()
        self._told_utc_us[key] = now_utc_us
        return True

    def __len__(self) -> int:
        return len(self._told_utc_us)


def _wait_us(rows: Throttles, of_name: str, of_address: str | None, now_utc_us: int) -> int:
    of_account = account_wait_us(rows[of_name], now_utc_us)
    return max(of_account, address_wait_us(rows[of_address], now_utc_us) if of_address is not None else 0)


def _seconds(wait_us: int) -> int:
    """Whole seconds, upwards, as Retry-After wants them (RFC 9110 section 10.2.3)."""
    return -(-wait_us // US_PER_S)
