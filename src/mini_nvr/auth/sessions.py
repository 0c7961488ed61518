"""What a session is and when it is over (SECURITY S13). Pure: rows and the present instant come in, nothing is stored here."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mini_nvr.catalog.account_rows import SessionRow
from mini_nvr.clock import US_PER_S

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # secrets.token_urlsafe(32)
_ID: Final = re.compile(r"[0-9a-f]{64}")
_CLOCK_TOLERANCE_US: Final = 60 * US_PER_S


class EndCause(StrEnum):
    """Why a session is over. The values are stored and shown."""

    SIGNED_OUT = "signed out"
    SIGNED_IN_ELSEWHERE = "signed in elsewhere"
    ENDED_ELSEWHERE = "ended from another session"
    PASSWORD_CHANGED = "password changed"  # noqa: S105  the cause's name, not a password
    DISABLED = "account disabled"
    IDLE = "idle for too long"
    EXPIRED = "signed in for too long"


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """Limits of a session.

    idle_s: without any request. absolute_s: since the sign-in, whatever happens. per_user: open at once.
    touch_s: how exactly the last use is stored; a session may live that much longer.
    """

    idle_s: int = 30 * 60
    absolute_s: int = 12 * 60 * 60
    per_user: int = 5
    touch_s: int = 60


@dataclass(frozen=True, slots=True)
class Session:
    """A valid session, as of the request that asked.

    id: may be shown; it does not open the session. must_change: nothing but a new password (and signing out) may be answered.
    """

    id: str
    user: str
    must_change: bool
    since_utc_us: int
    last_seen_utc_us: int
    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as its user sees it in a list."""

    id: str
    since_utc_us: int
    last_seen_utc_us: int
    address: str
    browser: str


def new_token() -> str:
    """256 random bits, for the cookie alone."""
    return secrets.token_urlsafe(32)


def session_id(token: object) -> str | None:
    """What stands for a token everywhere but in the cookie; None when it cannot be one of ours (SECURITY S12)."""
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return None
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def is_session_id(text: object) -> bool:
    """Whether a text has the form of a session's id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def over(row: SessionRow, credential: str | None, now_utc_us: int, policy: SessionPolicy) -> EndCause | None:
    """Why a session is over; None while it is valid.

    credential: fingerprint of the present password of the session's user; None when there is no such user any more.
    A clock that was set back past the sign-in ends the session: its age could not be told.
    """
    if row.ended_utc_us is not None:
        return _stored_cause(row.end_cause)
    if credential is None:
        return EndCause.DISABLED
    if row.credential != credential:
        return EndCause.PASSWORD_CHANGED
    age_us = now_utc_us - row.since_utc_us
    if age_us >= policy.absolute_s * US_PER_S or age_us < -_CLOCK_TOLERANCE_US:
        return EndCause.EXPIRED
    if now_utc_us - row.last_seen_utc_us >= policy.idle_s * US_PER_S:
        return EndCause.IDLE
    return None


def surplus(rows: Sequence[SessionRow], now_utc_us: int, policy: SessionPolicy) -> list[str]:
    """Which of a user's open sessions, oldest first, must end so that one more may begin. Expired ones do not count."""
    alive = [row for row in rows if over(row, row.credential, now_utc_us, policy) is None]
    return [row.id for row in alive[: max(0, len(alive) + 1 - policy.per_user)]]


def due(row: SessionRow, now_utc_us: int, policy: SessionPolicy) -> bool:
    """Whether the use at `now` is worth storing."""
    return abs(now_utc_us - row.last_seen_utc_us) >= policy.touch_s * US_PER_S


def _stored_cause(text: str | None) -> EndCause:
    try:
        return EndCause(text or "")
    except ValueError:
        return EndCause.EXPIRED  # written by a later version
