"""What an attempt to sign in may end with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoginOk:
    """Signed in.

    session_token: for the HttpOnly cookie, shown to nobody else. csrf_token: for the readable cookie.
    user: the name as the account spells it. must_change: nothing but a new password may be answered.
    notices: sentences that the user should read.
    """

    session_token: str
    csrf_token: str
    user: str
    must_change: bool
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """Wrong name or password; deliberately without a word about which (SECURITY S15)."""


@dataclass(frozen=True, slots=True)
class LoginThrottled:
    """Too many attempts from this address or on this account; the password was not looked at.

    tell: worth an audit record; the next ones of the same minute and address are not.
    """

    retry_after_s: int
    tell: bool = True


LoginResult = LoginOk | LoginRefused | LoginThrottled
