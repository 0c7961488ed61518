"""The door: every request passes here before any route, and without a session only what is public gets in (SECURITY S2).

The order of the questions: is the host a host, does our own page ask (S9), is the thing public, who is it (S12, S13), must the
password be changed first (S11), and does the CSRF token of an unsafe method fit the session (S9). Unknown addresses are refused to
strangers like known ones, so that nothing can be mapped from outside.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Receive, Scope, Send

from mini_nvr.api.caller import Caller, put_caller
from mini_nvr.api.client_address import client_origin
from mini_nvr.api.cookies import session_token
from mini_nvr.api.deps import Deps
from mini_nvr.api.problems import Problem
from mini_nvr.api.same_site import require_host, require_own_site
from mini_nvr.auth.sessions import Session

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
UPGRADE: Final = "websocket upgrade"
"""Stands where a method would; with a space in it, no client can send it as one."""
LOGIN: Final = ("POST", "/api/login")
PUBLIC: Final = frozenset(
    {
        ("GET", "/healthz"),
        ("HEAD", "/healthz"),
        ("GET", "/metrics"),  # asks for its own token, or for a caller on this machine
        LOGIN,
        ("GET", "/api/me"),
        ("GET", "/favicon.ico"),
        ("HEAD", "/favicon.ico"),
    }
)
"""What of the API answers somebody who has not signed in: (method, path), exactly."""
BEFORE_PASSWORD_CHANGE: Final = frozenset({("POST", "/api/password"), ("POST", "/api/logout")})
"""What else answers a session whose password is a one-time one."""
THREADS: Final = 8
"""Of its own, so that routes that wait for a stalled disk do not keep everybody else at the door."""
CSRF_HEADER: Final = "x-csrf-token"
_JSON: Final = "application/json"
_BROWSER_CHARACTERS: Final = 200


class Guard:
    """ASGI wrapper around all routes.

    public: what answers everybody; `PUBLIC` and the files of the viewer.
    """

    def __init__(self, app: ASGIApp, deps: Deps, public: frozenset[tuple[str, str]]) -> None:
        self._app = app
        self._deps = deps
        self._public = public
        self._threads = CapacityLimiter(THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._admit(scope)
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        """Return with the caller attached to the request.

        Raises:
            Problem: 400, 401, 403 or 415.
        """
        headers = read_headers(scope)
        caller = self._describe(scope, headers)
        put_caller(scope, caller)
        require_host(caller.host)
        wanted = (scope.get("method", UPGRADE), scope["path"])
        if wanted[0] not in SAFE_METHODS:
            require_own_site(headers, host=caller.host, secure=caller.secure)
        session = await self._session(caller)
        put_caller(scope, replace(caller, session=session))
        if session is None:
            if wanted not in self._public:
                raise Problem("sign-in-required", await self._why(caller), "POST /api/login")
        elif session.must_change and wanted not in self._public | BEFORE_PASSWORD_CHANGE:
            raise Problem("password-change-required", "the password is a one-time one", "POST /api/password")
        if wanted == LOGIN:
            require_json(headers)
        elif session is not None and wanted[0] not in SAFE_METHODS | {UPGRADE}:
            self._require_csrf(session, headers)

    def _require_csrf(self, session: Session, headers: Mapping[str, str]) -> None:
        if not self._deps.accounts.check_csrf(session, headers.get(CSRF_HEADER)):
            raise Problem("csrf", "the request does not prove that our page sent it", "send the csrf_token cookie as X-CSRF-Token")

    def _describe(self, scope: Scope, headers: Mapping[str, str]) -> Caller:
        peer = scope.get("client")
        origin = client_origin(
            peer[0] if peer else None, all_values(scope, b"x-forwarded-for"), self._deps.settings.trusted_proxies
        )
        secure, host = scope["scheme"] in {"https", "wss"}, headers.get("host", "")
        if origin.by_proxy:
            secure = headers.get("x-forwarded-proto", scope["scheme"]).partition(",")[0].strip().lower() in {"https", "wss"}
            host = headers.get("x-forwarded-host", host).partition(",")[0].strip()
        token = session_token(headers.get("cookie"), secure=secure)
        return Caller(origin.address, host, secure, headers.get("user-agent", "")[:_BROWSER_CHARACTERS], token)

    async def _session(self, caller: Caller) -> Session | None:
        if caller.token is None:
            return None
        now_utc_us = self._deps.clock.utc_us()
        session = self._deps.accounts.remembered(caller.token, now_utc_us)
        if session is not None:
            return session
        return await run_sync(self._deps.accounts.session, caller.token, now_utc_us, limiter=self._threads)

    async def _why(self, caller: Caller) -> str:
        """Only what the holder of the token may know: why it opens nothing any more."""
        cause = await run_sync(self._deps.accounts.why_ended, caller.token, self._deps.clock.utc_us(), limiter=self._threads)
        return f"the session has ended: {cause.value}" if cause is not None else "there is no session"


def require_json(headers: Mapping[str, str]) -> None:
    """A form of another site cannot send JSON, so signing somebody in unasked needs more than a form (SECURITY S9).

    Raises:
        Problem: 415.
    """
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise Problem("unsupported-media-type", f"Content-Type is not {_JSON}", f"send {_JSON}")


def read_headers(scope: Scope) -> dict[str, str]:
    """By lower-case name; of several with one name, the first."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


def all_values(scope: Scope, name: bytes) -> list[str]:
    """Every value of a header, in order."""
    return [value.decode("latin-1") for found, value in scope["headers"] if found.lower() == name]
