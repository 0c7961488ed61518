"""What the account tables hold, as values. Instants are UTC microseconds. Nothing here opens a door: all secrets are hashed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account kept by us.

    key: the name as it is compared (`auth.names.account_key`). name: as it is shown.
    must_change: the password was given by us and only serves to set another one.
    """

    key: str
    name: str
    password_hash: str
    must_change: bool
    disabled: bool
    created_utc_us: int
    changed_utc_us: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One sign-in.

    id: SHA-256 of the token, in hexadecimal. credential: fingerprint of the password that opened it; it ends when that changes.
    end_cause: None while nobody ended it; it may have expired all the same.
    """

    id: str
    user_key: str
    user: str
    credential: str
    since_utc_us: int
    last_seen_utc_us: int
    address: str
    browser: str
    ended_utc_us: int | None = None
    end_cause: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to what, from where, and when."""

    at_utc_us: int
    action: str
    user: str
    address: str
    target: str
    detail: str


@dataclass(frozen=True, slots=True)
class ThrottleRow:
    """Recent attempts under one key, oldest first, and the length of the present streak of failures."""

    instants: tuple[int, ...] = ()
    streak: int = 0
