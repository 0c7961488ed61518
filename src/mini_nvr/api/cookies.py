"""The two cookies: the session, which scripts cannot read, and the CSRF token, which our page's script must (SECURITY S13).

Under HTTPS the session's name has the prefix `__Host-`, so that no other host of the domain can plant one, and both are Secure.
"""

from typing import Final

from starlette.requests import cookie_parser
from starlette.responses import Response

SESSION: Final = "session"
SECURE_SESSION: Final = "__Host-session"
CSRF: Final = "csrf_token"
_LONGEST_HEADER: Final = 8_192


def session_cookie_name(*, secure: bool) -> str:
    """The name of the session's cookie on a connection of that kind; the other name is never looked at."""
    return SECURE_SESSION if secure else SESSION


def session_token(cookie_header: str | None, *, secure: bool) -> str | None:
    """The token that a request carries, however odd."""
    if not cookie_header or len(cookie_header) > _LONGEST_HEADER:
        return None
    return cookie_parser(cookie_header).get(session_cookie_name(secure=secure)) or None


def set_session(response: Response, token: str, csrf_token: str, *, secure: bool) -> None:
    """Sign the browser in; both cookies end with it, and the server ends them earlier."""
    response.set_cookie(session_cookie_name(secure=secure), token, path="/", secure=secure, httponly=True, samesite="lax")
    response.set_cookie(CSRF, csrf_token, path="/", secure=secure, httponly=False, samesite="lax")


def clear_session(response: Response, *, secure: bool) -> None:
    """Sign the browser out."""
    response.delete_cookie(session_cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="lax")
    response.delete_cookie(CSRF, path="/", secure=secure, samesite="lax")
